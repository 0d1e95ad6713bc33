// Package graph draws the decisions of a program: what it asks of a call, the
// ways on, and how much of the calls goes each way.
package graph

import (
	"fmt"
	"slices"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
)

// A Graph is the decisions of a program. The first node is where it begins.
type Graph struct {
	Name  string
	Nodes []*Node
}

// A Node is a question, a verdict, or instructions that are neither.
type Node struct {
	PCs    []int // the instructions it is made of, in order; not the loads
	Kind   Kind
	Text   string // "call is read, write", "allow"
	Weight float64
	Hot    bool // the heaviest way comes by
	Ways   []*Way
}

// A Kind tells nodes apart.
type Kind int

// The kinds.
const (
	Test Kind = iota
	Verdict
	Steps
)

// A Way leads on from a node.
type Way struct {
	To     *Node
	Answer string // "yes", "no", or "" for the only way on
	Weight float64
	Hot    bool
}

// Of is the graph of a program, weighed. Loads are part of the questions they
// are for; questions about one word one after the other with the same
// consequence are one; every node has verdicts of its own.
func Of(p *view.Program, w *view.Weights) *Graph {
	b := &builder{p: p, w: w, nodes: map[int]*Node{}, into: map[*Node]int{}}
	first := b.node(b.skip(0))
	b.merge()
	g := &Graph{Name: p.Name}
	g.collect(first, map[*Node]bool{})
	g.heat()
	return g
}

// A builder makes the nodes of the instructions.
type builder struct {
	p     *view.Program
	w     *view.Weights
	nodes map[int]*Node // by instruction; not the verdicts
	into  map[*Node]int // how many ways lead to a node
}

// skip is the first instruction from pc on that is a node.
func (b *builder) skip(pc int) int {
	for {
		switch in := b.p.Insns[pc]; in.Code {
		case bpf.LdAbs, bpf.And:
			pc++
		case bpf.Ja:
			pc += 1 + int(in.K)
		default:
			return pc
		}
	}
}

// node is the node of instruction pc, with all that comes after it.
func (b *builder) node(pc int) *Node {
	in := b.p.Insns[pc]
	if in.Code == bpf.RetK || in.Code == bpf.RetA {
		text := "A"
		if in.Code == bpf.RetK {
			text = rule.Action(in.K).String()
		}
		return &Node{PCs: []int{pc}, Kind: Verdict, Text: text}
	}
	if n := b.nodes[pc]; n != nil {
		return n
	}
	n := &Node{PCs: []int{pc}, Weight: b.w.At[pc]}
	b.nodes[pc] = n
	if !view.Branches(in.Code) {
		n.Kind, n.Text = Steps, b.p.Text[pc]
		next := b.node(b.skip(pc + 1))
		b.into[next]++
		n.Ways = []*Way{{To: next, Weight: n.Weight}}
		return n
	}
	yes, no := b.skip(pc+1+int(in.Jt)), b.skip(pc+1+int(in.Jf))
	n.Ways = []*Way{
		{To: b.node(yes), Answer: "yes", Weight: b.w.Yes[pc]},
		{To: b.node(no), Answer: "no", Weight: b.w.No[pc]},
	}
	for _, way := range n.Ways {
		if b.into[way.To]++; way.To.Kind == Verdict {
			way.To.Weight = way.Weight
		}
	}
	return n
}

// collect puts nodes in the order in which they are come to.
func (g *Graph) collect(n *Node, seen map[*Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	g.Nodes = append(g.Nodes, n)
	for _, way := range n.Ways {
		g.collect(way.To, seen)
	}
}

// heat marks the heaviest way, from the beginning to a verdict.
func (g *Graph) heat() {
	n := g.Nodes[0]
	for n.Hot = true; len(n.Ways) > 0; n.Hot = true {
		way := slices.MaxFunc(n.Ways, func(a, b *Way) int {
			switch {
			case a.Weight < b.Weight:
				return -1
			case a.Weight > b.Weight:
				return 1
			}
			return 0
		})
		way.Hot = true
		n = way.To
	}
}

// percent is a weight for people: "0%" is nothing at all.
func percent(w float64) string {
	switch {
	case w <= 0:
		return "0%"
	case w < 0.005:
		return "<1%"
	}
	return fmt.Sprintf("%.0f%%", 100*w)
}
