package filter_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
)

func Example() {
	f, err := filter.New(filter.KillProcess, arch.X86_64, arch.X86)
	if err != nil {
		panic(err)
	}
	for _, r := range []filter.Rule{
		{Call: "write", Action: filter.Allow, When: []filter.Cond{{Arg: 0, Op: filter.EQ, Value: 2}}},
		{Call: "open", Action: filter.Errno | 13},
		{Call: "exit_group", Action: filter.Allow},
	} {
		if err := f.Add(r); err != nil {
			panic(err)
		}
	}
	text, err := f.PseudoCode()
	if err != nil {
		panic(err)
	}
	program, err := f.Program()
	if err != nil {
		panic(err)
	}
	fmt.Print(text, len(program.Insns()), " instructions\n")
	// Output:
	// x86_64:
	// 	call 2, open: errno(13)
	// 	call 231, exit_group: allow
	// 	call 1, write if arg 0 == 0x2: allow
	// 	else: kill_process
	// x86:
	// 	call 5, open: errno(13)
	// 	call 252, exit_group: allow
	// 	call 4, write if arg 0 == 0x2: allow
	// 	else: kill_process
	// other architectures: kill_process
	// 24 instructions
}

// TestBytes compares the bytes with the instructions, in both byte orders.
func TestBytes(t *testing.T) {
	for _, a := range []arch.Arch{arch.X86_64, arch.S390X} {
		f := newFilter(t, deny, a)
		add(t, f, "write", filter.Allow, cond(1, filter.GT, 7<<32|5))
		p, err := f.Program()
		if err != nil {
			t.Fatal(err)
		}
		order := binary.ByteOrder(binary.LittleEndian)
		if a.BigEndian() {
			order = binary.BigEndian
		}
		raw := p.Bytes()
		if len(raw) != 8*len(p.Insns()) {
			t.Fatalf("%v: %d bytes for %d instructions", a, len(raw), len(p.Insns()))
		}
		for i, in := range p.Insns() {
			b := raw[8*i : 8*i+8]
			if got := (filter.Insn{Code: order.Uint16(b), Jt: b[2], Jf: b[3], K: order.Uint32(b[4:])}); got != in {
				t.Errorf("%v: instruction %d: %v, want %v", a, i, got, in)
			}
		}
	}
}

// TestPriorities reads off the program which calls are tried first.
func TestPriorities(t *testing.T) {
	f := newFilter(t, deny, arch.X86)
	prioritize := func(name string, p uint8) {
		t.Helper()
		if err := f.Prioritize(name, p); err != nil {
			t.Fatal(err)
		}
	}
	order := func(want ...string) {
		t.Helper()
		p, err := f.Program()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, in := range p.Insns() {
			if name, ok := arch.X86.Name(in.K); ok && in.Code == 0x15 { // jeq
				got = append(got, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	const v = 1e6 // no number of a call
	prioritize("close", 9)
	order()
	add(t, f, "read", filter.Allow, cond(0, filter.EQ, v), cond(1, filter.EQ, v))
	add(t, f, "write", filter.Allow, cond(0, filter.EQ, v))
	add(t, f, "getpid", filter.Allow)
	add(t, f, "close", filter.Allow, cond(0, filter.EQ, v))
	add(t, f, "dup", filter.Allow)
	order("close", "getpid", "dup", "write", "read") // else by conditions, then by number
	prioritize("read", 8)
	prioritize("close", 7) // cannot be lowered
	order("close", "read", "getpid", "dup", "write")
	prioritize("read", 10)
	order("read", "close", "getpid", "dup", "write")
	if err := f.PrioritizeNumber(41, 255); err != nil {
		t.Fatal(err)
	}
	order("dup", "read", "close", "getpid", "write")
}

// TestShared holds the length of programs to what sharing verdicts makes of
// them, on both sides of the reach of a jump.
func TestShared(t *testing.T) {
	for _, tc := range []struct{ calls, want int }{{10, 18}, {250, 258}, {1000, 1012}, {4000, 0}} {
		f := newFilter(t, deny, arch.X86_64)
		for nr := range uint32(tc.calls) {
			if err := f.AddNumber(nr, filter.Rule{Action: filter.Allow}); err != nil {
				t.Fatal(err)
			}
		}
		p, err := f.Program()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.Insns()); n != tc.want && tc.want > 0 || n > 4096 {
			t.Errorf("%d calls: %d instructions, want %d", tc.calls, n, tc.want)
		}
	}
}
