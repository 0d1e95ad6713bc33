// Package cexpr evaluates the C integer constant expressions that policies
// quote: constants joined by operators, casts and sizeof. Types follow C: int
// and long, signed and unsigned, with a 64-bit long on every architecture.
package cexpr

import "fmt"

// A Value is an integer constant and its C type.
type Value struct {
	V      uint64 // two's complement, sign-extended to 64 bits if Signed
	Bits   int    // 32 or 64
	Signed bool
}

// Int is the C int v.
func Int(v int32) Value { return Value{uint64(int64(v)), 32, true} }

// Of is v cut to the given type.
func Of(v uint64, bits int, signed bool) Value {
	switch shift := 64 - bits; {
	case signed:
		v = uint64(int64(v<<shift) >> shift)
	default:
		v = v << shift >> shift
	}
	if bits < 32 { // integer promotion
		bits, signed = 32, true
	}
	return Value{v, bits, signed}
}

func (v Value) truth() bool { return v.V != 0 }

// An Env gives names their values.
type Env interface {
	// Ident is the value of a constant. Its error becomes that of Eval.
	Ident(name string) (Value, error)
	// Sizeof is the size in bytes of a type such as "struct sockaddr_in".
	Sizeof(typ string) (uint64, error)
}

// An Error says what is wrong with an expression, and where.
type Error struct {
	Off int // byte offset into the expression
	Err error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Eval evaluates src. An error is an *Error.
func Eval(src string, env Env) (v Value, err error) {
	p := &parser{src: src, env: env}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	p.next()
	v = p.ternary()
	if p.kind != tEOF {
		p.fail(p.off, "unexpected %s in C expression", p.describe())
	}
	return v, nil
}

// maxDepth bounds the nesting of an expression, so that no text overflows
// the stack.
const maxDepth = 200

// A parser is a recursive descent over src that evaluates as it reads. It
// leaves by panicking with an *Error, which Eval recovers.
type parser struct {
	src  string
	env  Env
	kind tokenKind // of the current token
	tok  string
	off  int // where the current token starts
	pos  int // where the next one is looked for
	// dead counts the enclosing operands that C does not evaluate, in which
	// a division by zero is no error.
	dead  int
	depth int
}

func (p *parser) fail(off int, format string, args ...any) {
	panic(&Error{off, fmt.Errorf(format, args...)})
}

func (p *parser) describe() string {
	if p.kind == tEOF {
		return "end"
	}
	return fmt.Sprintf("%q", p.tok)
}

func (p *parser) accept(op string) bool {
	if p.kind != tOp || p.tok != op {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(op string) {
	if !p.accept(op) {
		p.fail(p.off, "expected %q, found %s in C expression", op, p.describe())
	}
}

func (p *parser) ternary() Value {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.off, "C expression is nested too deeply")
	}
	defer func() { p.depth-- }()
	cond := p.binary(0)
	if !p.accept("?") {
		return cond
	}
	a := p.when(cond.truth(), p.ternary)
	p.expect(":")
	b := p.when(!cond.truth(), p.ternary)
	bits, signed := common(a, b)
	if cond.truth() {
		return Of(a.V, bits, signed)
	}
	return Of(b.V, bits, signed)
}

// when reads an operand that C evaluates only if live.
func (p *parser) when(live bool, read func() Value) Value {
	if !live {
		p.dead++
		defer func() { p.dead-- }()
	}
	return read()
}

func (p *parser) unary() Value {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.off, "C expression is nested too deeply")
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("-"):
		x := p.unary()
		return Of(-x.V, x.Bits, x.Signed)
	case p.accept("+"):
		return p.unary()
	case p.accept("~"):
		x := p.unary()
		return Of(^x.V, x.Bits, x.Signed)
	case p.accept("!"):
		return boolean(!p.unary().truth())
	case p.kind == tIdent && p.tok == "sizeof":
		return p.sizeof()
	}
	return p.primary()
}

func (p *parser) primary() Value {
	off, tok := p.off, p.tok
	switch {
	case p.kind == tNumber:
		p.next()
		v, err := number(tok)
		if err != nil {
			p.fail(off, "%v", err)
		}
		return v
	case p.kind == tIdent:
		p.next()
		v, err := p.env.Ident(tok)
		if err != nil {
			panic(&Error{off, err})
		}
		return v
	case p.accept("("):
		if words, ok := p.typeName(); ok {
			bits, signed, ok := scalar(words)
			if !ok {
				p.fail(off, "cannot cast to %q", words)
			}
			p.expect(")")
			return Of(p.unary().V, bits, signed)
		}
		v := p.ternary()
		p.expect(")")
		return v
	}
	p.fail(off, "expected a constant, found %s in C expression", p.describe())
	return Value{}
}

func (p *parser) sizeof() Value {
	p.next()
	off := p.off
	p.expect("(")
	words, ok := p.typeName()
	if !ok {
		p.fail(p.off, "sizeof wants a type, as in sizeof(struct sockaddr_in)")
	}
	p.expect(")")
	n, err := p.env.Sizeof(words)
	if err != nil {
		panic(&Error{off, err})
	}
	return Value{n, 64, false}
}

// typeName reads the words of a type, if the current token begins one.
func (p *parser) typeName() (string, bool) {
	if p.kind != tIdent || !typeWords[p.tok] {
		return "", false
	}
	words := p.tok
	tagged := p.tok == "struct" || p.tok == "union"
	for p.next(); p.kind == tIdent && (tagged || typeWords[p.tok]); p.next() {
		words += " " + p.tok
		tagged = false
	}
	return words, true
}
