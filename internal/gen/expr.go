package gen

import (
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
)

var compareOps = map[string]rule.Op{
	"eq": rule.Eq, "<": rule.Lt, "<=": rule.Le, ">": rule.Gt, ">=": rule.Ge,
}

// mirrored is the comparison with its sides swapped.
var mirrored = map[rule.Op]rule.Op{
	rule.Eq: rule.Eq, rule.Lt: rule.Gt, rule.Le: rule.Ge, rule.Gt: rule.Lt, rule.Ge: rule.Le,
}

var (
	upstreamOps = []string{"and", "or", "not", "eq", "<", "<=", ">", ">="}
	tilesealOps = append(upstreamOps[:len(upstreamOps):len(upstreamOps)], "ne", "in", "range")
)

// expr resolves a condition.
func (r *resolver) expr(e *Entry, n *node) (rule.Expr, bool) {
	at := e.line.pos(n.off)
	op := n.head()
	switch {
	case n.kind != nList:
		r.errs.add(at, "%s is a value, not a condition; compare it, as in (eq (arg 0) 2)", n.text)
		return nil, false
	case len(n.list) == 0:
		r.errs.add(at, "empty list; a condition is written as in (eq (arg 0) 2)")
		return nil, false
	case op == "arg" || op == "mask" && r.file.Dialect == Tileseal:
		r.errs.add(at, "%s is a value, not a condition; compare it, as in (eq %[1]s 2)", n)
		return nil, false
	case op == "and" || op == "or":
		return r.junction(e, n, op)
	case op == "not":
		return r.not(e, n)
	}
	if cmp, ok := compareOps[op]; ok {
		return r.compare(e, n, cmp)
	}
	ops := upstreamOps
	if r.file.Dialect == Tileseal {
		ops = tilesealOps
		switch op {
		case "ne":
			x, ok := r.compare(e, n, rule.Eq)
			return rule.Not{X: x}, ok
		case "in":
			return r.in(e, n)
		case "range":
			return r.between(e, n)
		}
	}
	yield := func(yield func(string) bool) {
		for _, o := range ops {
			if !yield(o) {
				return
			}
		}
	}
	r.errs.add(e.line.pos(n.list[0].off), "unknown operator %q%s", op, suggest(op, yield))
	return nil, false
}

func (r *resolver) junction(e *Entry, n *node, op string) (rule.Expr, bool) {
	if len(n.list) == 1 {
		r.errs.add(e.line.pos(n.off), "%s needs at least one condition", op)
		return nil, false
	}
	var xs []rule.Expr
	all := true
	for _, c := range n.list[1:] {
		x, ok := r.expr(e, c)
		xs, all = append(xs, x), all && ok
	}
	if !all {
		return nil, false
	}
	if op == "and" {
		return rule.And(xs), true
	}
	return rule.Or(xs), true
}

func (r *resolver) not(e *Entry, n *node) (rule.Expr, bool) {
	if len(n.list) != 2 {
		r.errs.add(e.line.pos(n.off), "not takes one condition, found %d", len(n.list)-1)
		return nil, false
	}
	x, ok := r.expr(e, n.list[1])
	return rule.Not{X: x}, ok
}

// compare resolves (OP VALUE IMM), and where the dialect has it (OP IMM VALUE).
func (r *resolver) compare(e *Entry, n *node, op rule.Op) (rule.Expr, bool) {
	name := n.head()
	if len(n.list) != 3 {
		r.errs.add(e.line.pos(n.off), "%s takes an argument and a value, found %d operands", name, len(n.list)-1)
		return nil, false
	}
	val, imm := n.list[1], n.list[2]
	if isValue(imm) && !isValue(val) && r.file.Dialect != Classic {
		val, imm, op = imm, val, mirrored[op]
	}
	if isValue(imm) && isValue(val) {
		r.errs.add(e.line.pos(imm.off), "two arguments cannot be compared with each other")
		return nil, false
	}
	c, ok := r.value(e, val)
	if !ok {
		return nil, false
	}
	return r.cmp(e, c, op, imm)
}

// in resolves (in VALUE IMM...): equal to one of them.
func (r *resolver) in(e *Entry, n *node) (rule.Expr, bool) {
	if len(n.list) < 3 {
		r.errs.add(e.line.pos(n.off), "in takes an argument and at least one value")
		return nil, false
	}
	c, ok := r.value(e, n.list[1])
	if !ok {
		return nil, false
	}
	var xs rule.Or
	for _, imm := range n.list[2:] {
		x, good := r.cmp(e, c, rule.Eq, imm)
		xs, ok = append(xs, x), ok && good
	}
	return xs, ok
}

// between resolves (range VALUE LOW HIGH): from LOW to HIGH, both included.
func (r *resolver) between(e *Entry, n *node) (rule.Expr, bool) {
	if len(n.list) != 4 {
		r.errs.add(e.line.pos(n.off), "range takes an argument, its least and its greatest value, found %d operands", len(n.list)-1)
		return nil, false
	}
	c, ok := r.value(e, n.list[1])
	if !ok {
		return nil, false
	}
	low, ok1 := r.cmp(e, c, rule.Ge, n.list[2])
	high, ok2 := r.cmp(e, c, rule.Le, n.list[3])
	return rule.And{low, high}, ok1 && ok2
}

func isValue(n *node) bool {
	return n.kind == nList && (n.head() == "arg" || n.head() == "mask")
}

// A value is an argument about to be compared.
type value struct {
	info     argInfo
	arg      int
	mask     uint64
	maskText string
	n        *node
}

// value resolves (arg N) or (mask (arg N) IMM).
func (r *resolver) value(e *Entry, n *node) (value, bool) {
	at := e.line.pos(n.off)
	v := value{n: n, mask: ^uint64(0)}
	if n.head() == "mask" && r.file.Dialect == Tileseal {
		if len(n.list) != 3 || n.list[1].head() != "arg" {
			r.errs.add(at, "mask takes an argument and the bits to keep, as in (mask (arg 2) PROT_EXEC)")
			return v, false
		}
		v, ok := r.value(e, n.list[1])
		if !ok {
			return v, false
		}
		m, ok := r.operand(e, n.list[2], v.info.width)
		if ok && m.Param >= 0 {
			r.errs.add(e.line.pos(n.list[2].off), "a mask must be a constant")
			return v, false
		}
		v.mask, v.maskText, v.n = m.Value, m.Text, n
		return v, ok
	}
	if n.kind != nList || n.head() != "arg" {
		r.errs.add(at, "%s is no argument; compare an argument with a value, as in (eq (arg 0) 2)", n)
		return v, false
	}
	num := -1
	if len(n.list) == 2 && n.list[1].kind == nWord && decimal.MatchString(n.list[1].text) {
		num, _ = strconv.Atoi(strings.ReplaceAll(n.list[1].text, "_", ""))
	}
	if num < 0 || num > 5 {
		r.errs.add(at, "%s: arguments are (arg 0) to (arg 5)", n)
		return v, false
	}
	info, why := argOf(r.arch, r.layout, r.file.Dialect, e.Name, num)
	if why != "" {
		r.errs.add(at, "arg %d: %s", num, why)
		return v, false
	}
	v.arg, v.info = num, info
	if v.info.width == 32 {
		v.mask = 1<<32 - 1
	}
	return v, true
}

// cmp is the comparison of a value with an immediate, after checking that it
// means something.
func (r *resolver) cmp(e *Entry, v value, op rule.Op, imm *node) (rule.Expr, bool) {
	x, ok := r.operand(e, imm, v.info.width)
	if !ok {
		return nil, false
	}
	c := &rule.Cmp{Op: op, Arg: v.arg, Width: v.info.width, Mask: v.mask, MaskText: v.maskText, X: x}
	if v.info.kind == proto.Pointer && (op != rule.Eq || x.Param >= 0 || x.Value != 0) {
		r.report(e.line.pos(v.n.off), "arg %d of %s is a pointer, which says nothing about what it points to; it can only be compared with 0 (NULL)", v.arg, e.Name)
	}
	if x.Param >= 0 {
		if op != rule.Eq || v.info.kind == proto.DirFD || v.info.kind == proto.PID {
			r.policy.Params[x.Param].Min = 0
		}
	} else if op == rule.Eq && x.Value&^v.mask != 0 {
		r.errs.add(e.line.pos(imm.off), "%s has bits outside the mask, so this never holds", imm.text)
		return nil, false
	}
	return c, true
}

// report is an error in our layouts and a warning in upstream's, which have
// to read upstream's own policies.
func (r *resolver) report(at Pos, format string, args ...any) {
	if upstreams(r.layout) {
		r.errs.warn(at, format, args...)
	} else {
		r.errs.add(at, format, args...)
	}
}

// upstreams reports whether a layout is one of upstream's.
func upstreams(l compile.Layout) bool { return l == compile.Classic || l == compile.Current }

// String is the form as it was written, on one line.
func (n *node) String() string {
	switch n.kind {
	case nWord:
		return n.text
	case nString:
		return `"` + n.text + `"`
	}
	parts := make([]string, len(n.list))
	for i, c := range n.list {
		parts[i] = c.String()
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func takes(call string, n int) string {
	switch n {
	case 0:
		return call + " takes no arguments"
	case 1:
		return call + " takes 1 argument"
	}
	return call + " takes " + strconv.Itoa(n) + " arguments"
}
