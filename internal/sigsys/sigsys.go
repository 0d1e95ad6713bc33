// Package sigsys reads what is left of a program that seccomp stopped: the
// crash text of a Go program that got SIGSYS, the kernel's audit lines, a core.
// It tells the system call and its arguments, and holds them against a policy:
// the entries about the call, the comparisons that failed, the line that would
// allow it.
package sigsys

import (
	"bufio"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Report is one stopped call.
type Report struct {
	Line    int    // of the input, from 1, where the report begins; 0 for a core
	Kind    Kind   // who wrote it
	Problem string // why the call is not known; the fields of the call are then unset

	// The call, as the filter saw it: Arch is an AUDIT_ARCH_ value. On x86_64 a
	// number with bit 30 set is an x32 call. Crash texts have the arguments,
	// audit lines do not, cores do but for some of 32-bit mips.
	Arch    arch.Arch
	Nr      uint32
	Args    [6]uint64
	HasArgs bool

	SigCode string // si_code, of a crash text or a core; "1", SYS_SECCOMP, if a filter raised the signal

	// Of a crash text.
	Goroutine string  // as in "goroutine 1 [syscall]"
	Stack     []Frame // of that goroutine, innermost first

	// Of a core.
	Program    arch.Arch // what the program was built for, if that may be another than Arch; 0 if not
	FilterData uint16    // what the filter gave with its verdict (SECCOMP_RET_DATA)

	// Of an audit line.
	Code   string // the filter's verdict: "kill_process", "trap", "errno(1)", or as it stands
	Compat bool   // a 32-bit call on a 64-bit kernel
	Exe    string

	// Of an audit line or a core.
	PID  string
	Comm string // the name of the thread, in a core that of the process
}

// A Kind is who wrote a report.
type Kind string

// The kinds of report.
const (
	Crash Kind = "go crash"   // the Go runtime, to standard error
	Audit Kind = "audit line" // the kernel's audit, to its log or to auditd
	Core  Kind = "core"       // the kernel, to an ELF core
)

// A Frame is one function on a stack.
type Frame struct {
	Func string `json:"func"` // as in "main.(*archive).flush"
	At   string `json:"at"`   // file:line
}

// maxLine is how much of a line is looked at, in bytes.
const maxLine = 1 << 16

// ErrNone is what Read's error is, by errors.Is, if there is no report in the
// input.
var ErrNone = errors.New(`no report found: neither "SIGSYS: bad system call", as a Go program prints it, nor an audit line with type=SECCOMP or type=1326, nor a core`)

// Read finds the reports in r, in the order of the input. Lines that belong to
// none are skipped. An input that begins as ELF files do is read as a core, no
// further than to its notes. The error is one of r's, or ErrNone as errors.Is
// has it.
func Read(r io.Reader) ([]Report, error) {
	in := bufio.NewReaderSize(r, maxLine)
	head, _ := in.Peek(len(elf.ELFMAG) + 2) // an error comes again
	if reports, ok, err := readBinary(in, head); ok {
		return reports, err
	}
	var reports []Report
	var crash *crashReader // the crash text being read
	finish := func() {
		if crash != nil {
			reports, crash = append(reports, crash.report()), nil
		}
	}
	for n := 1; ; n++ {
		line, err := readLine(in)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if prefix, ok := crashStart(line); ok {
			finish()
			crash = &crashReader{prefix: prefix, Report: Report{Line: n, Kind: Crash}}
		} else if audit, ok := parseAudit(line); ok {
			audit.Line = n
			reports = append(reports, audit)
		} else if crash != nil {
			crash.line(line)
		}
		if err == io.EOF {
			break
		}
	}
	finish()
	if len(reports) == 0 {
		return nil, ErrNone
	}
	slices.SortStableFunc(reports, func(a, b Report) int { return a.Line - b.Line })
	return reports, nil
}

// readLine is the next line without its end, or the beginning of one that is
// too long. The error is io.EOF with the last.
func readLine(in *bufio.Reader) (string, error) {
	text, more, err := in.ReadLine()
	line := string(text)
	for more && err == nil {
		_, more, err = in.ReadLine()
	}
	return line, err
}

// Blind reports whether the call has arguments the report does not tell, as
// that of an audit line.
func (r *Report) Blind() bool { return r.Problem == "" && !r.HasArgs && !r.X32() && r.takesArguments() }

// Data is the call as a policy judges it.
func (r *Report) Data() rule.Data {
	return rule.Data{Nr: r.Nr, Arch: uint32(r.Arch), Args: r.Args}
}

// X32 reports whether the call is one of x32, which arrives with x86_64's
// architecture.
func (r *Report) X32() bool {
	return r.Arch == arch.X86_64 && r.Nr >= arch.X32Bit && r.Nr != 1<<32-1
}

// Name is the name of the call, or how to speak of one without: "call 0x1f5",
// "x32 call 39".
func (r *Report) Name() string {
	if r.X32() {
		return fmt.Sprintf("x32 call %d", r.Nr&^arch.X32Bit)
	}
	if name, ok := r.Arch.Name(r.Nr); ok {
		return name
	}
	return fmt.Sprintf("call %#x", r.Nr)
}

// ArchName is the name of the architecture as policies write it.
func (r *Report) ArchName() string {
	if r.Arch == arch.X86 {
		return "i386"
	}
	return r.Arch.String()
}

// socketcalls are the calls behind i386's socketcall, by their number from 1
// (linux/net.h).
const socketcalls = "socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg"

// Multiplexed is the call that a socketcall really is; ok is false for every
// other call.
func (r *Report) Multiplexed() (name string, ok bool) {
	if r.Name() != "socketcall" || !r.HasArgs {
		return "", false
	}
	names := strings.Fields(socketcalls)
	n := uint32(r.Args[0])
	if n < 1 || int(n) > len(names) {
		return "", false
	}
	return names[n-1], true
}
