package cexpr

import "fmt"

// levels are C's binary operators from loosest to tightest.
var levels = [][]string{
	{"||"}, {"&&"}, {"|"}, {"^"}, {"&"}, {"==", "!="},
	{"<", "<=", ">", ">="}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"},
}

func (p *parser) binary(level int) Value {
	if level == len(levels) {
		return p.unary()
	}
	x := p.binary(level + 1)
	for {
		off := p.off
		op, ok := p.operator(level)
		if !ok {
			return x
		}
		right := func() Value { return p.binary(level + 1) }
		switch op {
		case "&&":
			y := p.when(x.truth(), right)
			x = boolean(x.truth() && y.truth())
		case "||":
			y := p.when(!x.truth(), right)
			x = boolean(x.truth() || y.truth())
		default:
			v, err := apply(op, x, right())
			if err != nil && p.dead == 0 {
				p.fail(off, "%v", err)
			}
			x = v
		}
	}
}

func (p *parser) operator(level int) (string, bool) {
	for _, op := range levels[level] {
		if p.accept(op) {
			return op, true
		}
	}
	return "", false
}

func boolean(b bool) Value {
	if b {
		return Int(1)
	}
	return Int(0)
}

// common is the type of C's usual arithmetic conversions.
func common(x, y Value) (bits int, signed bool) {
	switch {
	case x.Bits == y.Bits:
		return x.Bits, x.Signed && y.Signed
	case x.Bits > y.Bits:
		return x.Bits, x.Signed
	default:
		return y.Bits, y.Signed
	}
}

func apply(op string, x, y Value) (Value, error) {
	if op == "<<" || op == ">>" {
		return shift(op, x, y)
	}
	bits, signed := common(x, y)
	x, y = Of(x.V, bits, signed), Of(y.V, bits, signed)
	switch op {
	case "==":
		return boolean(x.V == y.V), nil
	case "!=":
		return boolean(x.V != y.V), nil
	case "<":
		return boolean(less(x, y)), nil
	case ">":
		return boolean(less(y, x)), nil
	case "<=":
		return boolean(!less(y, x)), nil
	case ">=":
		return boolean(!less(x, y)), nil
	case "/", "%":
		return divide(op, x, y)
	}
	var v uint64
	switch op {
	case "|":
		v = x.V | y.V
	case "^":
		v = x.V ^ y.V
	case "&":
		v = x.V & y.V
	case "+":
		v = x.V + y.V
	case "-":
		v = x.V - y.V
	case "*":
		v = x.V * y.V
	}
	return Of(v, bits, signed), nil
}

func less(x, y Value) bool {
	if x.Signed {
		return int64(x.V) < int64(y.V)
	}
	return x.V < y.V
}

func divide(op string, x, y Value) (Value, error) {
	if y.V == 0 {
		return x, fmt.Errorf("division by zero")
	}
	var v uint64
	switch {
	case x.Signed && op == "/":
		v = uint64(int64(x.V) / int64(y.V))
	case x.Signed:
		v = uint64(int64(x.V) % int64(y.V))
	case op == "/":
		v = x.V / y.V
	default:
		v = x.V % y.V
	}
	return Of(v, x.Bits, x.Signed), nil
}

func shift(op string, x, y Value) (Value, error) {
	if y.V >= uint64(x.Bits) {
		return x, fmt.Errorf("shift by %d is undefined for a %d-bit value", int64(y.V), x.Bits)
	}
	switch {
	case op == "<<":
		return Of(x.V<<y.V, x.Bits, x.Signed), nil
	case x.Signed:
		return Of(uint64(int64(x.V)>>y.V), x.Bits, true), nil
	default:
		return Of(x.V>>y.V, x.Bits, false), nil
	}
}
