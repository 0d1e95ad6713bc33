package learn

import (
	"strings"

	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/sandbox"
)

// paths are arguments that point to the name of a file, by the kernel's names for
// them.
const paths = " filename path pathname oldname newname "

// FromKernel is a call as the kernel tells it, with what its descriptors and
// names of files are.
// The caller of it waits meanwhile.
func FromKernel(c sandbox.Call) Call {
	out := Call{Arch: c.Arch, Nr: c.Nr, Args: c.Args, PID: c.Process}
	name, ok := out.name()
	if !ok {
		return out
	}
	args, _ := proto.Of(c.Arch, name)
	for i, a := range args {
		if fd := int32(c.Args[i]); (a.Kind == proto.FD || a.Kind == proto.DirFD) && fd > 2 {
			out.Files[i] = c.File(fd)
		}
		if a.Kind == proto.Pointer && strings.Contains(paths, " "+a.Name+" ") {
			out.Texts[i] = c.Text(c.Args[i])
		}
	}
	return out
}

// A Start leaves out the calls by which a program starts: of each process, from an
// execve on, those that the startup policies allow, up to the first they do not.
type Start struct {
	starter *sandbox.Starter
	running map[int]bool // processes that have started
	Outer   bool         // the next execve is the one that starts the command, made by another program
}

// NewStart takes what allows the calls of a start, or nil to leave out nothing.
func NewStart(s *sandbox.Starter) *Start { return &Start{starter: s, running: map[int]bool{}} }

// Over reports whether a call is one the program makes once it has started.
func (s *Start) Over(c *Call) bool {
	name, _ := c.name()
	if s.Outer && name == "execve" {
		s.Outer = false
		return false
	}
	if s.starter == nil {
		return true
	}
	if name == "execve" || name == "execveat" {
		s.running[c.PID] = false
		return true
	}
	if !s.running[c.PID] && allows(s.starter.Policy(), c, s.starter.Params(c.PID)) {
		return false
	}
	s.running[c.PID] = true
	return true
}
