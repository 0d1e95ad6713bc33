package vm

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
)

// TestRandom and FuzzRun have one body, machines: it runs one program on some
// calls in every way there is and wants one answer.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	compared, verdicts := 0, map[Action]bool{}
	for i := range 3000 {
		a := []arch.Arch{arch.X86_64, arch.S390X, arch.X86}[i%3]
		prog := randomProgram(r, 4+r.IntN(40), a)
		n := machines(t, prog, randomCalls(r, 50, prog, a), a, verdicts)
		compared += n
	}
	t.Logf("%d calls compared with x/net/bpf, %d different verdicts", compared, len(verdicts))
	if compared < 50000 || len(verdicts) < 500 {
		t.Errorf("%d calls compared, with %d different verdicts: too few", compared, len(verdicts))
	}
}

// FuzzRun: whatever the program, it is accepted if the kernel's rules accept it, and
// then Run, Trace, a machine of the other byte order and golang.org/x/net/bpf give one verdict.
func FuzzRun(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, a := range []arch.Arch{arch.X86_64, arch.S390X} {
		f.Add(encode(archiver(a, 8, 9)), uint64(1), a.BigEndian())
		for range 8 {
			f.Add(encode(randomProgram(r, 20, a)), r.Uint64(), a.BigEndian())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, big bool) {
		a := arch.X86_64
		if big {
			a = arch.S390X
		}
		prog := decodeProgram(data)
		if _, err := New(prog, a); (err == nil) != (bpf.Check(prog) == nil) {
			t.Fatalf("New: %v, Check: %v", err, bpf.Check(prog))
		}
		prog = mend(prog)
		calls := randomCalls(rand.New(rand.NewPCG(seed, 0)), 20, prog, a)
		machines(t, prog, calls, a, map[Action]bool{})
	})
}

// machines judges calls by prog with Run, with Trace, on an architecture of
// the other byte order and, where it can, with golang.org/x/net/bpf. It
// returns the number of calls that the latter judged.
func machines(t *testing.T, prog []bpf.Insn, calls []Call, a arch.Arch, verdicts map[Action]bool) (compared int) {
	t.Helper()
	p, err := New(prog, a)
	if err != nil {
		t.Fatalf("%v\n%s", err, bpf.List(prog, nil, nil))
	}
	other := arch.S390X
	if a.BigEndian() {
		other = arch.X86_64
	}
	mirror, err := New(swapWords(prog), other)
	if err != nil {
		t.Fatal(err)
	}
	peer, ok := xnetVM(t, prog)
	for _, c := range calls {
		got := p.Run(c)
		verdicts[got] = true
		path, traced := p.Trace(c)
		if traced != got || !connected(prog, path) {
			t.Fatalf("%+v on\n%vRun: %#x, Trace: %#x by %v", c, p, uint32(got), uint32(traced), path)
		}
		if m := mirror.Run(c); m != got {
			t.Fatalf("%+v on\n%vverdict %#x, in the other byte order %#x", c, p, uint32(got), uint32(m))
		}
		if !ok {
			continue
		}
		compared++
		want, err := peer.Run(xnetInput(c, a.BigEndian()))
		if err != nil || got != Action(want) {
			t.Fatalf("%+v on\n%vpath %v: %#x; x/net/bpf: %#x, %v", c, p, path, uint32(got), uint32(want), err)
		}
	}
	return compared
}

// connected reports whether path leads from the first instruction to one that
// returns, by steps that the program allows.
func connected(prog []bpf.Insn, path []int) bool {
	if len(path) == 0 || path[0] != 0 {
		return false
	}
	for i, pc := range path[:len(path)-1] {
		in, next := prog[pc], path[i+1]
		switch in.Code {
		case bpf.RetK, bpf.RetA:
			return false
		case bpf.Ja:
			if next != pc+1+int(in.K) {
				return false
			}
		default:
			jumps := in.Code&7 == bpf.Ja
			if !jumps && next != pc+1 || jumps && next != pc+1+int(in.Jt) && next != pc+1+int(in.Jf) {
				return false
			}
		}
	}
	switch prog[path[len(path)-1]].Code {
	case bpf.RetK, bpf.RetA, bpf.Div | bpf.SrcX:
		return true
	}
	return false
}

// swapWords is prog for an architecture of the other byte order.
func swapWords(prog []bpf.Insn) []bpf.Insn {
	swapped := append([]bpf.Insn(nil), prog...)
	for pc, in := range swapped {
		if in.Code == bpf.LdAbs && in.K >= bpf.OffIP {
			swapped[pc].K ^= 4
		}
	}
	return swapped
}

// mend replaces what Check refuses in prog by loads, and its end by a return.
func mend(prog []bpf.Insn) []bpf.Insn {
	prog = prog[:min(len(prog), 200)]
	prog = append(prog, bpf.Insn{Code: bpf.RetA})
	for {
		err, ok := bpf.Check(prog).(*bpf.Error)
		if !ok {
			return prog
		}
		prog[err.PC] = bpf.Insn{Code: bpf.LdAbs, K: prog[err.PC].K % bpf.DataLen &^ 3}
	}
}

// encode and decodeProgram are an array of struct sock_filter in memory, on a
// little-endian machine.
func encode(prog []bpf.Insn) (data []byte) {
	for _, in := range prog {
		data = binary.LittleEndian.AppendUint16(data, in.Code)
		data = append(data, in.Jt, in.Jf)
		data = binary.LittleEndian.AppendUint32(data, in.K)
	}
	return data
}

func decodeProgram(data []byte) (prog []bpf.Insn) {
	for ; len(data) >= 8; data = data[8:] {
		prog = append(prog, bpf.Insn{
			Code: binary.LittleEndian.Uint16(data),
			Jt:   data[2],
			Jf:   data[3],
			K:    binary.LittleEndian.Uint32(data[4:]),
		})
	}
	return prog
}
