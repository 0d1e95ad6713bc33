//go:build !linux

package goruntime

import "runtime"

// Prepare makes this process ready to be sealed by a program made for l. It
// always fails here: seccomp is Linux's.
func Prepare(l Levels) (Runtime, error) {
	return Runtime{}, &Error{Reason: ErrPlatform, Found: runtime.GOOS + " has no seccomp", Do: "seal on Linux"}
}

// FillDescriptors always fails here: seccomp is Linux's.
func FillDescriptors() (last int, err error) {
	return -1, &Error{Reason: ErrPlatform, Found: runtime.GOOS + " has no seccomp", Do: "seal on Linux"}
}
