package prove

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/rule"
)

// counterexample is the input a model describes; what it does not mention is
// zero.
func (e *engine) counterexample(m model) *Counterexample {
	c := &Counterexample{Params: make([]uint64, len(e.params))}
	for v, x := range m {
		if v >= params0 {
			n := (v - params0) / 2
			c.Params[n] |= uint64(x) << (32 * (v % 2))
			continue
		}
		setWord(&c.Data, v, x, e.bigEndian)
	}
	for i, p := range e.params {
		if p.Bits == 32 && c.Params[i] == all {
			c.Params[i] = 1<<64 - 1
		}
		if err := p.Check(int64(c.Params[i])); err != nil && p.Bits == 32 {
			panic(fmt.Sprintf("prove: the solution has a %v", err))
		}
	}
	return c
}

func setWord(d *rule.Data, v variable, x uint32, bigEndian bool) {
	switch v {
	case wordNr:
		d.Nr = x
		return
	case wordArch:
		d.Arch = x
		return
	}
	to := &d.IP
	if v >= 4 {
		to = &d.Args[(v-4)/2]
	}
	if (v%2 == 1) != bigEndian {
		*to |= uint64(x) << 32
	} else {
		*to |= uint64(x)
	}
}
