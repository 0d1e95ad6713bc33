package graph

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/view"
)

// A query is what a test asks: whether a term is one of the values.
type query struct {
	term   view.Term
	code   uint16
	values []string
}

// query is what the test at pc asks.
func (b *builder) query(pc int) *query {
	in, t := b.p.Insns[pc], b.p.Terms[pc]
	value := b.p.Value(pc)
	if t.IsNr() && in.Code != bpf.Jeq { // it is the order of numbers that counts
		value = fmt.Sprintf("%d (%s)", in.K, value)
	}
	return &query{t, in.Code, []string{value}}
}

// text is the question.
func (q *query) text(p *view.Program) string {
	relation := map[uint16]string{bpf.Jeq: "is", bpf.Jgt: ">", bpf.Jge: ">=", bpf.Jset: "&"}[q.code&^bpf.SrcX]
	return fmt.Sprintf("%s %s %s", p.TermName(q.term), relation, list(q.values))
}

func list(items []string) string {
	if n := len(items) - 1; n > 0 {
		return strings.Join(items[:n], ", ") + " or " + items[n]
	}
	return items[0]
}

// merge makes one question of those that follow each other, are about the same
// term, and have the same consequence.
func (b *builder) merge() {
	for pc := range b.p.Insns {
		n := b.nodes[pc]
		if n == nil || n.Kind != Test {
			continue
		}
		q := b.query(pc)
		for q.code == bpf.Jeq && q.term.Known {
			m := n.Ways[1].To
			if m.Kind != Test || b.into[m] != 1 || !same(n.Ways[0].To, m.Ways[0].To) {
				break
			}
			next := b.query(m.PCs[0])
			if next.code != q.code || next.term != q.term {
				break
			}
			q.values = append(q.values, next.values...)
			n.PCs = append(n.PCs, m.PCs...)
			n.Ways[0].Weight += m.Ways[0].Weight
			n.Ways[0].To.Weight = max(n.Ways[0].To.Weight, n.Ways[0].Weight)
			n.Ways[1] = m.Ways[1]
			delete(b.nodes, m.PCs[0])
		}
		n.Text = q.text(b.p)
	}
}

// same reports whether two nodes are one, or give the same verdict.
func same(a, b *Node) bool {
	return a == b || a.Kind == Verdict && b.Kind == Verdict && a.Text == b.Text
}

// wrap breaks a text at blanks and behind bars so that no line is much longer
// than n.
func wrap(text string, n int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		for part := range strings.SplitAfterSeq(word, "|") {
			last := &lines[len(lines)-1]
			if *last != "" && len(*last)+len(part) > n {
				lines = append(lines, part)
			} else {
				*last += part
			}
		}
		lines[len(lines)-1] += " "
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}
