//go:build !linux

package sandbox

import (
	"errors"
	"fmt"
	"runtime"
)

var errPlatform = fmt.Errorf("seccomp is a part of Linux; %s has none: %w", runtime.GOOS, errors.ErrUnsupported)

// A Process is a command that has been started; there is none.
type Process struct{ PID int }

// Start returns an error: commands run under a filter on Linux only.
func (p *Plan) Start(c *Command, params map[string]int64) (*Process, error) { return nil, errPlatform }

// Listen returns an error.
func (pr *Process) Listen(note func(Call)) error { return errPlatform }

// Wait returns an error.
func (pr *Process) Wait() (End, error) { return End{}, errPlatform }

func freeDescriptors() [2]int { return [2]int{3, 4} }

// File is "".
func (c Call) File(fd int32) string { return "" }

// Text is "".
func (c Call) Text(addr uint64) string { return "" }

// Enter returns at once.
func Enter(arg string) {}

// A KernelLog is what the kernel logs; there is nothing.
type KernelLog struct{}

// OpenLog does nothing.
func OpenLog() *KernelLog { return nil }

// Killed returns an error.
func (l *KernelLog) Killed(pid int) (string, error) { return "", errPlatform }

// LogPlace is "".
func LogPlace() string { return "" }
