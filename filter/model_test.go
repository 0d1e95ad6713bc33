package filter_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/filter"
	"github.com/tileseal/tileseal/vm"
)

// A model is a filter as the package comment describes it: lists of rules,
// evaluated directly.
type model struct {
	otherwise, foreign filter.Action
	rules              map[arch.Arch]map[uint32][]filter.Rule
}

// add adds a rule to an architecture, and reports whether that is a conflict.
func (m *model) add(a arch.Arch, nr uint32, r filter.Rule) (conflict bool) {
	r.When = meant(a, r.When)
	rules := m.rules[a][nr]
	if slices.ContainsFunc(rules, func(s filter.Rule) bool { return len(s.When) == 0 }) {
		return false
	}
	var longer []filter.Rule
	for _, s := range rules {
		switch {
		case begins(r.When, s.When) && len(r.When) > len(s.When):
			return false
		case begins(s.When, r.When) && s.Action != r.Action && len(r.When) > 0:
			return true
		case begins(s.When, r.When):
			longer = append(longer, s)
		}
	}
	rules = slices.DeleteFunc(slices.Clone(rules), func(s filter.Rule) bool {
		return slices.ContainsFunc(longer, func(l filter.Rule) bool { return slices.Equal(l.When, s.When) })
	})
	m.rules[a][nr] = append(rules, r)
	return false
}

func begins(when, with []filter.Cond) bool {
	return len(when) >= len(with) && slices.Equal(when[:len(with)], with)
}

// meant is conditions in the order of arguments, without what makes no
// difference.
func meant(a arch.Arch, when []filter.Cond) []filter.Cond {
	var out []filter.Cond
	for arg := range 6 {
		for _, c := range when {
			if c.Arg != arg {
				continue
			}
			if a.Bits() == 32 && int64(c.Value) == int64(int32(c.Value)) {
				c.Value = uint64(uint32(c.Value))
			}
			if c.Op == filter.MaskedEQ {
				c.Value &= c.Mask
			}
			if a.Bits() == 32 {
				c.Mask = uint64(uint32(c.Mask))
			}
			if c.Op != filter.MaskedEQ || c.Mask != 0 || c.Value != 0 {
				out = append(out, c)
			}
		}
	}
	return out
}

func holds(a arch.Arch, c filter.Cond, x uint64) bool {
	if a.Bits() == 32 {
		x = uint64(uint32(x))
	}
	switch c.Op {
	case filter.NE:
		return x != c.Value
	case filter.LT:
		return x < c.Value
	case filter.LE:
		return x <= c.Value
	case filter.EQ:
		return x == c.Value
	case filter.GE:
		return x >= c.Value
	case filter.GT:
		return x > c.Value
	}
	return x&c.Mask == c.Value
}

// verdicts are the actions a call may get: more than one where the order of
// rules decides.
func (m *model) verdicts(c vm.Call) []filter.Action {
	a := arch.Arch(c.Arch)
	if a == arch.X32 { // its token is no audit value
		return []filter.Action{m.foreign}
	}
	if a == arch.X86_64 && c.Nr&arch.X32Bit != 0 && c.Nr != filter.Skipped {
		a = arch.X32
	}
	_, ok := m.rules[a]
	if !ok && c.Nr == filter.Skipped && a == arch.X86_64 {
		a = arch.X32
		_, ok = m.rules[a]
	}
	if !ok {
		return []filter.Action{m.foreign}
	}
	var acts []filter.Action
	for _, r := range m.rules[a][c.Nr] {
		all := true
		for _, k := range r.When {
			all = all && holds(a, k, c.Args[k.Arg])
		}
		switch {
		case all && len(r.When) == 0:
			return []filter.Action{r.Action}
		case all:
			acts = append(acts, r.Action)
		}
	}
	if acts == nil {
		return []filter.Action{m.otherwise}
	}
	return acts
}

// A source is where a test takes its choices from.
type source interface{ IntN(n int) int }

// Bytes are a source: a byte a choice, zero when they have run out.
type bytes struct{ left []byte }

func (b *bytes) IntN(n int) int {
	if len(b.left) == 0 {
		return 0
	}
	x := int(b.left[0])
	b.left = b.left[1:]
	return x % n
}

func pick[T any](s source, from ...T) T { return from[s.IntN(len(from))] }

var (
	values = []uint64{0, 1, 2, 5, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 7<<32 | 5, 1 << 63, 1<<64 - 1<<31, 1<<64 - 2, 1<<64 - 1}
	masks  = []uint64{0, 1, 5, 0xff, 1<<32 - 1, 1 << 32, 1<<64 - 1<<32, 1<<64 - 1}
	sets   = [][]arch.Arch{
		{arch.X86_64}, {arch.X32}, {arch.X86}, {arch.X86_64, arch.X86}, {arch.X32, arch.X86_64}, {arch.X86, arch.X86_64, arch.X32, arch.ARM},
		{arch.AArch64, arch.ARM}, {arch.S390X, arch.PPC64, arch.MIPS}, {arch.MIPSel64N32, arch.MIPSel64, arch.MIPSel},
	}
	called = []string{"read", "write", "poll"} // aarch64 has no poll
)

// build makes a filter and its model from choices. few means rules of one
// action.
func build(t *testing.T, s source, few bool) (*filter.Filter, *model, []arch.Arch) {
	t.Helper()
	archs := pick(s, sets...)
	m := &model{pick(s, filter.KillProcess, filter.Errno|1), pick(s, filter.KillProcess, filter.Errno|1, filter.Trap|9), map[arch.Arch]map[uint32][]filter.Rule{}}
	f, err := filter.New(m.otherwise, archs...)
	if err != nil {
		t.Fatal(err)
	}
	f.Foreign, f.Tree = m.foreign, s.IntN(3) == 0
	for _, a := range archs {
		m.rules[a] = map[uint32][]filter.Rule{}
	}
	for range 1 + s.IntN(5) {
		r := filter.Rule{Call: pick(s, called...), Action: filter.Allow}
		if !few {
			r.Action = pick(s, filter.Allow, filter.Log, filter.Errno|38)
		}
		for arg := range 3 {
			if s.IntN(2) == 0 {
				c := filter.Cond{Arg: 2 - arg, Op: filter.Op(1 + s.IntN(7)), Value: pick(s, values...)}
				if c.Op == filter.MaskedEQ {
					c.Mask = pick(s, masks...)
				}
				r.When = append(r.When, c)
			}
		}
		was := m.clone()
		conflict := false
		for _, a := range archs {
			if nr, ok := a.Number(r.Call); ok && !conflict {
				conflict = m.add(a, nr, r)
			}
		}
		err := f.Add(r)
		if errors.Is(err, filter.ErrConflict) != conflict || !conflict && err != nil {
			t.Fatalf("%v: add %+v: %v, and a conflict is %v", archs, r, err, conflict)
		}
		if conflict {
			m.rules = was
		}
	}
	return f, m, archs
}

func (m *model) clone() map[arch.Arch]map[uint32][]filter.Rule {
	out := map[arch.Arch]map[uint32][]filter.Rule{}
	for a, rules := range m.rules {
		out[a] = map[uint32][]filter.Rule{}
		for nr, rs := range rules {
			out[a][nr] = slices.Clone(rs)
		}
	}
	return out
}

// calls are calls that the rules tell apart, and calls of others.
func calls(s source, archs []arch.Arch, n int) []vm.Call {
	var out []vm.Call
	for range n {
		a := pick(s, archs...)
		c := vm.Call{Arch: a.Audit(), Nr: pick(s, uint32(0), arch.X32Bit, filter.Skipped, filter.Skipped-1, arch.X32Bit-1)}
		if nr, ok := a.Number(pick(s, called...)); ok && s.IntN(8) > 0 {
			c.Nr = nr
		}
		if s.IntN(16) == 0 {
			c.Arch ^= pick(s, uint32(1), 1<<31, arch.X32Bit)
		}
		for i := range 3 {
			c.Args[i] = pick(s, values...) + uint64(s.IntN(3)) - 1
		}
		out = append(out, c)
	}
	return out
}

// hold compares the program of a filter with its model and returns the number
// of calls compared.
func hold(t *testing.T, f *filter.Filter, m *model, archs []arch.Arch, calls []vm.Call) int {
	t.Helper()
	p, err := f.Program()
	if err != nil {
		t.Fatal(err)
	}
	machine, err := vm.New(p.Insns(), archs[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		got := filter.Action(machine.Run(c))
		if want := m.verdicts(c); !slices.Contains(want, got) {
			text, _ := f.PseudoCode()
			t.Fatalf("%v: %v, want %v\n%s%v", c, got, want, text, p)
		}
	}
	return len(calls)
}
