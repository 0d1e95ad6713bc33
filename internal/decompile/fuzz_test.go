package decompile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/decompile"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// FuzzDecompile: whatever the program, what the decompiler says it means is what
// running it gives.
func FuzzDecompile(f *testing.F) {
	f.Add([]byte{0, 4, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 1, 0, 1, 1, 5, 0, 0, 0, 5, 0, 0, 1})
	f.Add([]byte{0, 16, 0, 0, 2, 0, 2, 5, 6, 0, 0, 7, 1, 0, 1, 1, 5, 0, 0, 1, 5, 0, 0, 2})
	f.Add([]byte{0, 0, 0, 0, 4, 2, 0, 9, 3, 0, 1, 3, 5, 0, 0, 0, 5, 0, 0, 2})
	ks := []uint32{0xc000003e, 1, 2, 5, 0x40000003, 0x40000000, 0xff, 3, 1 << 31, 0xfffffffe, 0xffffffff, 0x10003, 0, 0x80000015}
	rets := []uint32{0x7fff0000, 0x80000000, 0x00050001, 0x00050026, 0x00030000}
	codes := []uint16{bpf.LdAbs, bpf.Jeq, bpf.Jgt, bpf.Jge, bpf.Jset, bpf.RetK, bpf.And, bpf.Ja}
	f.Fuzz(func(t *testing.T, data []byte) {
		var prog []bpf.Insn
		for ; len(data) >= 4 && len(prog) < 20; data = data[4:] {
			in := bpf.Insn{Code: codes[int(data[0])%len(codes)], Jt: data[1] % 8, Jf: data[2] % 8, K: ks[int(data[3])%len(ks)]}
			switch in.Code {
			case bpf.LdAbs:
				in.K = uint32(data[1]) % 16 * 4
			case bpf.RetK:
				in.K = rets[int(data[3])%len(rets)]
			case bpf.Ja:
				in.K = uint32(data[1]) % 4
			}
			prog = append(prog, in)
		}
		prog = append(prog, bpf.Insn{Code: bpf.RetK, K: 0x80000000})
		m, err := decompile.Decompile(prog, arch.X86_64)
		undecided, refused := (*prove.Undecided)(nil), (*bpf.Error)(nil)
		if errors.As(err, &undecided) && !strings.HasPrefix(undecided.Reason, "what was recovered is not") || errors.As(err, &refused) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		machine, err := vm.New(prog, arch.X86_64)
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(400) {
			k := func(n uint64) uint32 { return ks[(i*7+n*n*5+i/13)%uint64(len(ks))] }
			d := rule.Data{Nr: k(1), Arch: k(2)}
			for n := range d.Args {
				d.Args[n] = uint64(k(uint64(n)+3))<<32 | uint64(k(uint64(n)+9))
			}
			if i%3 > 0 {
				d.Arch = 0xc000003e
			}
			got, want := rule.Action(machine.Run(vm.Call(d))), m.Multi.Eval(d, nil)
			named := false
			for _, p := range m.Multi.Parts {
				named = named || p.Policy.Target.Audit == d.Arch
			}
			if got != want && (named || !m.Blind) {
				t.Fatalf("%+v: %v, but it is said to mean %v\n%s", d, got, want, bpf.List(prog, nil, nil))
			}
		}
	})
}
