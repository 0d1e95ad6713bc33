package cconst

import (
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// SysConst is the name x/sys/unix gives the number of a system call on a:
// SYS_WRITE. The call is named as in arch's table; ok is false if a has no
// such call.
//
// There are no exceptions: x/sys names every call of the three tables after
// the kernel's table. A test holds the two versions in go.mod and in
// [arch.KernelRelease] to that.
func SysConst(a arch.Arch, call string) (ident string, ok bool) {
	if _, ok := a.Number(call); !ok {
		return "", false
	}
	return "SYS_" + strings.ToUpper(call), true
}
