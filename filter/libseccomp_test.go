package filter_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
)

// A recording is a file of what programs called of libseccomp and what came
// back: the shape of ../shared/libseccomp/conformance.json.
type recording struct {
	Native string
	Tests  []session
}

type session struct {
	Name    string
	Native  string // "" for that of the recording
	Since   string
	Calls   []lcall
	Vectors []vector
}

// An lcall is one call of libseccomp. Which fields it has depends on Fn.
type lcall struct {
	Fn        string
	Ctx       int
	RetCtx    int `json:"ret_ctx"`
	Src       int
	RC        int
	Ret       json.RawMessage
	ActionRaw uint32 `json:"action_raw"`
	ArchRaw   uint32 `json:"arch_raw"`
	Syscall   int64
	Name      *string
	ArgCnt    int `json:"arg_cnt"`
	Args      []larg
	AttrRaw   int `json:"attr_raw"`
	Value     *int64
	Priority  uint8
	FD        int
	Buf       bool
	LenIn     int `json:"len_in"`
	LenOut    int `json:"len_out"`
	Level     int
}

type larg struct {
	Arg  int
	Op   string
	A, B uint64
}

func (c lcall) String() string {
	name := ""
	if c.Name != nil {
		name = " " + *c.Name
	}
	return fmt.Sprintf("%s(ctx %d, action %#x, arch %#x, syscall %d%s, args %v, attr %d)", c.Fn, c.Ctx, c.ActionRaw, c.ArchRaw, c.Syscall, name, c.Args, c.AttrRaw)
}

// The errno values libseccomp returns.
const (
	eperm      = -1
	ebadf      = -9
	eacces     = -13
	efault     = -14
	eexist     = -17
	einval     = -22
	edom       = -33
	erange     = -34
	eopnotsupp = -95
	ecanceled  = -125
)

// An lctx is what libseccomp keeps for a context and a Filter does not: the
// attributes.
type lctx struct {
	*filter.Filter
	attrs map[int]uint32
}

// An lseccomp maps libseccomp's calls and return codes onto this package.
type lseccomp struct {
	native arch.Arch
	main   bool // the session is of libseccomp's main branch
	level  int
	ctxs   map[int]*lctx

	exported *filter.Program // by the last export_bpf that succeeded
	archs    arch.Set        // of that
}

// do makes one call. known is false for calls that are not replayed: those
// about the kernel, and of the resolver.
func (l *lseccomp) do(c lcall) (rc int, known bool) {
	x := l.ctxs[c.Ctx]
	switch c.Fn {
	case "init":
		return 0, true // answered by start
	case "release":
		delete(l.ctxs, c.Ctx)
		return 0, true
	case "api_set":
		if c.Level < 1 || c.Level > 7 {
			return einval, true
		}
		l.level = c.Level
		return 0, true
	case "reset":
		return l.reset(x, c), true
	case "arch_resolve_name", "arch_native":
		return 0, true // compared by resolves
	case "arch_exist", "arch_add", "arch_remove":
		return l.arch(x, c), true
	case "load", "notify_fd":
		if x == nil || l.dead(x) {
			return einval, true
		}
		return 0, false
	}
	known = strings.HasPrefix(c.Fn, "rule_add") || strings.HasPrefix(c.Fn, "export_") || strings.HasPrefix(c.Fn, "attr_") ||
		strings.HasPrefix(c.Fn, "transaction_") || slices.Contains([]string{"merge", "syscall_priority", "precompute"}, c.Fn)
	if known && (x == nil || l.dead(x)) {
		return einval, true
	}
	switch c.Fn {
	case "rule_add", "rule_add_array":
		return l.add(x, c, false), true
	case "rule_add_exact", "rule_add_exact_array":
		return l.add(x, c, true), true
	case "syscall_priority":
		return l.prioritize(x, c), true
	case "attr_set":
		return l.set(x, c), true
	case "attr_get":
		return l.get(x, c), true
	case "merge":
		return l.merge(x, l.ctxs[c.Src]), true
	case "transaction_start":
		return code(x.Begin()), true
	case "transaction_commit":
		x.Commit()
	case "transaction_reject":
		x.Reject()
	case "precompute":
		_, err := x.Program()
		return code(err), true
	case "export_bpf", "export_pfc":
		return l.export(x, c), true
	case "export_bpf_mem":
		return l.exportMem(x, c), true
	}
	return 0, known
}

func (l *lseccomp) dead(x *lctx) bool {
	set := x.Archs()
	return set.Len() == 0
}

// code is the return code for an error of this package.
func code(err error) int {
	for _, e := range []struct {
		err error
		rc  int
	}{
		{arch.ErrUnknown, einval}, {arch.ErrPresent, eexist}, {arch.ErrAbsent, eexist}, {arch.ErrByteOrder, edom},
		{filter.ErrNoArch, einval}, {filter.ErrAction, einval}, {filter.ErrCond, einval}, {filter.ErrDefault, eacces},
		{filter.ErrSeveral, eopnotsupp}, {filter.ErrAbsentCall, edom}, {filter.ErrMultiplexed, einval},
		{filter.ErrConflict, eexist}, {filter.ErrMerge, einval},
	} {
		if errors.Is(err, e.err) {
			return e.rc
		}
	}
	if err != nil {
		return eperm // none that libseccomp returns
	}
	return 0
}

// start is seccomp_init: a context, or nil where libseccomp gives none.
func (l *lseccomp) start(action uint32) *lctx {
	if !l.action(action) {
		return nil
	}
	f, err := filter.New(filter.Action(action), l.native)
	if err != nil {
		return nil
	}
	x := &lctx{Filter: f}
	x.begin()
	return x
}

// begin gives a context the attributes of a fresh one.
func (x *lctx) begin() {
	x.Foreign = filter.KillThread
	x.attrs = map[int]uint32{attrNNP: 1, attrOptimize: 1}
}

func (l *lseccomp) reset(x *lctx, c lcall) int {
	if c.Ctx == 0 {
		return 0
	}
	if x == nil || !l.action(c.ActionRaw) {
		return einval
	}
	if err := x.Reset(filter.Action(c.ActionRaw), l.native); err != nil {
		return code(err)
	}
	x.begin()
	return 0
}

// action reports whether libseccomp takes an action, which depends on the API
// level and differs from what the kernel takes.
func (l *lseccomp) action(a uint32) bool {
	data := a & 0xffff
	switch filter.Action(a &^ 0xffff) {
	case filter.KillThread, filter.Allow:
		return data == 0
	case filter.KillProcess, filter.Log:
		return data == 0 && l.level >= 3
	case filter.Notify:
		return data == 0 && l.level >= 5
	case filter.Trap:
		return data == 0 || l.main
	case filter.Errno:
		return data < 4095
	case filter.Trace:
		return true
	}
	return false
}

func (l *lseccomp) token(t uint32) arch.Arch {
	if t == 0 {
		return l.native
	}
	return arch.Arch(t)
}

func (l *lseccomp) arch(x *lctx, c lcall) int {
	a := l.token(c.ArchRaw)
	if !a.Valid() || x == nil {
		return einval
	}
	switch c.Fn {
	case "arch_add":
		return code(x.AddArch(a))
	case "arch_remove":
		return code(x.RemoveArch(a))
	}
	if set := x.Archs(); !set.Has(a) {
		return eexist
	}
	return 0
}

// resolves reports what a look-up of an architecture answers.
func (l *lseccomp) resolves(c lcall) uint32 {
	if c.Fn == "arch_native" {
		return uint32(l.native)
	}
	if c.Name == nil {
		return 0
	}
	a, err := arch.ByName(*c.Name)
	if err != nil || a.String() != *c.Name { // libseccomp has one spelling each
		return 0
	}
	return uint32(a)
}

var ops = map[string]filter.Op{
	"NE": filter.NE, "LT": filter.LT, "LE": filter.LE, "EQ": filter.EQ, "GE": filter.GE, "GT": filter.GT, "MASKED_EQ": filter.MaskedEQ,
}

func conds(args []larg) []filter.Cond {
	var out []filter.Cond
	for _, a := range args {
		c := filter.Cond{Arg: a.Arg, Op: ops[a.Op], Value: a.A}
		if c.Op == filter.MaskedEQ {
			c.Mask, c.Value = a.A, a.B
		}
		out = append(out, c)
	}
	return out
}

// reserved reports whether libseccomp refuses a number at once.
func (x *lctx) reserved(nr int64) bool {
	return nr <= -1 && nr >= -99 && (nr != -1 || x.attrs[attrTskip] == 0)
}

// alone reports whether native is x's only architecture: then any number will
// do. Otherwise numbers are names.
func (l *lseccomp) alone(x *lctx) bool {
	set := x.Archs()
	return set.Len() == 1 && set.Has(l.native)
}

func (l *lseccomp) add(x *lctx, c lcall, exact bool) int {
	if x.reserved(c.Syscall) || c.ArgCnt > 6 || c.ArgCnt > 0 && c.Args == nil || !l.action(c.ActionRaw) {
		return einval
	}
	r := filter.Rule{Action: filter.Action(c.ActionRaw), When: conds(c.Args), Exact: exact, Safe: true}
	if c.Name != nil {
		r.Call = *c.Name
		err := x.Add(r)
		if !errors.Is(err, filter.ErrUnknownCall) {
			return code(err)
		}
	}
	switch {
	case c.Syscall == -1:
		return code(x.AddNumber(filter.Skipped, r))
	case c.Syscall >= 0 && l.alone(x):
		return code(x.AddNumber(uint32(c.Syscall), r))
	}
	// A number of no call: the rest of the rule is checked all the same, as
	// one about a call that the native architecture lacks.
	if err := x.Begin(); err != nil {
		return code(err)
	}
	defer x.Reject()
	r.Call = l.absent()
	err := x.Add(r)
	if l.alone(x) || err != nil && !errors.Is(err, filter.ErrAbsentCall) && !errors.Is(err, filter.ErrConflict) && !errors.Is(err, filter.ErrMultiplexed) {
		return code(err)
	}
	return efault
}

// absent is some call the native architecture does not have.
func (l *lseccomp) absent() string {
	for _, a := range arch.All() {
		for name := range a.Syscalls() {
			_, direct := l.native.Number(name)
			_, _, multiplexed := l.native.Multiplexed(name)
			if !direct && !multiplexed {
				return name
			}
		}
	}
	panic("an architecture that has every call")
}

func (l *lseccomp) prioritize(x *lctx, c lcall) int {
	if x.reserved(c.Syscall) {
		return einval
	}
	if c.Name != nil {
		if err := x.Prioritize(*c.Name, c.Priority); !errors.Is(err, filter.ErrUnknownCall) {
			return code(err)
		}
	}
	switch {
	case c.Syscall == -1:
		return code(x.PrioritizeNumber(filter.Skipped, c.Priority))
	case !l.alone(x):
		return efault
	case c.Syscall >= 0:
		return code(x.PrioritizeNumber(uint32(c.Syscall), c.Priority))
	}
	return 0
}
