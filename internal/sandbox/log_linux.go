package sandbox

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A KernelLog is what the kernel logs from a moment on.
type KernelLog struct {
	fd  int
	err error
}

// OpenLog begins to read the kernel's log. Whether that was possible, Killed says.
func OpenLog() *KernelLog {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return &KernelLog{-1, &os.PathError{Op: "open", Path: "/dev/kmsg", Err: err}}
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		unix.Close(fd)
		return &KernelLog{-1, os.NewSyscallError("lseek", err)}
	}
	return &KernelLog{fd, nil}
}

// Killed is the audit line about the call a process was killed for. It is in the
// log if no audit daemon took it, and if there were not too many lines at the time:
// the kernel leaves some out then.
func (l *KernelLog) Killed(pid int) (string, error) {
	if l.err != nil {
		return "", l.err
	}
	defer unix.Close(l.fd)
	line := regexp.MustCompile(fmt.Sprintf(`audit: .*type=1326 .* pid=%d .* sig=31 .*`, pid))
	record := make([]byte, 8192) // the kernel's longest, with what it adds
	const patience = 300 * time.Millisecond
	for end := time.Now().Add(patience); time.Now().Before(end); {
		n, err := unix.Read(l.fd, record)
		switch err {
		case nil:
			if found := line.Find(record[:n]); found != nil {
				return string(found), nil
			}
		case unix.EPIPE: // records were overwritten; the next is the oldest there is
		case unix.EAGAIN:
			time.Sleep(5 * time.Millisecond) // a thread of the kernel writes it
		default:
			return "", os.NewSyscallError("read /dev/kmsg", err)
		}
	}
	return "", fmt.Errorf("the kernel's log has no line about it")
}

// LogPlace says where the lines of mode Log go.
func LogPlace() string {
	const file = "/proc/sys/kernel/seccomp/actions_logged"
	text, err := os.ReadFile(file)
	if err == nil && !slices.Contains(strings.Fields(string(text)), "log") {
		return fmt.Sprintf("the kernel logs nothing: %s does not have the word log", file)
	}
	return "the kernel's audit has the calls, lines with type=1326 or type=SECCOMP: in its log (dmesg), or if auditd runs in /var/log/audit/audit.log; tileseal why reads them"
}
