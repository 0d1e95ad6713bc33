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

// A Start leaves out the calls by which a program starts: of the command, and of
// each process from an execve on, those that the startup policies allow, up to the
// first they do not.
type Start struct {
	starter  *sandbox.Starter
	starting map[int]bool // processes
	begun    bool         // there was a call
	traced   bool         // the first call may be another program's
}

// NewStart takes what allows the calls of a start, or nil to leave out nothing. The
// first call is the command's.
func NewStart(s *sandbox.Starter) *Start { return &Start{starter: s, starting: map[int]bool{}} }

// Traced begins a trace. If its first call is an execve, that is another program's,
// which starts the command; if not, the command was running already.
func (s *Start) Traced() { s.traced, s.begun, s.starting = true, false, map[int]bool{} }

// Over reports whether a call is one the program makes once it has started.
func (s *Start) Over(c *Call) bool {
	name, _ := c.name()
	exec := name == "execve" || name == "execveat"
	first := !s.begun
	s.begun = true
	switch {
	case first && s.traced:
		s.starting[c.PID] = exec
		return !exec
	case exec:
		s.starting[c.PID] = true
		return true
	case first:
		s.starting[c.PID] = true
	}
	if s.starter == nil || !s.starting[c.PID] {
		return true
	}
	if allows(s.starter.Policy(), c, s.starter.Params(c.PID)) {
		return false
	}
	s.starting[c.PID] = false
	return true
}
