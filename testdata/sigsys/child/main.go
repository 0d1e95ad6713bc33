//go:build linux && (amd64 || 386)

// The child whose deaths are recorded beside it: the archiver of package
// gotile. Its first argument names the forbidden call it makes once it is
// sealed; "kill" after that leaves the kills as they are, so that the kernel's
// audit speaks of the call, instead of making them traps, so that Go does.
//
// The descriptors its policy is given are 3, the log, and 4, the archive.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"slices"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/policy/gotile"
	"golang.org/x/sys/unix"
)

const (
	logFD     = 3
	archiveFD = 4
)

// An archive is a file of records.
type archive struct{ fd int }

// flush puts the archive on the disk; the policy allows that for the log.
//
//go:noinline
func (a *archive) flush() error { return unix.Fsync(a.fd) }

// rotate opens a file, by a function of package os.
//
//go:noinline
func (a *archive) rotate(name string) error {
	_, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	return err
}

// load makes memory that can be run; the level core has an entry for other
// memory.
//
//go:noinline
func load() error {
	_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	return err
}

func send() error {
	_, err := net.Dial("udp", "127.0.0.1:9")
	return err
}

func stop() error { return unix.Tgkill(1, 1, unix.SIGTERM) }

// trim makes the runtime give memory back.
func trim() error {
	debug.FreeOSMemory()
	return nil
}

// x32 makes getpid as x32 has it.
func x32() error {
	_, _, errno := unix.RawSyscall(0x40000000|unix.SYS_GETPID, 0, 0, 0)
	return errno
}

// foreign makes i386's getpid.
func foreign() error {
	return fmt.Errorf("process %d", int80())
}

var scenarios = map[string]func() error{
	"fsync":   (&archive{archiveFD}).flush,
	"openat":  func() error { return (&archive{archiveFD}).rotate("archive.1") },
	"mmap":    load,
	"socket":  send,
	"tgkill":  stop,
	"runtime": trim,
	"x32":     x32,
	"foreign": foreign,
}

func main() {
	err := seal(os.Args[1], slices.Contains(os.Args, "kill"))
	if err == nil {
		err = scenarios[os.Args[1]]()
	}
	fmt.Fprintln(os.Stderr, os.Args[1], "came back:", err)
	os.Exit(1)
}

// seal leaves the process with what the archiver may do; in the scenario of
// the runtime's own calls with everything but one of these.
func seal(scenario string, kill bool) error {
	for _, fd := range []int{logFD, archiveFD} {
		if err := unix.Dup3(2, fd, 0); err != nil {
			return err
		}
	}
	rt, err := goruntime.Prepare(gotile.ArchiverWriterLevels)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, gotile.ArchiverWriterLen)
	gotile.PopulateArchiverWriter(filter, rt, logFD, archiveFD)
	if scenario == "runtime" {
		filter = allBut(unix.SYS_MADVISE)
	}
	if !kill {
		filter = install.Staging(filter)
	}
	return install.Process(filter)
}

// allBut kills one call and allows the others.
func allBut(nr uint32) []unix.SockFilter {
	const ldAbs, jeq, ret = 0x20, 0x15, 0x06
	return []unix.SockFilter{
		{Code: ldAbs, K: 0},
		{Code: jeq, K: nr, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
}
