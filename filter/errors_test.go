package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
)

// TestErrors is what a filter refuses, each with the words of it.
func TestErrors(t *testing.T) {
	two := newFilter(t, deny, arch.X86_64, arch.X86)
	one := newFilter(t, deny, arch.X86_64)
	none := newFilter(t, deny)
	allow := func(r filter.Rule) filter.Rule { r.Action = filter.Allow; return r }
	other := newFilter(t, filter.Allow, arch.ARM)
	big := newFilter(t, deny, arch.PPC)
	odd := newFilter(t, deny, arch.ARM)
	odd.Foreign = 0x12340000
	conflict := newFilter(t, deny, arch.X86)
	add(t, conflict, "read", filter.Log, cond(0, filter.EQ, 1))
	_, large := newLarge(t).Program()
	for _, tc := range []struct {
		err  error
		want error
		text string
	}{
		{second(filter.New(filter.Allow + 1)), filter.ErrAction, "filter: default action: not an action: allow(1); this action has no data"},
		{second(filter.New(filter.Errno | 4096)), filter.ErrAction, "an errno is at most 4095"},
		{second(filter.New(filter.Allow, 5)), arch.ErrUnknown, "filter: arch: add Arch(0x5): not an architecture"},
		{second(filter.New(filter.Allow, arch.X86, arch.X86)), arch.ErrPresent, ""},
		{two.AddArch(arch.X86), arch.ErrPresent, "filter: arch: add x86 to x86_64, x86: already present"},
		{two.AddArch(arch.S390), arch.ErrByteOrder, ""},
		{two.RemoveArch(arch.ARM), arch.ErrAbsent, ""},
		{none.Add(allow(filter.Rule{Call: "read"})), filter.ErrNoArch, "filter: add read: the filter has no architecture"},
		{none.Prioritize("read", 1), filter.ErrNoArch, ""},
		{none.PrioritizeNumber(1, 1), filter.ErrNoArch, ""},
		{none.Begin(), filter.ErrNoArch, ""},
		{second(none.Program()), filter.ErrNoArch, "filter: compile: the filter has no architecture"},
		{second(none.PseudoCode()), filter.ErrNoArch, ""},
		{one.Merge(none), filter.ErrNoArch, ""},
		{one.Merge(two), arch.ErrPresent, ""},
		{one.Merge(other), filter.ErrMerge, "filter: merge: the filters have different default actions, errno(1) and allow"},
		{one.Merge(big), arch.ErrByteOrder, ""},
		{one.Add(filter.Rule{Call: "read", Action: deny}), filter.ErrDefault, ""},
		{one.Add(filter.Rule{Call: "read", Action: 0x12340000}), filter.ErrAction, ""},
		{one.Add(allow(filter.Rule{Call: "raed"})), filter.ErrUnknownCall, "filter: add raed: no architecture has such a call"},
		{one.Prioritize("raed", 1), filter.ErrUnknownCall, ""},
		{one.Add(allow(filter.Rule{Call: "waitpid", Exact: true})), filter.ErrAbsentCall, "filter: add waitpid: on x86_64: the architecture has no such call"},
		{one.Add(allow(filter.Rule{Call: "waitpid"})), nil, ""},
		{two.Add(allow(filter.Rule{Call: "read", Exact: true})), filter.ErrSeveral, ""},
		{two.AddNumber(3, allow(filter.Rule{})), filter.ErrSeveral, "filter: add call 3: the filter has several architectures"},
		{two.AddNumber(filter.Skipped, allow(filter.Rule{})), nil, ""},
		{two.PrioritizeNumber(3, 1), filter.ErrSeveral, ""},
		{one.Add(allow(filter.Rule{Call: "read", When: []filter.Cond{cond(6, filter.EQ, 1)}})), filter.ErrCond, "filter: add read: not a condition: argument 6; there are 0 to 5"},
		{one.Add(allow(filter.Rule{Call: "read", When: []filter.Cond{{Arg: 1}}})), filter.ErrCond, "argument 1: there is no operator Op(0)"},
		{one.Add(allow(filter.Rule{Call: "read", When: []filter.Cond{{Op: filter.EQ, Mask: 1}}})), filter.ErrCond, "a mask is for MaskedEQ"},
		{one.Add(allow(filter.Rule{Call: "read", When: []filter.Cond{cond(1, filter.GE, 1), cond(1, filter.LT, 7)}})), filter.ErrCond, "argument 1 is compared twice"},
		{conflict.Add(allow(filter.Rule{Call: "read", When: []filter.Cond{cond(0, filter.EQ, 1)}})), filter.ErrConflict, "filter: add read: on x86: there is a rule"},
		{second(odd.Program()), filter.ErrAction, ""},
		{large, filter.ErrTooLarge, ""},
	} {
		switch {
		case !errors.Is(tc.err, tc.want):
			t.Errorf("%v, want %v", tc.err, tc.want)
		case tc.err != nil && !strings.Contains(tc.err.Error(), tc.text):
			t.Errorf("%v, want %s", tc.err, tc.text)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// newLarge is a filter of more instructions than the kernel takes.
func newLarge(t *testing.T) *filter.Filter {
	t.Helper()
	f := newFilter(t, deny, arch.X86_64)
	for nr := range uint32(1000) {
		if err := f.AddNumber(nr, filter.Rule{Action: filter.Allow, When: []filter.Cond{cond(0, filter.EQ, uint64(nr)<<32)}}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}
