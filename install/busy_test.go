//go:build linux

package install_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// A process with 100 goroutines and 20 threads at work, and others that start
// and end meanwhile, is watched from outside while it is sealed and after.
func TestProcessBusy(t *testing.T) {
	notSealed(t)
	forEach(t, func(t *testing.T, child string) {
		const held = 20
		p := meet(t, child, "busy", fmt.Sprint(held))
		p.line(t)
		before := p.threads(t)
		var ue *install.UnsealedError
		if err := install.Verify(p.pid); !errors.As(err, &ue) || len(ue.TIDs) != ue.Threads || ue.Threads < held {
			t.Fatalf("before it is sealed: %v", err)
		}
		p.tell(t)
		took := strings.TrimSpace(p.line(t))

		seen := p.threads(t)
		stayed := len(both(before, seen))
		const rounds = 40
		for range rounds {
			if err := install.Verify(p.pid); err != nil {
				t.Fatal(err)
			}
			for tid := range p.threads(t) {
				seen[tid] = true
			}
			time.Sleep(2 * time.Millisecond)
		}
		born := len(seen) - len(both(before, seen))
		p.tell(t)
		var laps, births int
		if _, err := fmt.Sscan(p.line(t), &laps, &births); err != nil {
			t.Fatal(err)
		}
		p.end(t).want(t, "", "killed")
		if stayed < held || born == 0 || laps < rounds || births == 0 {
			t.Errorf("%d threads from before and %d new ones seen, %d laps, %d births; want %d, some, %d, and some",
				stayed, born, laps, births, held, rounds)
		}
		t.Logf("%s; %d threads from before and %d new ones seen sealed; meanwhile %d laps and %d births", took, stayed, born, laps, births)
	})
}

func both(a, b map[int]bool) []int {
	var tids []int
	for tid := range a {
		if b[tid] {
			tids = append(tids, tid)
		}
	}
	return tids
}

// BenchmarkProcess measures Process in a new child each time, with threads of
// the program's own besides those the Go runtime has. ns/op has the start of
// the child in it; ns/Process is what the child measures.
func BenchmarkProcess(b *testing.B) {
	child := kerneltest.Build(b, "./testdata/child", runtime.GOARCH)
	for _, held := range []int{1, 20, 100} {
		b.Run(fmt.Sprintf("threads=%d", held), func(b *testing.B) {
			var threads, ns int
			for b.Loop() {
				p := meet(b, child, "measure", fmt.Sprint(held))
				var n, took int
				if _, err := fmt.Sscan(p.line(b), &n, &took); err != nil {
					b.Fatal(err)
				}
				threads, ns = threads+n, ns+took
				if r := p.end(b); !r.exited(0) {
					b.Fatalf("wait status %#x", uint32(r.status))
				}
			}
			b.ReportMetric(float64(threads)/float64(b.N), "threads")
			b.ReportMetric(float64(ns)/float64(b.N), "ns/Process")
		})
	}
}

// A thread in a call that is now forbidden stays there, whatever the Go runtime
// does, and may come back with a result. A signal makes the kernel start the
// call again, and that is the end, whether the signal has a handler or only
// stops the process.
func TestProcessBlocked(t *testing.T) {
	for _, tt := range []struct {
		name string
		wake func(t *testing.T, p *partner, tid int)
		out  string
	}{
		{"data", func(t *testing.T, p *partner, _ int) { p.tell(t) }, "read 1 <nil>\n"}, // the next read is the end
		{"handled signal", func(t *testing.T, p *partner, tid int) { signal(t, p.pid, tid, syscall.SIGURG) }, ""},
		{"stop and continue", stopAndContinue, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forEach(t, func(t *testing.T, child string) {
				p := meet(t, child, "blocked")
				line := p.line(t)
				if reason, ok := strings.CutPrefix(line, "skip: "); ok {
					t.Skip(reason)
				}
				var tid, nr, fd int
				if _, err := fmt.Sscan(line, &tid, &nr, &fd); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				sits(t, p, tid, nr, fd)
				if err := install.Verify(p.pid); err != nil {
					t.Error(err)
				}
				tt.wake(t, p, tid)
				p.end(t).want(t, tt.out, "killed")
			})
		})
	}
}

// sits fails the test unless the thread sits in the call for a while.
func sits(t *testing.T, p *partner, tid, nr, fd int) {
	t.Helper()
	want := fmt.Sprintf("%d 0x%x ", nr, fd)
	for range 30 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", p.pid, tid))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), want) {
			t.Fatalf("the thread is not in call %d on descriptor %d: %s", nr, fd, text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func signal(t *testing.T, pid, tid int, s syscall.Signal) {
	t.Helper()
	if err := unix.Tgkill(pid, tid, s); err != nil {
		t.Fatal(err)
	}
}

// stopAndContinue is what ctrl-Z and fg do.
func stopAndContinue(t *testing.T, p *partner, _ int) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var s unix.Siginfo
	if err := unix.Waitid(unix.P_PID, p.pid, &s, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}
