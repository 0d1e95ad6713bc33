//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package gotile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

// A hot call is one that the Go runtime or a tile makes often.
type hot struct {
	column string // of the table, if it has one
	call   string
	args   [6]uint64
	weight int // of 1000 calls of a busy runtime
}

// mix are the hot calls. The weights are those of a runtime kept busy by package
// goruntime/internal/stress: its calls in 2 s on amd64, as strace counts them.
func mix(a arch.Arch, v values) []hot {
	const (
		wait, wake        = 128, 129 // FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE, linux/futex.h
		setMask           = 2        // SIG_SETMASK, asm-generic/signal-defs.h
		minusOne          = 1<<32 - 1
		thread            = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
		private           = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
		readable   uint64 = unix.PROT_READ | unix.PROT_WRITE
	)
	futex, mmap, flags := "futex", "mmap", uint64(thread)
	switch a {
	case arch.X86:
		futex, mmap = "futex_time64", "mmap2"
	case arch.X86_64:
		flags |= unix.CLONE_SETTLS
	}
	epoll, event, pid, logFD := uint64(v.epoll), uint64(v.event), uint64(v.pid), uint64(v.fd[0])
	return []hot{
		{"wake", futex, [6]uint64{1, wake, 1}, 176},
		{"", futex, [6]uint64{1, wait}, 176},
		{"epoll", "epoll_pwait", [6]uint64{epoll, 1, 128}, 31},
		{"log", "write", [6]uint64{logFD, 1, 80}, 0},
		{"drain", "read", [6]uint64{event, 1, 8}, 4},
		{"", "write", [6]uint64{event, 1, 8}, 5},
		{"sleep", "nanosleep", [6]uint64{1}, 67},
		{"madvise", "madvise", [6]uint64{1, 1, unix.MADV_DONTNEED}, 48},
		{"", mmap, [6]uint64{0, 1, readable, private, minusOne}, 15},
		{"", "clone", [6]uint64{flags, 1}, 32},
		{"", "tgkill", [6]uint64{pid, 1, uint64(unix.SIGURG)}, 31},
		{"", "rt_sigprocmask", [6]uint64{setMask, 1, 1, 8}, 127},
		{"", "sigaltstack", [6]uint64{}, 95},
		{"", "gettid", [6]uint64{}, 64},
		{"", "sched_yield", [6]uint64{}, 50},
		{"", "rt_sigreturn", [6]uint64{}, 48},
		{"", "getpid", [6]uint64{}, 31},
	}
}

// firstOwn is a call that the first rule of the strict policy allows, after those
// for the log; of a tile that only logs, the log's fsync.
func firstOwn(t *testing.T, in *policytest.Instance, own string) policytest.Vector {
	t.Helper()
	var first, sync policytest.Vector
	for _, v := range in.Vectors(t) {
		switch {
		case ofRuntime(v) || v.Src.File == own || v.Call == "write":
		case v.Call == "fsync":
			sync = v
		case first.Call == "" || v.Src.Line < first.Src.Line:
			first = v
		}
	}
	if first.Call == "" {
		return sync
	}
	return first
}

// TestCounts compares with testdata/gotile.counts how long the programs are, and
// how many instructions they execute: for some calls, for the tile's first own
// one, and as the mean over the calls of a busy runtime. A kernel since 5.11 runs
// none for calls that are always allowed (sched_yield and its like): uncached is
// the mean with those as 0.
func TestCounts(t *testing.T) {
	needsAll(t)
	rows := [][]string{columns()}
	for _, p := range policies(t) {
		for _, target := range p.Targets {
			rows = append(rows, counts(t, target.Arch, p))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-18s %-8s", row[0], row[1])
		for _, cell := range row[2 : len(row)-1] {
			fmt.Fprintf(&b, " %8s", cell)
		}
		fmt.Fprintf(&b, "  %s\n", row[len(row)-1])
	}
	policytest.Golden(t, "gotile.counts", []byte(b.String()))
}

// columns is the head of the table.
func columns() []string {
	head := []string{"tile", "arch", "length"}
	for _, h := range mix(arch.X86_64, distinct(1)) {
		if h.column != "" {
			head = append(head, h.column)
		}
	}
	return append(head, "mean", "uncached", "own", "call")
}

// counts is a row of the table.
func counts(t *testing.T, a arch.Arch, policy *policytest.Policy) []string {
	t.Helper()
	target := policy.On(a)
	v := distinct(len(own(target)))
	in := v.instance(t, target)
	prog := in.Program.Fill(in.Params)
	p, err := vm.New(prog, a)
	if err != nil {
		t.Fatal(err)
	}
	executed := func(d rule.Data) int {
		path, verdict := p.Trace(vm.Call(d))
		if verdict != vm.Allow {
			t.Errorf("%s on %v: %v: %v", in.Name, a, vm.Call(d), verdict)
		}
		return len(path)
	}
	row := []string{in.Name, target.Target.Name, fmt.Sprint(len(prog))}
	sum, uncached, weights := 0, 0, 0
	for _, h := range mix(a, v) {
		nr, ok := a.Number(h.call)
		if !ok {
			t.Fatalf("no number for %s on %v", h.call, a)
		}
		n := executed(rule.Data{Nr: nr, Arch: a.Audit(), Args: h.args})
		if h.column != "" {
			row = append(row, fmt.Sprint(n))
		}
		sum, weights = sum+h.weight*n, weights+h.weight
		if cached, _ := prove.Emulated(prove.Concrete(prog), a.Audit(), nr); !cached {
			uncached += h.weight * n
		}
	}
	if weights != 1000 {
		t.Fatalf("the weights add up to %d", weights)
	}
	first := firstOwn(t, in, policy.File.Name)
	mean := func(sum int) string { return fmt.Sprintf("%.1f", float64(sum)/1000) }
	return append(row, mean(sum), mean(uncached), fmt.Sprint(executed(first.Allowed)), first.Call)
}
