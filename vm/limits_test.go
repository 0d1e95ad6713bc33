package vm

import (
	"math"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

// The most that is taken is taken.
func TestLimits(t *testing.T) {
	six := []uint64{1, 2, 3, 4, 5, 6}
	c, err := CallOf(arch.AArch64, "futex", six...)
	if err != nil || c.Args != [6]uint64(six) {
		t.Errorf("a call with six arguments: %v, %v", c, err)
	}
	p, err := ReadJSON(strings.NewReader(tile), map[string]int{"a_fd": 3, "b_fd": math.MaxInt32})
	if err != nil || !strings.Contains(p.String(), "jeq #0x7fffffff") {
		t.Errorf("the greatest descriptor: %v\n%v", err, p)
	}
}

// TestSkips: the kernel takes what is no conditional jump whatever its jt and jf,
// and never looks at them.
func TestSkips(t *testing.T) {
	for name, prog := range map[string][]bpf.Insn{
		"div x": {stmt(bpf.LdImm, 6), stmt(bpf.LdxImm, 2), {Code: bpf.Div | bpf.SrcX, Jt: 1, Jf: 1}, stmt(bpf.Add, 1), stmt(bpf.RetA, 0)},
		"ja":    {stmt(bpf.LdImm, 3), {Code: bpf.Ja, Jt: 1, Jf: 1}, stmt(bpf.Add, 1), stmt(bpf.RetA, 0)},
	} {
		p, err := New(prog, arch.X86_64)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Run(Call{}); got != 4 {
			t.Errorf("%s with skips: %d, want 4", name, got)
		}
	}
	c := Call{Nr: 1, Arch: 2, IP: 4<<32 | 3, Args: [6]uint64{6<<32 | 5, 8<<32 | 7}}
	for off := uint32(0); off < bpf.OffArgs+16; off += 4 {
		p, err := New([]bpf.Insn{
			{Code: bpf.LdAbs, K: off, Jt: 1, Jf: 1}, stmt(bpf.Add, 0x100), stmt(bpf.RetA, 0), stmt(bpf.RetK, 0),
		}, arch.X86_64)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Run(c), Action(0x101+off/4); got != want {
			t.Errorf("ld [%d] with skips: %#x, want %#x", off, uint32(got), uint32(want))
		}
	}
}
