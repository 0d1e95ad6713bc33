package sigsys

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// signalLine is what the Go runtime prints first (sigtable, runtime's
// sigtab_linux_generic.go).
const signalLine = "SIGSYS: bad system call"

// crashStart reports whether a crash text begins with this line, and what a
// logger put in front of it.
func crashStart(line string) (prefix string, ok bool) {
	at := strings.Index(line, signalLine)
	if at < 0 || strings.TrimSpace(line[at+len(signalLine):]) != "" {
		return "", false
	}
	return line[:at], true
}

// A crashReader is told the lines after the first, one by one.
type crashReader struct {
	Report
	prefix    string
	registers map[string]uint64
	state     crashState
	thread    string // the runtime's number of the thread that was stopped
	pending   string // a function whose place is on the next line
}

// A crashState is which part of the crash text comes next.
type crashState int

const (
	wantGoroutine crashState = iota // the first goroutine is the one that was stopped
	inStack
	wantCaller    // the stopped one was a thread's own stack: the goroutine it worked for
	wantRegisters // the other goroutines, then the registers
	done          // what follows is about other threads
)

var (
	goroutineLine = regexp.MustCompile(`^(goroutine \d+) (?:gp=\w+ m=(\w+) mp=\w+ )?(\[[^\]]*\]).*:$`)
	signalWords   = regexp.MustCompile(`^PC=\w+ m=(\d+) sigcode=(-?\d+)`)
	registerLine  = regexp.MustCompile(`^([a-z]\w*)\s+0x([0-9a-f]{1,16})$`)
)

func (c *crashReader) line(line string) {
	line = c.strip(line)
	if line == "-----" { // GOTRACEBACK=crash: other threads follow
		c.state = done
	}
	if c.state == done {
		return
	}
	if m := signalWords.FindStringSubmatch(line); m != nil && c.SigCode == "" {
		c.thread, c.SigCode = m[1], m[2]
	}
	if m := registerLine.FindStringSubmatch(line); m != nil {
		c.register(m[1], m[2])
		return
	}
	switch {
	case c.registers != nil: // what follows the registers is of another text
		c.state = done
	case c.state == wantGoroutine, c.state == wantCaller:
		if m := goroutineLine.FindStringSubmatch(line); m != nil {
			c.goroutine(m[1], m[2], m[3])
		}
	case c.state == inStack:
		c.frame(line)
	}
}

// strip takes off what the logger put in front of the first line. Such a
// prefix may hold a time, so its length is what counts.
func (c *crashReader) strip(line string) string {
	return strings.TrimRight(line[min(len(c.prefix), len(line)):], " \t\r")
}

func (c *crashReader) register(name, value string) {
	v, err := strconv.ParseUint(value, 16, 64)
	if err != nil {
		return
	}
	if c.registers == nil {
		c.registers = map[string]uint64{}
	}
	if _, twice := c.registers[name]; !twice {
		c.registers[name] = v
	}
}

// goroutine begins a stack. Goroutine 0 is a thread's own stack, on which the
// runtime works for the goroutine of that thread, which comes next, or for none.
func (c *crashReader) goroutine(name, thread, status string) {
	if c.state == wantCaller && thread != c.thread {
		c.state = wantRegisters
		return
	}
	c.Goroutine, c.state = name+" "+status, inStack
}

// frame reads one line of the stack: a function with its arguments, or below
// it, indented, its place.
func (c *crashReader) frame(line string) {
	place := strings.TrimSpace(line)
	switch {
	case line == "" && strings.HasPrefix(c.Goroutine, "goroutine 0 "):
		c.state = wantCaller
	case line == "", strings.HasPrefix(line, "created by "):
		c.state = wantRegisters
	case place != line: // indented
		if c.pending != "" {
			at, _, _ := strings.Cut(place, " ")
			c.Stack = append(c.Stack, Frame{c.pending, at})
		}
		c.pending = ""
	default:
		c.pending = ""
		if at := strings.LastIndexByte(line, '('); at > 0 && strings.HasSuffix(line, ")") {
			c.pending = line[:at]
		}
	}
}

// A convention is where an architecture keeps number and arguments of a call,
// and two registers that tell its dump from others'. The kernel restores the
// register with the number before it raises SIGSYS (syscall_rollback). Go does
// not print si_arch, so a call by int $0x80 in a 64-bit program that was trapped
// reads as one of that program's; install.Staging kills those.
type convention struct {
	arch  arch.Arch
	marks [2]string
	nr    string
	args  [6]string
}

// conventions are from syscall(2). arm has r7 for the number and no r29.
var conventions = [...]convention{
	{arch.X86_64, [2]string{"rax", "rip"}, "rax", [6]string{"rdi", "rsi", "rdx", "r10", "r8", "r9"}},
	{arch.X86, [2]string{"eax", "eip"}, "eax", [6]string{"ebx", "ecx", "edx", "esi", "edi", "ebp"}},
	{arch.AArch64, [2]string{"r29", "pc"}, "r8", [6]string{"r0", "r1", "r2", "r3", "r4", "r5"}},
}

// report is what has been read.
func (c *crashReader) report() Report {
	r := c.Report
	if r.Problem = notSeccomp(r.SigCode); r.Problem != "" {
		return r
	}
	if c.registers == nil {
		r.Problem = "the registers are missing: the crash text was cut off, or the program is set-user-ID, for which Go prints none"
		return r
	}
	for _, conv := range conventions {
		if !c.has(conv.marks[:]...) {
			continue
		}
		if !c.has(conv.nr) || !c.has(conv.args[:]...) {
			r.Problem = "some registers are missing: the crash text was cut off"
			return r
		}
		r.Arch, r.Nr, r.HasArgs = conv.arch, uint32(c.registers[conv.nr]), true
		for i, name := range conv.args {
			r.Args[i] = c.registers[name]
		}
		return r
	}
	r.Problem = "the registers are not those of amd64, 386 or arm64, or the crash text was cut off"
	return r
}

// notSeccomp says that a SIGSYS with this si_code is not of a filter, "" if it
// is or the code is not known (SYS_SECCOMP, asm-generic/siginfo.h).
func notSeccomp(code string) string {
	switch code {
	case "", "1":
		return ""
	case "2":
		return "the signal is not of a filter: its code is 2, SYS_USER_DISPATCH, and a filter's is 1; the program dispatches its calls itself (PR_SET_SYSCALL_USER_DISPATCH of prctl)"
	}
	return "the signal is not of a filter: its code is " + code + ", and a filter's is 1; 0 and -6 are signals sent by a process"
}

func (c *crashReader) has(names ...string) bool {
	for _, n := range names {
		if _, ok := c.registers[n]; !ok {
			return false
		}
	}
	return true
}
