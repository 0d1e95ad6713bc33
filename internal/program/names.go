package program

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/cexpr"
)

// names gives C's names their values: those of the kernel's headers, and with an
// architecture the numbers of its system calls.
type names struct{ arch arch.Arch }

// Ident is the value of a constant. Without an architecture it has one if it is
// the same on several that differ most.
func (n names) Ident(name string) (cexpr.Value, error) {
	call, isNumber := strings.CutPrefix(name, "__NR_")
	if !isNumber {
		call, isNumber = strings.CutPrefix(name, "SYS_")
	}
	switch {
	case isNumber && n.arch == 0:
		return cexpr.Value{}, fmt.Errorf("%s depends on the architecture, which is not known here", name)
	case isNumber:
		nr, ok := n.arch.Number(call)
		if !ok {
			return cexpr.Value{}, fmt.Errorf("%v has no system call %q", n.arch, call)
		}
		return cexpr.Of(uint64(nr), 32, true), nil
	case name == "__X32_SYSCALL_BIT":
		return cexpr.Of(arch.X32Bit, 32, true), nil
	}
	archs := []arch.Arch{n.arch}
	if n.arch == 0 {
		archs = []arch.Arch{arch.X86_64, arch.AArch64, arch.MIPS, arch.PARISC}
	}
	var c cconst.Const
	for i, a := range archs {
		on, ok := cconst.Lookup(a, name)
		switch {
		case !ok && i > 0, ok && i > 0 && on != c:
			return cexpr.Value{}, fmt.Errorf("%s depends on the architecture, which is not known here", name)
		case !ok:
			return cexpr.Value{}, fmt.Errorf("%s is no constant known here", name)
		}
		c = on
	}
	return cexpr.Of(c.Value, 8*c.Type.Size(), c.Type.Signed()), nil
}

// Sizeof is no size: [names.value] has put in those that matter here.
func (n names) Sizeof(typ string) (uint64, error) {
	return 0, fmt.Errorf("the size of %q is not known here", typ)
}

var offsetOf = regexp.MustCompile(`\b(?:__builtin_)?offsetof\s*\(\s*struct\s+seccomp_data\s*,\s*(\w+)\s*(?:\[\s*([0-5])\s*\]\s*)?\)`)

// sizeOf32 is how C adds the size of half an argument to its offset.
var sizeOf32 = regexp.MustCompile(`sizeof\s*\(\s*(__[us]32|uint32_t|int32_t|(unsigned )?int)\s*\)`)

// fieldOffset is the offset of a member of struct seccomp_data.
func fieldOffset(member, index string) (int, bool) {
	switch off := map[string]int{"nr": bpf.OffNr, "arch": bpf.OffArch, "instruction_pointer": bpf.OffIP}; {
	case member == "args":
		n, _ := strconv.Atoi(index)
		return bpf.OffArgs + 8*n, true
	default:
		n, ok := off[member]
		return n, ok && index == ""
	}
}

// value is that of a C expression which fits 32 bits, signed or not.
func (n names) value(text string) (uint32, *cexpr.Error) {
	plain := offsetOf.ReplaceAllStringFunc(text, func(s string) string {
		m := offsetOf.FindStringSubmatch(s)
		off, ok := fieldOffset(m[1], m[2])
		if !ok {
			return s
		}
		return fmt.Sprintf("%-*d", len(s), off) // as long, so that errors stay in place
	})
	plain = sizeOf32.ReplaceAllStringFunc(plain, func(s string) string { return fmt.Sprintf("%-*d", len(s), 4) })
	v, err := cexpr.Eval(plain, n)
	if bad := (*cexpr.Error)(nil); errors.As(err, &bad) {
		return 0, bad
	}
	if high := v.V >> 32; high != 0 && !(v.Signed && high == 1<<32-1 && v.V>>31&1 == 1) {
		return 0, &cexpr.Error{Err: fmt.Errorf("%s does not fit 32 bits", strings.TrimSpace(text))}
	}
	return uint32(v.V), nil
}
