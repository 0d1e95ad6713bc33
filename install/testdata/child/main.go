//go:build linux

// The child of package install's tests: what it does to itself cannot be
// undone. Its first argument names a scenario. It writes what it sees to
// standard output, a line at a time, and dies where it should.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// The calls the filters here kill: harmless, and never made by the runtime.
const (
	getppid = unix.SYS_GETPPID
	getpgid = unix.SYS_GETPGID
)

var scenarios = map[string]func(args []string) error{
	"seal":       seal,
	"stay":       stay,
	"churn":      churn,
	"busy":       busy,
	"measure":    measure,
	"blocked":    blocked,
	"quiet":      quiet,
	"twice":      twice,
	"conflict":   conflict,
	"refused":    refused,
	"denied":     denied,
	"flags":      flags,
	"nnp":        nnp,
	"nobody":     nobody,
	"privileged": privileged,
	"thread":     thread,
	"exec":       execute,
	"only":       only,
	"launch":     launch,
	"shut":       shut,
	"blind":      blind,
	"staging":    staging,
	"getppid":    func([]string) error { denied1(getppid); return nil },
	"hello":      func([]string) error { fmt.Println("hello", strings.Join(os.Environ(), ",")); return nil },
}

func main() {
	run := scenarios[os.Args[1]]
	if run == nil {
		fmt.Println("no scenario", os.Args[1])
		os.Exit(3)
	}
	err := run(os.Args[2:])
	if reason, ok := err.(skip); ok {
		fmt.Println("skip:", string(reason))
		return
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// A skip is why a scenario cannot be played here.
type skip string

func (s skip) Error() string { return string(s) }

// except allows every call but those numbered nrs, whose verdict is action.
func except(action uint32, nrs ...uint32) []unix.SockFilter {
	const ldAbs, jeq, ret = 0x20, 0x15, 0x06
	f := []unix.SockFilter{{Code: ldAbs, K: 0}}
	for i, nr := range nrs {
		f = append(f, unix.SockFilter{Code: jeq, K: nr, Jt: uint8(len(nrs) - i)})
	}
	return append(f,
		unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: ret, K: action})
}

// killing is except with the verdict most filters here have.
func killing(nrs ...uint32) []unix.SockFilter {
	return except(unix.SECCOMP_RET_KILL_PROCESS, nrs...)
}

// denied1 makes a call that should be the end.
//
//go:noinline
func denied1(nr uintptr) {
	_, _, errno := unix.RawSyscall(nr, 0, 0, 0)
	fmt.Printf("call %d came back: %v\n", nr, errno)
}

// sealAnd seals the process and checks it by the kernel's own account.
func sealAnd(flags ...install.Flag) error {
	if err := install.Process(killing(getppid), flags...); err != nil {
		return err
	}
	if err := install.Verify(os.Getpid()); err != nil {
		return err
	}
	fmt.Println("sealed")
	return nil
}
