//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// A kernelCall is a call that a policy allows, and that does nothing.
type kernelCall struct {
	metric metric
	nr     uint64
	args   [6]uint64
}

// word stands in an argument for the address of a word of memory.
const word = 0x5ea1

// kernelCalls are the calls measured under each policy. Descriptors 3 to 10 of
// the process are /dev/null.
var kernelCalls = map[string][]kernelCall{
	"A": {{checkedCall, unix.SYS_WRITE, [6]uint64{5, word, 0}}},
	"B": {{checkedCall, unix.SYS_READ, [6]uint64{9, word, 0}}, {freeCall, unix.SYS_POLL, [6]uint64{0, 0, 0}}},
	"C": {{checkedCall, unix.SYS_PERSONALITY, [6]uint64{0xffffffff}}, {freeCall, unix.SYS_GETPPID, [6]uint64{}}},
	"D": {{checkedCall, unix.SYS_FUTEX, [6]uint64{word, 128 | 1, 0}}, {freeCall, unix.SYS_GETPID, [6]uint64{}}},
}

// An order is what a child is to measure: the calls of a policy under a
// filter, or under none.
type order struct {
	Policy string
	Prog   []bpf.Insn
	Chunks int // turns of each call within the child
	Times  int // calls in a turn
}

// An answer is what it found, in cycles of the time stamp counter.
type answer struct {
	Install uint64      // of prctl and seccomp together
	Calls   [][]float64 // of one call: by call, by turn
	Fault   string      // why there is nothing
}

// kernel measures calls in the kernel, in children that have one filter each
// and take turns. A child's figure is its fastest turn, as what disturbs it
// can only slow it down; a filter's is the median of its children's.
func kernel(rep *report, p *policy, all []contender, e effort) error {
	calls := kernelCalls[p.name]
	perNS := cyclesPerNS()
	field := []contender{{name: "no filter", timed: true}}
	for _, c := range all {
		if c.timed && c.prog != nil {
			field = append(field, c)
		}
	}
	installs := make([][]float64, len(field))
	costs := make([][][]float64, len(field)) // by contender, call
	for range e.rounds {
		for i, c := range field {
			a, err := ask(order{p.name, c.prog, 80, 100})
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			installs[i] = append(installs[i], float64(a.Install)/perNS/1000)
			if costs[i] == nil {
				costs[i] = make([][]float64, len(calls))
			}
			for k := range calls {
				costs[i][k] = append(costs[i][k], slices.Min(a.Calls[k])/perNS)
			}
		}
	}
	for i, c := range field {
		if c.prog != nil {
			rep.add(p, installTime, c.name, median(installs[i]))
		}
		for k, call := range calls {
			rep.add(p, call.metric, c.name, median(costs[i][k]))
		}
	}
	return nil
}

// cyclesPerNS is the speed of the time stamp counter.
func cyclesPerNS() float64 {
	start, from := time.Now(), cycles()
	time.Sleep(20 * time.Millisecond)
	return float64(cycles()-from) / float64(time.Since(start).Nanoseconds())
}

// ask runs a child.
func ask(o order) (answer, error) {
	var a answer
	self, err := os.Executable()
	if err != nil {
		return a, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return a, err
	}
	defer null.Close()
	var in, out bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(o); err != nil {
		return a, err
	}
	cmd := exec.Command(self, childArg)
	// A signal to preempt the measured thread would be its end: the return
	// from its handler is a call that no policy of ours here needs.
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOGC=off", "GOMAXPROCS=4")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	for range 8 {
		cmd.ExtraFiles = append(cmd.ExtraFiles, null)
	}
	if err := cmd.Run(); err != nil {
		return a, fmt.Errorf("the process with the filter: %w", err)
	}
	if err := gob.NewDecoder(&out).Decode(&a); err != nil {
		return a, err
	}
	if a.Fault != "" {
		return a, fmt.Errorf("the process with the filter: %s", a.Fault)
	}
	return a, nil
}
