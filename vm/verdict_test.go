//go:build linux

package vm

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// TestKernelVerdicts shows what becomes of a call under each kind of verdict,
// alone and in every pair of stacked filters: the one Strictest picks decides.
func TestKernelVerdicts(t *testing.T) {
	rows := []struct {
		action Action
		want   string
	}{
		{KillProcess, "killed: bad system call"},
		{0xff000001, "killed: bad system call"}, // unknown, negative
		{KillThread | 5, "thread ended"},
		{0x00010000, "killed: bad system call"}, // unknown, between kill and trap
		{Trap, "exited 2"},                      // Go prints the stack
		{Errno, "returned 0"},
		{Errno | 7, "failed: argument list too long"},
		{0x12340000, "killed: bad system call"}, // unknown, between errno and notify
		{UserNotif, "failed: function not implemented"},
		{Trace | 5, "failed: function not implemented"},
		{Log, "ran"},
		{Allow | 5, "ran"},
	}
	outcome := map[Action]string{Allow: "ran"}
	for _, row := range rows {
		outcome[row.action] = row.want
	}
	for _, newer := range rows {
		if got := under(t, verdict(newer.action)); got != newer.want {
			t.Errorf("%v: %s, want %s", newer.action, got, newer.want)
		}
		for _, older := range rows {
			want := outcome[Strictest(newer.action, older.action)]
			if got := under(t, verdict(older.action), verdict(newer.action)); got != want {
				t.Errorf("%v stacked on %v: %s, want %s", newer.action, older.action, got, want)
			}
		}
	}
}

// TestKernelErrno shows that the kernel lowers an errno to 4095, and that of
// two the newest filter's counts.
func TestKernelErrno(t *testing.T) {
	if got := under(t, verdict(Errno|0xffff)); got != "failed: errno 4095" {
		t.Errorf("errno 65535: %s", got)
	}
	newer, older := Errno|1, Errno|2
	if got := under(t, verdict(older), verdict(newer)); Strictest(newer, older) != newer || got != "failed: operation not permitted" {
		t.Errorf("%v stacked on %v: %s", newer, older, got)
	}
}

// TestKernelDivisionByZero shows that it kills the thread, which is verdict 0.
func TestKernelDivisionByZero(t *testing.T) {
	got := under(t, judged(stmt(bpf.LdImm, 7), stmt(bpf.Div|bpf.SrcX, 0), stmt(bpf.RetK, uint32(Errno)|1)))
	if got != "thread ended" {
		t.Errorf("%s, want the thread to end", got)
	}
}

// verdict is a program whose verdict on getppid is a.
func verdict(a Action) []bpf.Insn { return judged(stmt(bpf.RetK, uint32(a))) }

// judged is a program that judges getppid by prog and allows everything else.
func judged(prog ...bpf.Insn) []bpf.Insn {
	getppid, _ := arch.Native().Number("getppid")
	return append([]bpf.Insn{
		stmt(bpf.LdAbs, bpf.OffNr),
		jump(bpf.Jeq, getppid, 1, 0),
		stmt(bpf.RetK, allow),
	}, prog...)
}

const stackEnv = "TILESEAL_VM_TEST_STACK"

// under runs this test binary again, has a thread of it install the programs,
// oldest first, and call getppid, and says what came of that.
func under(t *testing.T, progs ...[]bpf.Insn) string {
	t.Helper()
	if _, ok := arch.Native().Number("getppid"); !ok {
		t.Skipf("no table of system calls for %v yet", arch.Native())
	}
	var stack []string
	for _, prog := range progs {
		stack = append(stack, hex.EncodeToString(encode(prog)))
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestStackChild$")
	cmd.Env = append(os.Environ(), stackEnv+"="+strings.Join(stack, ","), "GODEBUG=asyncpreemptoff=1", "GOGC=off",
		"GORACE=atexit_sleep_ms=0") // by default a binary with the race detector takes a second to exit
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		said, _, _ := strings.Cut(string(out), "\n")
		return said
	case !errors.As(err, &exit):
		t.Fatal(err)
	case exit.Sys().(syscall.WaitStatus).Signaled():
		return "killed: " + exit.Sys().(syscall.WaitStatus).Signal().String()
	}
	return fmt.Sprintf("exited %d", exit.ExitCode())
}

// TestStackChild is the other half of under.
func TestStackChild(t *testing.T) {
	stack, ok := os.LookupEnv(stackEnv)
	if !ok {
		t.Skip("runs only as a child of the other tests")
	}
	// No core files.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	var progs []*unix.SockFprog
	for text := range strings.SplitSeq(stack, ",") {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var filter []unix.SockFilter
		for _, in := range decodeProgram(data) {
			filter = append(filter, unix.SockFilter(in))
		}
		progs = append(progs, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	}
	fmt.Println(strike(progs))
	os.Exit(0)
}

// strike calls getppid on a filtered thread and waits for that or the end of
// the thread. The thread is not the main one, whose end nobody would see.
func strike(progs []*unix.SockFprog) string {
	var result, errno atomic.Uint64
	var done atomic.Bool
	tid := make(chan int)
	var onSpare func()
	onSpare = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			go onSpare() // while this one keeps the main thread
			select {}
		}
		tid <- unix.Gettid()
		unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
		for _, p := range progs {
			if _, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(p))); e != 0 {
				panic(e)
			}
		}
		r, _, e := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
		if int(r) == -4095 {
			e = 4095 // RawSyscall does not take this one for an errno
		}
		result.Store(uint64(r))
		errno.Store(uint64(e))
		done.Store(true)
		select {}
	}
	go onSpare()
	thread := <-tid
	for !done.Load() {
		if unix.Tgkill(unix.Getpid(), thread, 0) == unix.ESRCH && !done.Load() {
			return "thread ended"
		}
		time.Sleep(50 * time.Microsecond)
	}
	switch {
	case errno.Load() != 0:
		return "failed: " + syscall.Errno(errno.Load()).Error()
	case int(result.Load()) == unix.Getppid():
		return "ran"
	}
	return fmt.Sprintf("returned %d", result.Load())
}
