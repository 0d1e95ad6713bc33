package rule

// A Multi is what one program for several architectures means: the verdict on
// a call is that of the first part it belongs to.
type Multi struct {
	Parts   []Part // all of one byte order and with the same Params
	Foreign Action // for calls that belong to no part
}

// A Part judges the calls that arrive with its policy's Target.Audit, as far as
// Numbers are its own. It takes the place of Target.X32Shares, which is unset.
type Part struct {
	Policy  *Policy
	Numbers Numbers
}

// Numbers are the call numbers a part judges. x86_64 and x32 share an audit
// value; bit 30 of the number tells them apart, but for the number a tracer
// leaves to skip a call, which is of either. A program for both has a part
// WithoutX32 and one OnlyX32, or one for AnyNumber with the calls of both.
type Numbers int

const (
	AnyNumber  Numbers = iota // all: neither x86_64 nor x32, or both in one
	WithoutX32                // x86_64: not 0x40000000 to 0xfffffffe
	OnlyX32                   // x32: from 0x40000000 on
)

// Has reports whether nr is one of the numbers.
func (n Numbers) Has(nr uint32) bool {
	switch n {
	case WithoutX32:
		return nr < firstX32 || nr == noCall
	case OnlyX32:
		return nr >= firstX32
	}
	return true
}

// Eval is what m means: the verdict on one call.
func (m *Multi) Eval(d Data, params []uint64) Action {
	for _, p := range m.Parts {
		if p.Policy.Target.Audit == d.Arch && p.Numbers.Has(d.Nr) {
			return p.Policy.Eval(d, params)
		}
	}
	return m.Foreign
}
