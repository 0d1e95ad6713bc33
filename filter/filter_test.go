package filter_test

import (
	"errors"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
	"github.com/tileseal/tileseal/vm"
)

func newFilter(t *testing.T, otherwise filter.Action, archs ...arch.Arch) *filter.Filter {
	t.Helper()
	f, err := filter.New(otherwise, archs...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func add(t *testing.T, f *filter.Filter, call string, act filter.Action, when ...filter.Cond) {
	t.Helper()
	if err := f.Add(filter.Rule{Call: call, Action: act, When: when, Safe: true}); err != nil {
		t.Fatal(err)
	}
}

// cond is a condition without a mask.
func cond(arg int, op filter.Op, v uint64) filter.Cond {
	return filter.Cond{Arg: arg, Op: op, Value: v}
}

// says compiles a filter, in both layouts, and compares a verdict.
func says(t *testing.T, f *filter.Filter, a arch.Arch, nr uint32, want filter.Action, args ...uint64) {
	t.Helper()
	defer func(tree bool) { f.Tree = tree }(f.Tree)
	for _, f.Tree = range []bool{false, true} {
		p, err := f.Program()
		if err != nil {
			t.Fatal(err)
		}
		set := f.Archs()
		machine, err := vm.New(p.Insns(), set.All()[0])
		if err != nil {
			t.Fatal(err)
		}
		c := vm.Call{Nr: nr, Arch: a.Audit()}
		copy(c.Args[:], args)
		if got := filter.Action(machine.Run(c)); got != want {
			t.Errorf("%v, tree %v: %v, want %v", c, f.Tree, got, want)
		}
	}
}

func number(t *testing.T, a arch.Arch, name string) uint32 {
	t.Helper()
	nr, ok := a.Number(name)
	if !ok {
		t.Fatalf("%v has no %s", a, name)
	}
	return nr
}

const deny = filter.Errno | 1

// TestRightWhereLibseccompIsWrong is filters that libseccomp 2.6.1 compiles to
// something else (BEHAVIOUR 7a), never comes back from (7b) or leaves without
// effect (7c). The facts were found by running it.
func TestRightWhereLibseccompIsWrong(t *testing.T) {
	x := arch.X86_64
	read := number(t, x, "read")
	f := newFilter(t, deny, x)
	add(t, f, "read", filter.Allow, cond(0, filter.EQ, 2))
	add(t, f, "read", filter.Allow, cond(0, filter.NE, 5), cond(1, filter.EQ, 0))
	says(t, f, x, read, deny, 6, 2) // allowed there

	f = newFilter(t, deny, x)
	add(t, f, "read", filter.Allow, cond(0, filter.GE, 1<<63-1))
	add(t, f, "read", filter.Allow, cond(0, filter.LT, 2))
	says(t, f, x, read, deny, 0xfffffffe) // allowed there

	f = newFilter(t, deny, x)
	add(t, f, "read", filter.Allow, cond(0, filter.LT, 1<<32+1))
	add(t, f, "read", filter.Allow, cond(0, filter.LE, 1))
	says(t, f, x, read, filter.Allow, 0xfffffffe) // denied there

	for _, op := range []filter.Op{filter.GT, filter.NE} { // hangs there
		f = newFilter(t, deny, x)
		add(t, f, "read", filter.Allow, cond(0, op, 0), cond(1, op, 1))
		add(t, f, "read", filter.Allow, cond(0, op, 0), cond(2, op, 1))
		says(t, f, x, read, filter.Allow, 1, 2, 0)
		says(t, f, x, read, filter.Allow, 1, 1, 2)
		says(t, f, x, read, deny, 1, 1, 1)
	}

	a := arch.AArch64 // unfiltered there: a call it lacks comes first
	f = newFilter(t, filter.Allow, arch.AArch64)
	add(t, f, "open", deny)
	add(t, f, "openat", deny, cond(0, filter.EQ, 0))
	says(t, f, a, number(t, a, "openat"), deny, 0)

	i := arch.X86 // unfiltered there, for the same reason
	f = newFilter(t, filter.Allow, i)
	add(t, f, "accept", deny)
	add(t, f, "socket", deny, cond(0, filter.EQ, 40))
	says(t, f, i, number(t, i, "socketcall"), deny, 5)
	says(t, f, i, number(t, i, "socket"), deny, 40)

	f = newFilter(t, filter.Allow, arch.ARM, arch.AArch64)
	if err := f.Prioritize("poll", 255); err != nil {
		t.Fatal(err)
	}
	add(t, f, "write", deny, cond(0, filter.EQ, 1))
	says(t, f, a, number(t, a, "write"), deny, 1)
}

// TestNoShadow is what libseccomp forgets (BEHAVIOUR 7d): a rule that fails, or
// a transaction undone, leaves architectures and byte order as they should be.
func TestNoShadow(t *testing.T) {
	bad := filter.Rule{Call: "read", Action: deny, When: []filter.Cond{cond(9, filter.EQ, 0)}}
	f := newFilter(t, deny, arch.X86_64)
	add(t, f, "read", filter.Allow)
	if f.AddArch(arch.X86) != nil || f.Add(bad) == nil {
		t.Fatal("not as it should be")
	}
	if set := f.Archs(); set.String() != "x86_64, x86" {
		t.Errorf("after a rule that failed: %v", &set)
	}
	if f.RemoveArch(arch.X86_64) != nil || f.Add(bad) == nil {
		t.Fatal("not as it should be")
	}
	if set := f.Archs(); set.String() != "x86" {
		t.Errorf("after another: %v", &set)
	}
	f = newFilter(t, deny, arch.X86_64)
	if f.Begin() != nil || f.RemoveArch(arch.X86_64) != nil || f.AddArch(arch.S390X) != nil {
		t.Fatal("not as it should be")
	}
	f.Reject()
	if err := f.AddArch(arch.PPC); !errors.Is(err, arch.ErrByteOrder) {
		t.Errorf("ppc beside x86_64: %v", err)
	}
	f.Reject() // of none; crashes there
	f.Commit()
}

// TestTransactions undoes and keeps, one inside the other.
func TestTransactions(t *testing.T) {
	x := arch.X86_64
	f := newFilter(t, deny, x)
	add(t, f, "read", filter.Allow, cond(0, filter.EQ, 1))
	begin := func() {
		if err := f.Begin(); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	add(t, f, "read", filter.Allow, cond(0, filter.EQ, 2))
	begin()
	add(t, f, "write", filter.Allow)
	if err := f.AddArch(arch.X86); err != nil {
		t.Fatal(err)
	}
	f.Commit()
	says(t, f, x, 1, filter.Allow)
	f.Reject()
	says(t, f, x, 1, deny)
	says(t, f, x, 0, filter.Allow, 1)
	says(t, f, x, 0, deny, 2)
	says(t, f, arch.X86, 3, filter.KillProcess)
	begin()
	add(t, f, "read", filter.Allow)
	begin()
	add(t, f, "write", filter.Allow)
	f.Reject()
	f.Commit()
	says(t, f, x, 0, filter.Allow, 2)
	says(t, f, x, 1, deny)
}

// TestWideConstants is constants above 32 bits on architectures of 32.
func TestWideConstants(t *testing.T) {
	const wide, extended = 1<<32 + 5, 1<<64 - 2 // int64(-2)
	masked := func(mask, v uint64) filter.Cond {
		return filter.Cond{Op: filter.MaskedEQ, Mask: mask, Value: v}
	}
	for _, tc := range []struct {
		c       filter.Cond
		yes, no []uint64
	}{
		{cond(0, filter.EQ, wide), nil, []uint64{0, 5, wide, 1<<32 - 1}},
		{cond(0, filter.NE, wide), []uint64{0, 5, wide}, nil},
		{cond(0, filter.LT, 1<<32), []uint64{0, 1<<32 - 1, 1 << 32}, nil},
		{cond(0, filter.LE, wide), []uint64{0, 6, 1<<32 - 1}, nil},
		{cond(0, filter.GT, wide), nil, []uint64{0, 6, 1<<32 - 1, 1 << 33}},
		{cond(0, filter.GE, 1<<32), nil, []uint64{0, 1<<32 - 1, 1 << 33}},
		{cond(0, filter.EQ, extended), []uint64{1<<32 - 2, 1<<64 - 2}, []uint64{1<<32 - 1, 0}},
		{cond(0, filter.LT, extended), []uint64{0, 1<<32 - 3}, []uint64{1<<32 - 2, 1<<32 - 1}},
		{cond(0, filter.EQ, 1<<64-1<<31), []uint64{1 << 31}, []uint64{0}},
		{cond(0, filter.EQ, 1<<64-1<<31-1), nil, []uint64{1<<31 - 1, 1 << 31}},
		{masked(1<<64-1, wide), nil, []uint64{5, wide}},
		{masked(0xff, wide), []uint64{5, 0x305}, []uint64{6}},
		{masked(1<<64-4, extended), []uint64{1<<32 - 1, 1<<32 - 4}, []uint64{1<<32 - 5}},
		{masked(1<<64-1<<32, 0), []uint64{0, 7, 1<<32 - 1}, nil},
		{masked(1<<64-1<<32, 1<<32), nil, []uint64{0, 1 << 32}},
	} {
		for _, a := range []arch.Arch{arch.X86, arch.X32, arch.S390, arch.MIPS64N32} {
			f := newFilter(t, deny, a)
			add(t, f, "read", filter.Allow, tc.c)
			for _, v := range tc.yes {
				says(t, f, a, number(t, a, "read"), filter.Allow, v)
			}
			for _, v := range tc.no {
				says(t, f, a, number(t, a, "read"), deny, v)
			}
		}
	}
}

// TestMultiplexed is socket and ipc calls where they can be made through
// another call: a condition on them never opens that way.
func TestMultiplexed(t *testing.T) {
	for _, a := range arch.All() {
		by, index, ok := a.Multiplexed("socket")
		f := newFilter(t, deny, a)
		inet := []filter.Cond{cond(0, filter.EQ, 2)}
		err := f.Add(filter.Rule{Call: "socket", Action: filter.Allow, When: inet})
		if !ok {
			if err != nil {
				t.Errorf("%v: %v", a, err)
			}
			continue
		}
		if !errors.Is(err, filter.ErrMultiplexed) {
			t.Errorf("%v: a condition on socket: %v", a, err)
		}
		call := number(t, a, by)
		says(t, f, a, call, deny, uint64(index))

		add(t, f, "socket", filter.Allow, inet...)
		says(t, f, a, call, deny, uint64(index))
		if nr, ok := a.Number("socket"); ok {
			says(t, f, a, nr, filter.Allow, 2)
			says(t, f, a, nr, deny, 1)
		}

		f = newFilter(t, filter.Allow, a) // a deny list
		add(t, f, "socket", deny, inet...)
		add(t, f, "semop", deny)
		says(t, f, a, call, deny, uint64(index))
		says(t, f, a, call, deny, 1<<32|uint64(index)) // the kernel reads 32 bits
		says(t, f, a, call, filter.Allow, uint64(index)+1)
		says(t, f, a, number(t, a, "ipc"), deny, 1)
		says(t, f, a, number(t, a, "ipc"), deny, 3<<16|1) // and 16, below a version
		says(t, f, a, number(t, a, "ipc"), filter.Allow, 2)
	}
}

// TestPrecedence is the order in which rules of different actions are tried.
// Each table is a filter, its rules E1, E2 and so on, and who wins on what.
func TestPrecedence(t *testing.T) {
	type rules [][]filter.Cond
	for _, tc := range []struct {
		name  string
		rules rules
		args  [3]uint64
		want  int // 1 is the first rule, 0 the default
	}{
		{"no conditions win", rules{{cond(0, filter.EQ, 1)}, {}}, [3]uint64{1}, 2},
		{"also if first", rules{{}, {cond(0, filter.EQ, 1)}}, [3]uint64{1}, 1},
		{"the first without stays", rules{{}, {}}, [3]uint64{}, 1},
		{"a mask of nothing is none", rules{{cond(0, filter.EQ, 1)}, {{Op: filter.MaskedEQ, Value: 7}}}, [3]uint64{1}, 2},
		{"longer after shorter is void", rules{{cond(0, filter.EQ, 1)}, {cond(0, filter.EQ, 1), cond(1, filter.EQ, 1)}}, [3]uint64{1, 1}, 1},
		{"higher argument", rules{{cond(0, filter.EQ, 1)}, {cond(1, filter.EQ, 1)}}, [3]uint64{1, 1}, 2},
		{"higher argument, the other way", rules{{cond(1, filter.EQ, 1)}, {cond(0, filter.EQ, 1)}}, [3]uint64{1, 1}, 1},
		{"by the first that differs", rules{{cond(0, filter.EQ, 1), cond(2, filter.EQ, 1)}, {cond(0, filter.EQ, 1), cond(1, filter.EQ, 1)}}, [3]uint64{1, 1, 1}, 1},
		{"order of writing is none", rules{{cond(2, filter.EQ, 1), cond(0, filter.EQ, 1)}, {cond(1, filter.EQ, 1), cond(0, filter.EQ, 1)}}, [3]uint64{1, 1, 1}, 1},
		{"equal before upper", rules{{cond(0, filter.LT, 9)}, {cond(0, filter.EQ, 5)}}, [3]uint64{5}, 2},
		{"upper before lower", rules{{cond(0, filter.GT, 1)}, {cond(0, filter.LT, 9)}}, [3]uint64{5}, 2},
		{"not equal before upper", rules{{cond(0, filter.LT, 9)}, {cond(0, filter.NE, 4)}}, [3]uint64{5}, 2},
		{"least upper", rules{{cond(0, filter.LT, 9)}, {cond(0, filter.LT, 7)}, {cond(0, filter.LT, 8)}}, [3]uint64{5}, 2},
		{"greatest lower", rules{{cond(0, filter.GT, 1)}, {cond(0, filter.GT, 3)}, {cond(0, filter.GT, 2)}}, [3]uint64{5}, 2},
		{"greatest mask value", rules{{{Op: filter.MaskedEQ, Mask: 1, Value: 1}}, {{Op: filter.MaskedEQ, Mask: 4, Value: 4}}}, [3]uint64{5}, 2},
		{"else the first", rules{{{Op: filter.MaskedEQ, Mask: 7, Value: 5}}, {{Op: filter.MaskedEQ, Mask: 15, Value: 5}}}, [3]uint64{5}, 1},
		{"one that does not hold gives way", rules{{cond(0, filter.EQ, 1)}, {cond(1, filter.EQ, 1), cond(2, filter.EQ, 1)}}, [3]uint64{1, 1, 0}, 1},
		{"none", rules{{cond(0, filter.EQ, 1)}, {cond(0, filter.EQ, 2)}}, [3]uint64{3}, 0},
	} {
		for _, a := range []arch.Arch{arch.X86, arch.X86_64, arch.S390X} {
			f := newFilter(t, filter.KillProcess, a)
			for i, when := range tc.rules {
				if err := f.Add(filter.Rule{Call: "read", Action: filter.Errno | filter.Action(i+1), When: when}); err != nil {
					t.Fatalf("%s: %v", tc.name, err)
				}
			}
			want := filter.KillProcess
			if tc.want > 0 {
				want = filter.Errno | filter.Action(tc.want)
			}
			says(t, f, a, number(t, a, "read"), want, tc.args[:]...)
		}
	}
}
