//go:build !linux

package doctor

import "runtime"

// machine says that there is nothing to find out.
func machine(self []string) []Fact {
	return []Fact{{Topic: "kernel", Name: "seccomp", Value: "no: it is a part of Linux, and this is " + runtime.GOOS, How: "constant"}}
}
