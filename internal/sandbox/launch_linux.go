package sandbox

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Process is a command that has been started.
type Process struct {
	PID      int
	plan     *Plan
	listener int           // -1: none
	refusal  chan string   // what the process says if it cannot become the command, "" if it did
	ended    chan struct{} // closed when status is set
	status   unix.WaitStatus
	stop     func() // ends the passing on of signals
}

// Start starts a command under the plan. params are the values of the policy's
// parameters by name, see [OwnID] and [Unknown]. Descriptors that this process
// inherited are passed on under their numbers.
//
// If the plan's mode is Explain or Record, [Process.Listen] must follow.
func (p *Plan) Start(c *Command, params map[string]int64) (*Process, error) {
	if p.mode.tells() && !canTell() {
		return nil, errNoListener
	}
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer unix.Close(theirs)
	files, free := descriptors(c.Stdout)
	files = append(files, uintptr(theirs))
	pr := &Process{plan: p, listener: -1, refusal: make(chan string, 1), ended: make(chan struct{})}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2)
	pr.stop = func() { signal.Stop(signals); close(signals) }
	// Two processors, one for each of the threads that matter, and no interruption of
	// the filtered one: neither the garbage collector nor the scheduler stops it.
	env := []string{"GOMAXPROCS=2", "GOGC=off", "GODEBUG=asyncpreemptoff=1"}
	pr.PID, _, err = syscall.StartProcess("/proc/self/exe", append(slices.Clone(c.Self), strconv.Itoa(len(files)-1)),
		&syscall.ProcAttr{Env: env, Files: files})
	if err != nil {
		unix.Close(ours)
		pr.stop()
		return nil, fmt.Errorf("starting %s once more: %w", os.Args[0], err)
	}
	go pr.reap()
	go pr.pass(signals)
	if err := pr.hand(ours, c, params, free); err != nil {
		unix.Close(ours)
		unix.Kill(pr.PID, unix.SIGKILL)
		<-pr.ended
		pr.stop()
		return nil, err
	}
	return pr, nil
}

func socketpair() (ours, theirs int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, os.NewSyscallError("socketpair", err)
	}
	return pair[0], pair[1], nil
}

// descriptors are what the command gets: the standard three, and those of ours that
// are not closed at an execve, each under its own number. free are the two lowest
// numbers left.
func descriptors(stdout int) (files []uintptr, free [2]int) {
	const closed = ^uintptr(0)
	files = []uintptr{0, uintptr(stdout), 2}
	list, _ := os.ReadDir("/proc/self/fd") // without it there is nothing to inherit
	var inherited []int
	for _, e := range list {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			inherited = append(inherited, fd)
		}
	}
	slices.Sort(inherited)
	for _, fd := range inherited {
		for len(files) < fd {
			files = append(files, closed)
		}
		files = append(files, uintptr(fd))
	}
	var gaps []int
	for fd := 3; len(gaps) < len(free); fd++ {
		if !slices.Contains(inherited, fd) {
			gaps = append(gaps, fd)
		}
	}
	return files, [2]int{gaps[0], gaps[1]}
}

// freeDescriptors are the two lowest numbers free in a command started now.
func freeDescriptors() [2]int {
	_, free := descriptors(1)
	return free
}

// hand gives the process what it is to become, and takes its listener.
func (pr *Process) hand(socket int, c *Command, params map[string]int64, free [2]int) error {
	values, err := values(pr.plan.prog.Policy, params, pr.PID, free)
	if err != nil {
		return err
	}
	l := launch{Path: c.Path, Args: c.Args, Env: c.Env, Listen: pr.plan.mode.tells()}
	for pc, in := range pr.plan.prog.Fill(values) {
		l.Filter = append(l.Filter, insn{uint32(in.Code), uint32(in.Jt), uint32(in.Jf), in.K})
		ref := pr.plan.prog.Insns[pc].Ref
		if n := ref.Param(); n >= 0 {
			if pin := slices.Index(pins[:], pr.plan.prog.Policy.Params[n].Name); pin >= 0 {
				l.Pins = append(l.Pins, slot{pc, pin, ref.High})
			}
		}
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(l); err != nil {
		return err
	}
	for text.Len() > 0 {
		n, err := unix.SendmsgN(socket, text.Bytes(), nil, nil, unix.MSG_NOSIGNAL)
		if err != nil {
			return fmt.Errorf("handing over the command: %w", err)
		}
		text.Next(n)
	}
	unix.Shutdown(socket, unix.SHUT_WR)
	if l.Listen {
		if pr.listener, err = receive(socket); err != nil {
			return err
		}
	}
	go func() {
		f := os.NewFile(uintptr(socket), "socket")
		defer f.Close()
		text, _ := io.ReadAll(f) // an error is the end of it
		pr.refusal <- string(text)
	}()
	return nil
}

// receive takes a descriptor from a socket, or the reason why there is none.
func receive(socket int) (int, error) {
	text, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	n, rn, _, _, err := unix.Recvmsg(socket, text, rights, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("recvmsg", err)
	}
	if messages, err := unix.ParseSocketControlMessage(rights[:rn]); err == nil && len(messages) == 1 {
		if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
			return fds[0], nil
		}
	}
	if n == 0 {
		return -1, &NotStarted{"the process that was to become it has ended"}
	}
	return -1, &NotStarted{string(text[:n])}
}

// reap waits for the process, whoever listens meanwhile: on older kernels the
// listener learns of the end only after it.
func (pr *Process) reap() {
	for {
		_, err := unix.Wait4(pr.PID, &pr.status, 0, nil)
		if err != unix.EINTR {
			break
		}
	}
	close(pr.ended)
}

// Wait waits for the command to end. The error is *NotStarted if it never began.
func (pr *Process) Wait() (End, error) {
	<-pr.ended
	pr.stop()
	if pr.status.Signaled() {
		return End{128 + int(pr.status.Signal()), unix.SignalName(pr.status.Signal())}, nil
	}
	if reason := <-pr.refusal; reason != "" {
		return End{}, &NotStarted{reason}
	}
	return End{Status: pr.status.ExitStatus()}, nil
}

// pass keeps this process alive until the command has ended, and passes on what is
// sent to it alone. What a terminal sends goes to both.
func (pr *Process) pass(signals <-chan os.Signal) {
	for s := range signals {
		if s != unix.SIGINT && s != unix.SIGQUIT {
			unix.Kill(pr.PID, s.(syscall.Signal))
		}
	}
}

// canTell asks the kernel whether it knows listeners, with no filter at all: EFAULT
// says that it would have gone on (seccomp(2)).
func canTell() bool {
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, 0)
	return errno == unix.EFAULT
}

var errNoListener = errors.New("this kernel cannot tell of calls: that takes SECCOMP_FILTER_FLAG_NEW_LISTENER, and Linux 5.9; or an outer filter denies it")
