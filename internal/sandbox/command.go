package sandbox

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
)

// A Command is what to run, and who helps to.
type Command struct {
	Path   string   // of the executable
	Args   []string // the first is the name of the program
	Env    []string
	Stdout int // the descriptor that becomes its standard output
	// Self is a command line of this executable that ends in a call of Enter with
	// what is added to it.
	Self []string
}

// A Call is a call the command was about to make.
type Call struct {
	Arch    arch.Arch // an AUDIT_ARCH_ value
	Nr      uint32
	Args    [6]uint64
	IP      uint64 // where the instruction after it is
	Thread  int    // its id
	Process int    // the id of its process, 0 if it went away before it could be asked
}

// An End is how a command ended.
type End struct {
	Status int    // its exit status, or 128 and the number of the signal
	Signal string // the one it died of, as in "SIGSYS", or ""
}

// NotStarted is the error of a command that did not begin.
type NotStarted struct{ Reason string }

func (e *NotStarted) Error() string {
	return fmt.Sprintf("the command was not started: %s", e.Reason)
}

// A launch is what the process that becomes the command is told.
type launch struct {
	Path   string
	Args   []string
	Env    []string
	Filter []insn
	Pins   []slot // where in the filter the pinned addresses belong
	Listen bool   // ask the kernel for a listener and hand it over
}

// An insn is an instruction of the filter: code, jt, jf, k.
type insn [4]uint32

// A slot is a word of the address of a pinned argument.
type slot struct {
	PC, Pin int
	High    bool
}
