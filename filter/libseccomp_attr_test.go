package filter_test

import "github.com/tileseal/tileseal/filter"

// The attributes, SCMP_FLTATR_ in libseccomp's seccomp.h.
const (
	attrDefault = iota + 1
	attrBadArch
	attrNNP
	attrTsync
	attrTskip
	attrLog
	attrSSB
	attrOptimize
	attrRawRC
	attrWaitKill
)

func (l *lseccomp) set(x *lctx, c lcall) int {
	if c.Value == nil {
		return einval
	}
	v := uint32(*c.Value)
	level := map[int]int{attrTsync: 2, attrLog: 3, attrSSB: 4}[c.AttrRaw]
	switch {
	case c.AttrRaw == attrDefault:
		return eacces
	case c.AttrRaw < attrDefault || c.AttrRaw > attrWaitKill:
		return einval
	case c.AttrRaw == attrBadArch:
		if !l.action(v) {
			return einval
		}
		x.Foreign = filter.Action(v)
		return 0
	case c.AttrRaw == attrOptimize:
		if v != 1 && v != 2 {
			return eopnotsupp
		}
		x.Tree = v == 2
	case l.level < level:
		return eopnotsupp
	default:
		v = min(v, 1)
	}
	x.attrs[c.AttrRaw] = v
	return 0
}

// get compares the value, too: -1 is for one that is wrong.
func (l *lseccomp) get(x *lctx, c lcall) int {
	v := x.attrs[c.AttrRaw]
	switch {
	case c.AttrRaw < attrDefault || c.AttrRaw > attrWaitKill:
		return einval
	case c.AttrRaw == attrDefault:
		v = uint32(x.Default())
	case c.AttrRaw == attrBadArch:
		v = uint32(x.Foreign)
	}
	if c.Value == nil || uint32(*c.Value) != v {
		return eperm
	}
	return 0
}

func (l *lseccomp) merge(x, y *lctx) int {
	if y == nil || l.dead(y) || x.attrs[attrNNP] != y.attrs[attrNNP] || x.attrs[attrTsync] != y.attrs[attrTsync] {
		return einval
	}
	return code(x.Merge(y.Filter))
}

// export makes the program. Descriptors above 2 are not open in the recorded
// programs.
func (l *lseccomp) export(x *lctx, c lcall) int {
	p, err := x.Program()
	switch {
	case err != nil:
		return code(err)
	case c.FD > 2 && x.attrs[attrRawRC] != 0:
		return ebadf
	case c.FD > 2:
		return ecanceled
	}
	if c.Fn == "export_bpf" {
		l.exported, l.archs = p, x.Archs()
		return 0
	}
	if _, err := x.PseudoCode(); err != nil {
		return code(err)
	}
	return 0
}

// exportMem has no length to compare: our programs are not as long as
// libseccomp's.
func (l *lseccomp) exportMem(x *lctx, c lcall) int {
	p, err := x.Program()
	switch {
	case c.LenIn < 0:
		return einval
	case err != nil:
		return code(err)
	case c.Buf && c.LenIn < len(p.Bytes()):
		return erange
	}
	return 0
}
