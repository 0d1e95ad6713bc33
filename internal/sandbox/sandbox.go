// Package sandbox runs a command under a policy from its first instruction on, or
// lets it run and tells which of its calls the policy would not have allowed, or
// all of them.
//
// The filter is the policy's, and what it takes to start a program: the policies
// in directory startup, and one execve. That one is told from any other by the
// addresses of its three arguments, which are chosen at random for it and are
// known to nobody afterwards. So the program cannot execute another, unless the
// policy lets it: it would have to guess them.
//
// A second process does the work, as a Go program can run no code of its own between
// fork and exec: this executable, started again with a mark (see [Enter]). It
// gets the program of the filter and the command through a socket, installs the one
// on one of its threads, and becomes the other. The first stays without a filter
// and, if it is to be told, answers the kernel's notifications
// (seccomp_unotify(2)), letting each call through.
//
// Linux only: 4.14 to run, 5.9 to be told.
package sandbox

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// A Mode is what happens to the calls that a policy does not allow.
type Mode int

const (
	Enforce Mode = iota // what the policy says
	Explain             // calls it would have killed for are told, and let through
	Log                 // calls it would have killed for are logged by the kernel, and let through
	Record              // every call is told, and let through; there is no policy
)

// tells reports whether the kernel is to tell us of calls.
func (m Mode) tells() bool { return m == Explain || m == Record }

// A Plan is a program for the kernel, but for the values of its parameters.
type Plan struct {
	mode Mode
	prog *compile.Program
}

// The names of parameters that are filled in here have a space, so that no policy
// has one of the same name.
const (
	startupPrefix = "startup "
	pinPrefix     = "exec "
)

// The pinned arguments of execve.
var pins = [...]string{pinPrefix + "path", pinPrefix + "argv", pinPrefix + "envv"}

// NewPlan compiles a policy of this machine's architecture together with the
// startup policies named, see [Startup], and proves the program equal to them.
// The policy is not changed. It is nil for Record.
//
// An error of a policy that cannot be run like this says why.
func NewPlan(p *rule.Policy, startup []string, mode Mode) (*Plan, error) {
	var err error
	if mode == Record {
		p, err = recording()
	} else {
		p, err = withStartup(p, startup)
	}
	if err != nil {
		return nil, err
	}
	if p, err = inMode(p, mode); err != nil {
		return nil, err
	}
	prog, err := compile.Compile(p, compile.Plain)
	if err != nil {
		return nil, err
	}
	if _, err := prove.Equal(gen.Provable(prog), p); err != nil {
		return nil, fmt.Errorf("the program cannot be used: %v; please report this", err)
	}
	return &Plan{mode, prog}, nil
}

// recording is the policy that has the kernel tell every call.
func recording() (*rule.Policy, error) {
	f, errs := gen.Parse("record", "noarg\n", gen.Tileseal)
	res, list := gen.Resolve(f, arch.Native(), compile.Plain)
	if err := append(errs, list...).Err(); err != nil {
		return nil, err
	}
	res.Default = rule.UserNotif
	return res.Policy, nil
}

// inMode is p with other actions in the place of those that kill. The execve that
// starts the command is told, too, where anything is: that is how the one who
// listens knows where the command begins.
func inMode(p *rule.Policy, mode Mode) (*rule.Policy, error) {
	if mode != Enforce && mode != Record && usesNotify(p) {
		return nil, fmt.Errorf("the policy has an action notify of its own, and a call can be told to one listener only; run it without -explain and -log, under its own")
	}
	to := map[Mode]rule.Action{Explain: rule.UserNotif, Log: rule.Log}[mode]
	change := func(a rule.Action) rule.Action {
		switch a.Kind() {
		case rule.KillProcess, rule.KillThread, rule.Trap:
			if to != 0 {
				return to
			}
		}
		return a
	}
	q := *p
	q.Default = change(p.Default)
	if p.Newer != nil {
		q.Newer = &rule.Newer{Last: p.Newer.Last, Action: change(p.Newer.Action)}
	}
	q.Calls = make([]rule.Call, len(p.Calls))
	for i, c := range p.Calls {
		cases := make([]rule.Case, len(c.Cases))
		for j, k := range c.Cases {
			if k.Action = change(k.Action); mode.tells() && isStart(k) {
				k.Action = rule.UserNotif
			}
			cases[j] = k
		}
		c.Cases = cases
		q.Calls[i] = c
	}
	return &q, nil
}

func usesNotify(p *rule.Policy) bool {
	found := p.Default == rule.UserNotif
	for _, c := range p.Calls {
		for _, k := range c.Cases {
			found = found || k.Action == rule.UserNotif
		}
	}
	return found
}

// values are those of the parameters, in their order. Those of the policy are
// given by name; those that are known once the process exists need not be.
func values(p *rule.Policy, given map[string]int64, pid int, free [2]int) ([]uint64, error) {
	var values []uint64
	for _, q := range p.Params {
		v, ok := given[q.Name]
		switch {
		case ok:
		case strings.HasPrefix(q.Name, pinPrefix):
			v = 0 // see region
		case q.Name == startupPrefix+"start_fd":
			v = int64(free[0])
		case q.Name == startupPrefix+"next_fd":
			v = int64(free[1])
		case OwnID(q.Name):
			v = int64(pid)
		case Unknown(q.Name):
			v = -1
		default:
			return nil, fmt.Errorf("the parameter %s has no value", q.Name)
		}
		if err := q.Check(v); err != nil {
			return nil, err
		}
		values = append(values, uint64(v))
	}
	return values, nil
}

// OwnID reports whether a parameter of this name is the command's own process id,
// unless it is given: pid, and go_pid of the Go runtime's levels.
func OwnID(name string) bool { return name == "pid" || name == "go_pid" }

// Unknown reports whether a parameter of this name belongs to the Go runtime's
// levels and can have no value before the program runs. It is -1, which no
// descriptor is, unless it is given; startup policy go allows what takes its place.
func Unknown(name string) bool { return name == "go_epoll_fd" || name == "go_event_fd" }
