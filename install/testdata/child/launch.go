//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// filters are those that programs are started under, by name.
var filters = map[string][]unix.SockFilter{
	"getppid":       killing(getppid),
	"getpgid":       killing(getpgid),
	"execve":        killing(unix.SYS_EXECVE),
	"execve EACCES": except(unix.SECCOMP_RET_ERRNO|uint32(unix.EACCES), unix.SYS_EXECVE),
}

// execute replaces this process by the program args[1:], under the filter
// args[0] names.
func execute(args []string) error {
	many(crowd, func(int) {})
	return become(filters[args[0]], args[1:])
}

// become has Exec start a program, and looks at what it leaves behind if it
// cannot.
func become(filter []unix.SockFilter, argv []string) error {
	err := install.Exec(filter, argv[0], argv, []string{"A=1", "B=2"})
	var but []int
	if se := (*os.SyscallError)(nil); errors.As(err, &se) {
		but = append(but, unix.Gettid()) // this one is filtered, and no other
	}
	if err2 := untouched(but...); err2 != nil {
		return fmt.Errorf("%v, but %v", err, err2)
	}
	return err
}

// only replaces this process by the program args[2:], under a filter that
// allows the calls of the list args[0] but those that args[1] names, joined by
// commas.
func only(args []string) error {
	const ldAbs, jeq, ret = 0x20, 0x15, 0x06
	f := []unix.SockFilter{{Code: ldAbs, K: 0}}
	denied := strings.Split(args[1], ",")
	for name, nr := range startup[args[0]] {
		if !slices.Contains(denied, name) {
			f = append(f, unix.SockFilter{Code: jeq, K: nr, Jf: 1}, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
		}
	}
	return become(append(f, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS}), args[2:])
}

// launch starts a program as a child under the filter that args[1] names, in
// one of the two ways a Go program can, and says what became of both.
func launch(args []string) error {
	many(crowd, func(int) {})
	var cmd *exec.Cmd
	var but []int
	switch args[0] {
	case "setup": // the child sets itself up and becomes the program
		cmd = exec.Command(os.Args[0], append([]string{"exec"}, args[1:]...)...)
	case "thread": // the child has the filter of the thread that starts it
		runtime.LockOSThread()
		if err := install.Thread(filters[args[1]]); err != nil {
			return err
		}
		but = append(but, unix.Gettid())
		cmd = exec.Command(args[2], args[3:]...)
	}
	cmd.Env = []string{"A=1", "B=2"}
	cmd.Stdout = os.Stdout
	fmt.Println("child:", cmd.Run())
	if err := untouched(but...); err != nil {
		return err
	}
	done := make(chan bool)
	go func() { unix.Getppid(); close(done) }() // comes back, from another thread
	<-done
	fmt.Println("others open")
	return nil
}
