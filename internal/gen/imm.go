package gen

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/cexpr"
	"github.com/tileseal/tileseal/internal/rule"
)

// operand resolves what an argument is compared with, for a comparison of
// width bits.
func (r *resolver) operand(e *Entry, n *node, width int) (rule.Operand, bool) {
	if n.kind == nList {
		r.errs.add(e.line.pos(n.off), "a value belongs here, not a list; quote a C expression")
		return rule.Operand{}, false
	}
	if i := r.paramIndex(strings.TrimSpace(n.text)); i >= 0 {
		return r.paramOperand(e, n, i, width)
	}
	v, ok := r.literal(e, n)
	if !ok {
		return rule.Operand{}, false
	}
	op := rule.Operand{Param: -1, Value: v, Text: n.text}
	if width == 32 {
		if v > 1<<32-1 && int64(v) < -1<<31 || int64(v) > 1<<32-1 {
			r.errs.add(e.line.pos(n.off), "%s is %#x, which does not fit the 32 bits that are compared here", n.text, v)
			return op, false
		}
		op.Value = v & (1<<32 - 1)
	}
	return op, true
}

func (r *resolver) paramOperand(e *Entry, n *node, i, width int) (rule.Operand, bool) {
	p := &r.policy.Params[i]
	if p.Bits == 64 && width == 32 {
		if r.policy.Target.Bits == 64 {
			r.errs.add(e.line.pos(n.off), "parameter %s has 64 bits, and 32 are compared here; declare it as: uint %s", p.Name, p.Name)
			return rule.Operand{}, false
		}
		p.Max = 1<<32 - 1
	}
	return rule.Operand{Param: i, Text: p.Name}, true
}

var (
	decimal  = regexp.MustCompile(`^[+-]?[0-9]+(_[0-9]+)*$`)
	ednInt   = regexp.MustCompile(`^([+-]?(0|[1-9][0-9]*))N?$`)
	ednHex   = regexp.MustCompile(`^[+-]?0[xX][0-9a-fA-F]+$`)
	numeric  = regexp.MustCompile(`^[+-]?[0-9]`)
	leading0 = regexp.MustCompile(`^[+-]?0[0-9_]`)
)

// literal is the value of an integer or C expression, sign-extended to 64
// bits.
func (r *resolver) literal(e *Entry, n *node) (uint64, bool) {
	at := e.line.pos(n.off)
	text := n.text
	if n.kind == nWord {
		switch d := r.file.Dialect; {
		case d == Current && decimal.MatchString(text):
			return r.decimal(at, text)
		case d == Classic && strings.HasPrefix(text, ":"):
			r.errs.add(at, "keyword %s is no value", text)
			return 0, false
		case d == Classic && ednInt.MatchString(text):
			text = ednInt.FindStringSubmatch(text)[1]
		case d == Classic && numeric.MatchString(text) && !ednHex.MatchString(text):
			r.errs.add(at, "dialect classic reads only the beginning of %s as a number; quote the C expression", text)
			return 0, false
		case d == Tileseal && leading0.MatchString(text):
			r.errs.add(at, "%s is octal to C and decimal to upstream; write it without the leading zero", text)
			return 0, false
		}
	}
	v, err := cexpr.Eval(text, env{r, e})
	if err != nil {
		off := n.off
		if ce := (*cexpr.Error)(nil); errors.As(err, &ce) {
			off += ce.Off
			if n.kind == nString {
				off++ // the quote
			}
		}
		r.errs.add(e.line.pos(off), "%v", err)
		return 0, false
	}
	return v.V, true
}

// decimal is an integer as dialect current reads it.
func (r *resolver) decimal(at Pos, text string) (uint64, bool) {
	v, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
	switch {
	case v < 0:
		r.errs.add(at, `%s is negative, which dialect current does not read; quote it with its type, as in "(int)-1"`, text)
		return 0, false
	case err != nil || v > 1<<32-1:
		r.errs.add(at, `%s does not fit 32 bits; quote it with its type, as in "1UL<<40"`, text)
		return 0, false
	}
	return uint64(v), true
}

// An env is what names mean inside a C expression of an entry.
type env struct {
	r *resolver
	e *Entry
}

func (v env) Ident(name string) (cexpr.Value, error) {
	if v.r.paramIndex(name) >= 0 {
		return cexpr.Value{}, fmt.Errorf("parameter %s is part of a larger expression; a parameter can only be compared as it is", name)
	}
	if strings.HasPrefix(name, runtimePrefix) {
		return cexpr.Value{}, fmt.Errorf("%s is known only below an include of a Go runtime level that has it, as in: include go/core", name)
	}
	c, ok := cconst.Lookup(v.r.arch, name)
	if !ok {
		return cexpr.Value{}, fmt.Errorf("%q is neither a parameter nor a known constant%s", name, v.r.hint(name))
	}
	bits, signed := 32, c.Type == cconst.Int || c.Type == cconst.Long
	if c.Type == cconst.Long || c.Type == cconst.ULong {
		bits = 64
	}
	return cexpr.Of(c.Value, bits, signed), nil
}

func (v env) Sizeof(typ string) (uint64, error) {
	n, ok := cconst.Sizeof(v.r.arch, typ)
	if !ok {
		return 0, fmt.Errorf("the size of %q is not known", typ)
	}
	return n, nil
}

// hint is suggest for what an immediate may be called, of which there is much.
func (r *resolver) hint(name string) string {
	h, ok := r.hints[name]
	if !ok {
		h = suggest(name, r.names)
		r.hints[name] = h
	}
	return h
}

// names lists what an immediate may be called: parameters, then constants.
func (r *resolver) names(yield func(string) bool) {
	for _, p := range r.policy.Params {
		if !yield(p.Name) {
			return
		}
	}
	cconst.Names(r.arch)(yield)
}
