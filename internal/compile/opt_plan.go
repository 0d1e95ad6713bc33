package compile

import (
	"encoding/binary"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
)

// A plan is a step of a decision: perhaps a load, perhaps a mask, then a
// conditional jump; or, without a code, an action. Plans form a graph with no
// cycle.
type plan struct {
	cost cost // of all that are known to come this way
	load bool // put view.w into A first
	and  bool // then keep view.mask
	view view
	code uint16
	atom atom           // what the jump asks, for plans about arguments
	k    uint32         // of plans about numbers
	sort []rule.Operand // the jump asks about the largest of these
	t, f *plan
	act  rule.Action
	call int // index of a call a jump is about, or -1
}

// taken runs a word through the jump of p.
func (p *plan) taken(v uint32, params []uint64, pol *rule.Policy) bool {
	v &= p.view.mask
	k := p.k
	switch {
	case p.sort != nil:
		for _, x := range p.sort {
			k = max(k, operandWord(pol, x, false, params))
		}
	case p.atom.param >= 0:
		k = operandWord(pol, rule.Operand{Param: int(p.atom.param)}, p.atom.high, params)
	}
	switch p.code {
	case bpf.Jeq:
		return v == k
	case bpf.Jge:
		return v >= k
	case bpf.Jgt:
		return v > k
	}
	return v&k != 0
}

// operandWord is one word of an operand.
func operandWord(p *rule.Policy, x rule.Operand, high bool, params []uint64) uint32 {
	switch {
	case x.Param < 0:
		return half(x.Value, high)
	case high && p.Params[x.Param].Bits == 32:
		return 0
	}
	return half(params[x.Param], high)
}

// A graph makes equal plans one, so that what several ways have in common is
// in the program once.
type graph struct {
	ids   map[*plan]uint32
	known map[string]*plan
}

func newGraph() *graph {
	return &graph{map[*plan]uint32{}, map[string]*plan{}}
}

// share is the one plan equal to p.
func (g *graph) share(p *plan) *plan {
	q := *p
	if p.code != 0 {
		q.t, q.f = g.share(p.t), g.share(p.f)
	}
	key := g.key(&q)
	old := g.known[key]
	if old == nil {
		old = &q
		g.known[key] = old
		g.ids[old] = uint32(len(g.ids))
	}
	return old
}

func (g *graph) key(p *plan) string {
	if p.code == 0 {
		return string(binary.LittleEndian.AppendUint32(nil, uint32(p.act)))
	}
	b := []byte{0, 0, byte(p.view.w), byte(p.code), byte(p.atom.param), 0}
	if p.load {
		b[0] = 1
	}
	if p.and {
		b[1] = 1
	}
	if p.atom.high {
		b[5] = 1
	}
	for _, v := range []uint32{p.view.mask, p.k, g.ids[p.t], g.ids[p.f]} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, x := range p.sort {
		b = binary.LittleEndian.AppendUint64(append(b, byte(x.Param)), x.Value)
	}
	return string(b)
}

// run is the number of instructions p executes for one call.
func (p *plan) run(s *sample, params []uint64, pol *rule.Policy) int {
	n := 0
	for ; p.code != 0; n++ {
		n += p.loads()
		if p.taken(s.word(p.view.w), params, pol) {
			p = p.t
		} else {
			p = p.f
		}
	}
	return n + 1
}

// loads is the number of instructions ahead of the jump.
func (p *plan) loads() int {
	n := 0
	if p.load {
		n++
	}
	if p.and {
		n++
	}
	return n
}

// emulate is the number of instructions the kernel emulates for one number,
// and whether it comes to an allow. It stops at the load of an argument.
func (p *plan) emulate(nr, arch uint32) (steps int, allow bool) {
	s := sample{data: rule.Data{Nr: nr, Arch: arch}}
	for ; p.code != 0; steps++ {
		if p.load && p.view.w < nrWord {
			return steps + 1, false
		}
		steps += p.loads()
		if p.taken(s.word(p.view.w), nil, nil) {
			p = p.t
		} else {
			p = p.f
		}
	}
	return steps + 1, p.act == rule.Allow
}

func (p *plan) caches(nr, arch uint32) bool {
	_, allow := p.emulate(nr, arch)
	return allow
}
