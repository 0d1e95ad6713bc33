//go:build linux

// Meter measures system calls under filters, in a guest of internal/kernels
// whose clock counts instructions. Each order is measured by a child, since a
// filter cannot be taken off again.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/tileseal/tileseal/internal/kernels/console"
	"golang.org/x/sys/unix"
)

// A child makes as many turns, each of so many calls that a turn is shorter than
// the time between two ticks of the kernel's clock (4 ms): the quietest turn has
// no interrupt in it.
const (
	turns   = 20
	perTurn = 1000
)

// settle is how long a kernel has work of its own after it started.
const settle = 8 * time.Second

func main() {
	var err error
	if len(os.Args) == 2 {
		err = child(os.Args[1])
	} else {
		err = parent()
	}
	if err != nil {
		fmt.Println("meter:", err)
		os.Exit(1)
	}
}

func orders() (list []console.Order, err error) {
	text, err := os.ReadFile(console.MeterFile)
	if err != nil {
		return nil, err
	}
	return list, json.Unmarshal(text, &list)
}

// parent runs a child for each order.
func parent() error {
	list, err := orders()
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	for i, o := range list {
		cmd := exec.Command("/proc/self/exe", strconv.Itoa(i))
		// No signal to preempt the measured thread, no collector beside it, and room
		// for the thread that reports while the other one spins.
		cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOGC=off", "GOMAXPROCS=4")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
		for fd := 3; fd <= 10; fd++ {
			cmd.ExtraFiles = append(cmd.ExtraFiles, null)
		}
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w; the kernel's clock is %s", o.Name, err, clock())
		}
	}
	return nil
}

// clock names what the kernel reads the time from: with some that is a system
// call, which the filters here do not allow.
func clock() string {
	name, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(name))
}

// A job is what the measured thread does, and what it finds.
type job struct {
	filter *unix.SockFprog // nil for none
	call   call
	took   [turns]int64
	failed syscall.Errno
	done   atomic.Bool
}

// child measures one order on a thread of its own, and tells of it from another,
// which has no filter.
func child(order string) error {
	list, err := orders()
	if err != nil {
		return err
	}
	i, err := strconv.Atoi(order)
	if err != nil {
		return err
	}
	o := list[i]
	j := &job{call: calls[o.Call]}
	if j.call.nr == 0 && o.Call != "read" {
		return fmt.Errorf("%s: there is no call %q here", o.Name, o.Call)
	}
	if o.Program != nil {
		j.filter = &unix.SockFprog{Len: uint16(len(o.Program)), Filter: (*unix.SockFilter)(unsafe.Pointer(&o.Program[0]))}
	}
	j.turn() // the code and the clock's page are mapped now
	go j.measure()
	for !j.done.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	runtime.KeepAlive(o)
	if j.failed != 0 {
		return fmt.Errorf("%s: %w", o.Name, j.failed)
	}
	f := figure(o.Name, j.took)
	fmt.Println(f.Line())
	return nil
}

func figure(name string, took [turns]int64) console.Figure {
	least, most := took[0], took[0]
	for _, d := range took {
		least, most = min(least, d), max(most, d)
	}
	return console.Figure{Order: name, Least: float64(least) / perTurn, Most: float64(most) / perTurn}
}

// measure never returns: its thread can do nothing but what its filter allows.
func (j *job) measure() {
	runtime.LockOSThread()
	j.run()
}

// run is all that the thread does under its filter. The scheduler would have the
// goroutine wait its turn, by a system call, where a function begins that may
// need more stack: so neither this one nor what it calls is one of those.
//
//go:nosplit
func (j *job) run() {
	if j.filter != nil {
		j.failed = load(j.filter)
	}
	if j.failed == 0 {
		for i := range j.took {
			j.took[i] = j.turn()
		}
	}
	j.done.Store(true)
	for j.done.Load() { // for ever: the filter does not let the thread end
	}
}

//go:nosplit
func load(filter *unix.SockFprog) syscall.Errno {
	if _, _, errno := syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(filter)))
	return errno
}

// turn makes the calls of one turn.
//
//go:nosplit
func (j *job) turn() (nanoseconds int64) {
	c := &j.call
	start := nanotime()
	for range perTurn {
		_, _, errno := syscall.RawSyscall6(c.nr, c.args[0], c.args[1], c.args[2], 0, 0, 0)
		if errno != 0 {
			j.failed = errno
		}
	}
	return nanotime() - start
}

// nanotime is CLOCK_MONOTONIC, without a system call where the kernel maps code for
// it; where it does not, the filter ends the process and the host is told.
//
//go:linkname nanotime runtime.nanotime
func nanotime() int64
