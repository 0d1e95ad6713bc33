package rule

// Data is what the kernel tells a filter about a call: struct seccomp_data.
type Data struct {
	Nr   uint32
	Arch uint32
	IP   uint64
	Args [6]uint64
}

const (
	firstX32 = 0x40000000 // the first number of an x32 call on x86_64
	noCall   = 0xffffffff // the number a tracer leaves to skip a call
)

// Eval is what a policy means: the verdict on one call. params holds the
// values of p.Params, -1 as all ones.
func (p *Policy) Eval(d Data, params []uint64) Action {
	if d.Arch != p.Target.Audit {
		return KillProcess
	}
	if p.Target.X32Shares && d.Nr >= firstX32 && d.Nr != noCall {
		return KillProcess
	}
	for _, c := range p.Calls {
		if c.Nr != d.Nr {
			continue
		}
		for _, k := range c.Cases {
			if k.When == nil || p.holds(k.When, d, params) {
				return k.Action
			}
		}
		return p.Default
	}
	if p.Newer != nil && d.Nr > p.Newer.Last && d.Nr != noCall {
		return p.Newer.Action
	}
	return p.Default
}

func (p *Policy) holds(x Expr, d Data, params []uint64) bool {
	switch x := x.(type) {
	case And:
		for _, y := range x {
			if !p.holds(y, d, params) {
				return false
			}
		}
		return true
	case Or:
		for _, y := range x {
			if p.holds(y, d, params) {
				return true
			}
		}
		return false
	case Not:
		return !p.holds(x.X, d, params)
	}
	c := x.(*Cmp)
	arg, val := d.Args[c.Arg]&c.Mask, p.operand(c.X, params)
	if c.Width == 32 {
		arg, val = arg&0xffffffff, val&0xffffffff
	}
	switch c.Op {
	case Eq:
		return arg == val
	case Lt:
		return arg < val
	case Le:
		return arg <= val
	case Gt:
		return arg > val
	default: // Ge
		return arg >= val
	}
}

// operand is the value compared with. A 32-bit parameter is a C unsigned int
// and is zero-extended, so that -1 is 0xffffffff to 64-bit comparisons too.
func (p *Policy) operand(x Operand, params []uint64) uint64 {
	if x.Param < 0 {
		return x.Value
	}
	if p.Params[x.Param].Bits == 32 {
		return params[x.Param] & 0xffffffff
	}
	return params[x.Param]
}
