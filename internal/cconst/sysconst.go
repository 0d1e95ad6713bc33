package cconst

import (
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// SysConst is the name x/sys/unix gives the number of a system call on a:
// SYS_WRITE. The call is named as in arch's table; ok is false if a has no
// such call, or no GOARCH, and for the private calls of 32-bit Arm.
//
// There are no other exceptions: x/sys names every call of the tables after
// the kernel's table. A test holds the two versions in go.mod and in
// [arch.KernelRelease] to that.
func SysConst(a arch.Arch, call string) (ident string, ok bool) {
	nr, ok := a.Number(call)
	if last, _ := a.LastNumber(); !ok || nr > last || a.GOARCH() == "" {
		return "", false
	}
	return "SYS_" + strings.ToUpper(call), true
}
