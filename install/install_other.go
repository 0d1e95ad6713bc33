//go:build !linux

package install

import "runtime"

// Seccomp is Linux's. Elsewhere the functions exist, so that a program can be
// compiled, and say that they did nothing.

func unsupported() error { return &UnsupportedError{What: "seccomp on " + runtime.GOOS} }

// Process returns an [*UnsupportedError].
func Process[Insn any](filter []Insn, flags ...Flag) error { return unsupported() }

// Thread returns an [*UnsupportedError].
func Thread[Insn any](filter []Insn, flags ...Flag) error { return unsupported() }

// Exec returns an [*UnsupportedError].
func Exec[Insn any](filter []Insn, path string, argv, envv []string, flags ...Flag) error {
	return unsupported()
}

// Staging returns filter as it is.
func Staging[Insn any](filter []Insn) []Insn { return filter }

// Verify returns an [*UnsupportedError].
func Verify(pid int) error { return unsupported() }

// Probe returns an [*UnsupportedError].
func Probe() (Features, error) { return Features{}, unsupported() }
