// Package lint finds what is legal in a policy and still rarely meant: calls
// no tile should have, memory that is writable and executable, conditions
// that look stricter than they are. Each rule has a code, L1 to L10:
//
//	L1   calls that change the machine or the kernel, and defaults that allow
//	L2   io_uring, whose work no filter sees
//	L3   calls whose flags lie behind a pointer
//	L4   ptrace, bpf and other ways into other processes or the kernel's depths
//	L5   memory that is writable and executable
//	L6   ioctl with any request, or with TIOCSTI or TIOCLINUX
//	L7   one of two calls that do the same, checked less or missing
//	L8   a Go program that cannot report its panics
//	L9   execve
//	L10  includes that allow nothing, numbers that are other constants on
//	     another architecture, directories that confine no path
//
// The rules look at what a policy means, not at how it is written: whether an
// argument can have a value is proven. A comment with a reason waives a
// finding:
//
//	# allow L5: the JIT writes code where it runs
//	mprotect
//
// It stands directly above the entry, or behind it on its line. A waiver without a
// reason, with an unknown code, or that waives nothing is an error.
package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// Codes are the codes of the rules.
var Codes = []string{"L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10"}

// A Finding is one thing in a policy that is rarely meant.
type Finding struct {
	Pos    gen.Pos
	Code   string
	Msg    string   // what it is, and what to do
	Archs  []string // the architectures it is on, if not on all that were checked
	Reason string   // that waives it; "": none does
}

// Error is the finding as the command prints it.
func (f Finding) Error() string {
	s := fmt.Sprintf("%v: %s: %s", f.Pos, f.Code, f.Msg)
	if f.Archs != nil {
		s += " (on " + strings.Join(f.Archs, ", ") + ")"
	}
	return s
}

// Check reads a policy, compiles it for the architectures given, and applies
// the rules to what it means on each. The findings are in the order of the
// text, those that are waived among them. The list holds everything else that
// is wrong with the policy or its waivers; if its Err is not nil, findings may be
// missing.
//
// What a file includes is checked too: the findings in another file are placed
// and waived there, those in a level of the Go runtime at its include.
func Check(name, text string, d gen.Dialect, archs []arch.Arch, layout compile.Layout) ([]Finding, gen.ErrorList) {
	f, targets, errs := gen.Read(name, text, d, archs, layout)
	c := &checker{file: f, layout: layout, targets: targets, texts: readAll(f)}
	for _, t := range targets {
		c.target = t
		for _, find := range rules {
			find(c)
		}
	}
	if len(targets) > 0 {
		c.includes()
		c.constants()
	}
	c.sort(len(archs))
	return c.found, append(errs, c.waive(errs.Err() == nil)...)
}

// rules are those that look at one architecture at a time.
var rules = []func(*checker){
	(*checker).defaults, (*checker).calls, (*checker).memory, (*checker).ioctl,
	(*checker).aliases, (*checker).crash, (*checker).dirfds,
}

// A checker applies the rules to one policy.
type checker struct {
	file    *gen.File
	layout  compile.Layout
	targets []gen.Target // one an architecture
	target  gen.Target   // of them, the one being checked
	texts   texts
	found   []Finding
}

// add adds a finding on the current architecture.
func (c *checker) add(at rule.Src, code, format string, args ...any) {
	c.addOn(c.target.Arch, at, code, format, args...)
}

func (c *checker) addOn(a arch.Arch, at rule.Src, code, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	pos, level := c.texts.place(at)
	if level != "" {
		msg = level + ": " + msg
	}
	name := gen.ArchName(a)
	for i := range c.found {
		if f := &c.found[i]; f.Pos == pos && f.Code == code && f.Msg == msg {
			if !slices.Contains(f.Archs, name) {
				f.Archs = append(f.Archs, name)
			}
			return
		}
	}
	c.found = append(c.found, Finding{Pos: pos, Code: code, Msg: msg, Archs: []string{name}})
}

// sort puts the findings in the order of the text, the policy's own file
// first.
func (c *checker) sort(archs int) {
	for i := range c.found {
		if f := &c.found[i]; len(f.Archs) == archs {
			f.Archs = nil
		}
	}
	own := func(f Finding) int {
		if f.Pos.File == c.file.Name {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(own(a)-own(b), strings.Compare(a.Pos.File, b.Pos.File), a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col)
	})
}
