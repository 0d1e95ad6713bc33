package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"github.com/tileseal/tileseal/arch"
	"golang.org/x/sys/unix"
)

// The kernel's struct seccomp_notif and seccomp_notif_resp
// (include/uapi/linux/seccomp.h).
type (
	notification struct {
		id    uint64
		pid   uint32
		flags uint32
		nr    int32
		arch  uint32
		ip    uint64
		args  [6]uint64
	}
	response struct {
		id    uint64
		val   int64
		err   int32
		flags uint32
	}
)

// Listen tells of the calls of the command, and of all processes it starts, until
// the last of them has ended. Each is let through when note returns; calls are told
// one at a time. After an error the command has been killed.
func (pr *Process) Listen(note func(Call)) error {
	err := pr.listen(note)
	unix.Close(pr.listener)
	if err != nil {
		unix.Kill(pr.PID, unix.SIGKILL)
	}
	return err
}

func (pr *Process) listen(note func(Call)) error {
	execve, _ := arch.Native().Number("execve")
	started := false
	for {
		p := []unix.PollFd{{Fd: int32(pr.listener), Events: unix.POLLIN}}
		_, err := unix.Poll(p, -1)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("poll", err)
		case p[0].Revents&unix.POLLIN == 0: // POLLHUP: nobody is under the filter any more
			return nil
		}
		var n notification
		switch err := pr.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); err {
		case 0:
		case unix.ENOENT, unix.EINTR: // the thread was killed, or a signal took it away and it will call again
			continue
		default:
			return os.NewSyscallError("SECCOMP_IOCTL_NOTIF_RECV", err)
		}
		// What comes before the command's first instruction is ours.
		if started {
			note(pr.call(&n))
		}
		started = started || uint32(n.nr) == execve && n.arch == arch.Native().Audit()
		err = pr.answer(n.id)
		if err != nil {
			return err
		}
	}
}

// answer lets a call through.
func (pr *Process) answer(id uint64) error {
	r := response{id: id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	switch err := pr.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)); err {
	case 0, unix.ENOENT, unix.EINTR, unix.EINPROGRESS: // as above
		return nil
	default:
		return fmt.Errorf("letting a call through: %w", err)
	}
}

// call is what a notification tells.
func (pr *Process) call(n *notification) Call {
	c := Call{Arch: arch.Arch(n.arch), Nr: uint32(n.nr), Args: n.args, IP: n.ip, Thread: int(n.pid)}
	c.Process = processOf(c.Thread)
	// While the call waits, its thread is the one we asked about, and no other
	// that has got its number since.
	if id := n.id; pr.ioctl(unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&id)) != 0 {
		c.Process = 0
	}
	return c
}

func (pr *Process) ioctl(request uintptr, arg unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pr.listener), request, uintptr(arg))
	return errno
}

// processOf is the id of a thread's process, 0 if there is none.
func processOf(thread int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nTgid:")
	line, _, _ := strings.Cut(rest, "\n")
	id, _ := strconv.Atoi(strings.TrimSpace(line))
	return id
}

// File is what a descriptor of the caller stands for, as in "/etc/passwd",
// "pipe:[8125]" or "anon_inode:[eventpoll]", while the call waits; "" if it is not
// open.
func (c Call) File(fd int32) string {
	name, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(c.Thread), "fd", strconv.Itoa(int(fd))))
	if err != nil {
		return ""
	}
	return name
}

// Text is the string at an address of the caller, while the call waits; "" if there
// is none that can be read. What is longer than a path can be is cut.
func (c Call) Text(addr uint64) string {
	const longest, page = 4096, 4096 // PATH_MAX (include/uapi/linux/limits.h)
	var text []byte
	for addr != 0 && len(text) < longest {
		part := make([]byte, page-addr%page) // to the end of the page, as the next may be missing
		local := unix.Iovec{Base: &part[0]}
		local.SetLen(len(part))
		n, err := unix.ProcessVMReadv(c.Thread,
			[]unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(part)}}, 0)
		if err != nil {
			return ""
		}
		if end := bytes.IndexByte(part[:n], 0); end >= 0 {
			return string(append(text, part[:end]...))
		}
		text, addr = append(text, part[:n]...), addr+uint64(n)
	}
	return string(text)
}
