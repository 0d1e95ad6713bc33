package compile

import (
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
)

// chainCost is the step that tests single values of x one after another, the
// heaviest first, and takes the rest for one outcome. There may be none.
func (s *splitter) chainCost(x state) (best step, ok bool) {
	rests, possible := s.rests(x)
	if !possible {
		return step{}, false
	}
	left := s.weight(x)
	for _, rest := range rests {
		c, todo := cost{}, left
		for _, i := range s.chained(x, rest) {
			c = c.add(todo).add(insnCost)
			todo = todo.sub(s.segs[i].weight)
		}
		if !ok || c.less(best.cost) {
			best, ok = step{c, int32(rest), chain}, true
		}
	}
	return best, ok
}

// rests are the outcomes that the end of a chain may have: that of the wide
// segments, if they have one, and if there are none, any.
func (s *splitter) rests(x state) (rests []int, ok bool) {
	wide, singles := -1, 0
	for i := x.lo; i <= x.hi; i++ {
		g := &s.segs[i]
		switch {
		case s.hole(x, i):
		case !g.single():
			if wide >= 0 && wide != g.out {
				return nil, false
			}
			wide = g.out
		case !slices.Contains(rests, g.out):
			if len(rests) > maxChain {
				return nil, false
			}
			rests = append(rests, g.out)
		}
	}
	if wide >= 0 {
		rests = []int{wide}
	}
	for i := x.lo; i <= x.hi && wide >= 0; i++ {
		if !s.hole(x, i) && s.segs[i].out != wide {
			if singles++; singles > maxChain {
				return nil, false
			}
		}
	}
	return rests, true
}

// chained are the segments of x whose outcome is not rest, the heaviest first.
func (s *splitter) chained(x state, rest int) []int {
	var out []int
	for i := x.lo; i <= x.hi; i++ {
		if !s.hole(x, i) && s.segs[i].out != rest {
			out = append(out, int(i))
		}
	}
	slices.SortStableFunc(out, s.heavier)
	return out
}

func (s *splitter) chainTree(x state, rest int) *split {
	t := &split{out: rest}
	list := s.chained(x, rest)
	left := s.weight(x)
	for _, i := range list {
		left = left.sub(s.segs[i].weight)
	}
	for _, i := range slices.Backward(list) {
		g := s.segs[i]
		left = left.add(g.weight)
		t = &split{left.add(insnCost).add(t.cost), bpf.Jeq, g.lo, &split{out: g.out}, t, 0}
	}
	return t
}
