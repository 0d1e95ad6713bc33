package learn

import (
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// A level is one of the Go runtime's.
type level struct {
	name   string
	policy *rule.Policy
	used   int // calls it allowed that none before it did
}

// levels are those a program written in Go may include. The first two are for
// every program. Those that open files and connections on any descriptor are not
// among them: the calls themselves, with the program's own descriptors, are worth more.
type levels struct {
	list []*level
	init *level // netpoll_init, which a program that is sealed from outside needs
}

// Go has the calls of the Go runtime be those of its levels. It is called before
// the first call is added.
func (t *Trace) Go() error {
	t.levels = &levels{}
	for _, name := range []string{"core", "core_vmaname", "netpoll", "rand", "signals", "crash", "crash_core"} {
		l, err := newLevel(t.Arch, name)
		if err != nil {
			return err
		}
		t.levels.list = append(t.levels.list, l)
	}
	var err error
	t.levels.init, err = newLevel(t.Arch, "netpoll_init")
	return err
}

func newLevel(a arch.Arch, name string) (*level, error) {
	text, _ := baseline.Fragment(name)
	f, errs := gen.Parse("go/"+name, string(text), gen.Tileseal)
	res, list := gen.Resolve(f, a, compile.Plain)
	if err := append(errs, list...).Err(); err != nil {
		return nil, err
	}
	return &level{name: name, policy: res.Policy}, nil
}

// allow reports whether a level allows a call.
func (ls *levels) allow(c *Call) bool {
	for _, l := range ls.list {
		if allows(l.policy, c, nil) {
			l.used++
			return true
		}
	}
	return ls.opensPoller(c) && allows(ls.init.policy, c, nil)
}

// opensPoller keeps netpoll_init to the poller: what it says of reading and writing
// is about any descriptor.
func (ls *levels) opensPoller(c *Call) bool {
	switch name, _ := c.name(); name {
	case "epoll_create1", "eventfd2":
		return true
	}
	_, epoll := c.fileIs(eventPoll)
	_, event := c.fileIs(eventFD)
	return epoll || event
}

// The names of the runtime's descriptors in /proc/PID/fd.
const (
	eventPoll = "anon_inode:[eventpoll]"
	eventFD   = "anon_inode:[eventfd]"
)

// fileIs is the descriptor among the arguments of a call that stands for a file.
func (c *Call) fileIs(file string) (fd uint64, ok bool) {
	i := slices.Index(c.Files[:], file)
	if i < 0 {
		return 0, false
	}
	return c.Args[i], true
}

// includes are the levels the program needs.
func (ls *levels) includes() []string {
	var names []string
	for i, l := range ls.list {
		if l.used > 0 || i < 2 {
			names = append(names, "go/"+l.name)
		}
	}
	return names
}
