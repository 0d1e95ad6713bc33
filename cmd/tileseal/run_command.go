package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/tileseal/tileseal/internal/sandbox"
)

// An exitStatus is a command's, which run and learn end with. It is no error to
// tell of.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// exitOf is the exit status that an error stands for, 0 if it is another error.
func exitOf(err error) int {
	var s exitStatus
	errors.As(err, &s)
	return int(s)
}

func statusOf(end sandbox.End) error {
	if end.Status == 0 {
		return nil
	}
	return exitStatus(end.Status)
}

// An executable is a command that was found.
type executable struct {
	path    string
	args    []string
	startup []string // what starting it takes
}

// executable finds a command as a shell does, and looks at what it is.
func (c *command) executable(args []string) (*executable, error) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		fmt.Fprintf(c.stderr, "tileseal: %v\n", err)
		return nil, exitStatus(127)
	}
	startup, err := sandbox.Startup(path)
	if err != nil {
		fmt.Fprintf(c.stderr, "tileseal: %v\n", err)
		return nil, exitStatus(126)
	}
	return &executable{path, args, startup}, nil
}

func (e *executable) command(stdout int) *sandbox.Command {
	return &sandbox.Command{Path: e.path, Args: e.args, Env: os.Environ(), Stdout: stdout, Self: []string{os.Args[0], "run", enterFlag}}
}

// notStarted tells of a command that did not begin.
func notStarted(c *command, err error) error {
	var n *sandbox.NotStarted
	if !errors.As(err, &n) {
		return err
	}
	fmt.Fprintf(c.stderr, "tileseal: %v\n", err)
	return exitStatus(126)
}

// printStartup writes the policies of what starting it takes.
func (e *executable) printStartup(c *command) error {
	for i, name := range e.startup {
		text, err := sandbox.Text(name)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(c.stdout)
		}
		c.stdout.Write(text)
	}
	return nil
}
