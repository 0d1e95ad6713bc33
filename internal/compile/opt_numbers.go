package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/rule"
)

// numbers are the ranges of numbers that belong to one family.
func (o *optimizer) numbers() []segment {
	p := o.judge.policy
	starts := []uint32{0, noCall} // what follows noCall is 0 again
	calls := map[uint32]int{}
	for i, c := range p.Calls {
		starts = append(starts, c.Nr, c.Nr+1)
		n := o.family(o.call(c))
		o.families[n].calls = append(o.families[n].calls, i)
		calls[c.Nr] = n
	}
	if p.Target.X32Shares {
		starts = append(starts, firstX32)
	}
	if p.Newer != nil {
		starts = append(starts, p.Newer.Last+1)
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var segs []segment
	for i, lo := range starts {
		g := segment{lo: lo, hi: noCall}
		if i+1 < len(starts) {
			g.hi = starts[i+1] - 1
		}
		n, ok := calls[lo]
		switch {
		case p.Target.X32Shares && lo >= firstX32 && lo != noCall:
			n = o.family(o.always(rule.KillProcess))
		case ok:
		case p.Newer != nil && lo > p.Newer.Last && lo != noCall:
			n = o.family(o.always(p.Newer.Action))
		default:
			n = o.family(o.always(p.Default))
		}
		g.out = n
		segs = append(segs, g)
	}
	return segs
}

// weigh says what each range counts for the objective, less the numbers that
// found has, and cuts numbers with weight out of ranges, so that a Jeq may pick
// them.
func (o *optimizer) weigh(segs []segment, found *screen) []segment {
	var out []segment
	for _, g := range segs {
		lo := g.lo
		add := func(lo, hi uint32, main int64) {
			out = append(out, segment{lo, hi, g.out, o.price(main, emulatedIn(lo, hi, found))})
		}
		n, _ := slices.BinarySearch(o.workload.numbers, g.lo)
		for _, nr := range o.workload.numbers[n:] {
			if nr > g.hi {
				break
			}
			if found.has(nr) {
				continue
			}
			main := o.seen(nr, o.families[g.out].verdict)
			if main == 0 && !g.single() {
				continue
			}
			if nr > lo {
				add(lo, nr-1, 0)
			}
			add(nr, nr, main)
			if lo = nr + 1; nr == noCall {
				return out
			}
		}
		if lo <= g.hi && lo >= g.lo {
			add(lo, g.hi, 0)
		}
	}
	return out
}

// seen is how often number nr, on which the verdict is v, made the kernel run
// the program.
func (o *optimizer) seen(nr uint32, v *verdict) int64 {
	if o.objective != All && len(v.cases) == 0 && v.other == rule.Allow {
		return 0
	}
	var n int64
	for _, s := range o.samples[nr] {
		n += s.weight.main
	}
	return n
}

// price is a cost by objective.
func (o *optimizer) price(executed, emulated int64) cost {
	if o.objective == Inst {
		return cost{emulated, executed * 16}
	}
	return cost{executed, emulated * tieWeight}
}

// emulated is how many numbers the kernel emulates a program for: 0 to 470 of
// each of the two architectures of an x86_64 kernel.
const emulated = 471

// emulatedIn counts those from lo to hi that found has not.
func emulatedIn(lo, hi uint32, found *screen) int64 {
	var n int64
	for nr := lo; nr < emulated && nr <= hi; nr++ {
		if !found.has(nr) {
			n++
		}
	}
	return n
}
