package vm

import (
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	xbpf "golang.org/x/net/bpf"
)

// BenchmarkRun judges five calls with the archiver's 16 instructions. ns/op is
// for one of them; xnet-ns/op is golang.org/x/net/bpf's machine on the same
// calls in the same run, in turns with ours, its input made beforehand; ratio
// is its time divided by ours.
func BenchmarkRun(b *testing.B) {
	insns := archiver(arch.X86_64, 8, 9)
	p, err := New(insns, arch.X86_64)
	if err != nil {
		b.Fatal(err)
	}
	peer, ok := xnetVM(b, insns)
	if !ok {
		b.Fatal("x/net/bpf cannot represent the program")
	}
	calls := []Call{p.Call("write", 2), p.Call("write", 8), p.Call("fsync", 9), p.Call("openat"), p.Call("write", 1)}
	inputs := make([][]byte, len(calls))
	for i, c := range calls {
		inputs[i] = xnetInput(c, false)
	}
	var ours, theirs time.Duration
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		const turns = 100
		n += turns * len(calls)
		ours += clock(func() { runOurs(p, calls, turns) })
		theirs += clock(func() { runTheirs(peer, inputs, turns) })
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(n), "ns/op")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(n), "xnet-ns/op")
	b.ReportMetric(float64(theirs)/float64(ours), "ratio")
}

func clock(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

var sink uint32

func runOurs(p *Program, calls []Call, turns int) {
	for range turns {
		for i := range calls {
			sink += uint32(p.Run(calls[i]))
		}
	}
}

func runTheirs(peer *xbpf.VM, inputs [][]byte, turns int) {
	for range turns {
		for _, in := range inputs {
			v, _ := peer.Run(in)
			sink += uint32(v)
		}
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	p, err := New(archiver(arch.X86_64, 8, 9), arch.X86_64)
	if err != nil {
		t.Fatal(err)
	}
	c := p.Call("write", 9)
	if n := testing.AllocsPerRun(100, func() { sink += uint32(p.Run(c)) }); n != 0 {
		t.Errorf("Run allocates %v times", n)
	}
}
