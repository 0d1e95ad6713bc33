package graph

import (
	"fmt"
	"strings"
)

// DOT is the graph in graphviz's language. It is the same for the same program.
// Nodes and ways have classes (test, steps, allow, deny, hot), which an SVG made
// of it keeps.
func (g *Graph) DOT() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", quote(g.Name))
	b.WriteString("  graph [rankdir=TB, nodesep=0.25, ranksep=0.35];\n")
	b.WriteString("  node [fontname=\"sans-serif\", fontsize=11, shape=box, style=\"rounded,filled\", fillcolor=\"#f4f4f4\", color=\"#555555\", margin=\"0.12,0.06\"];\n")
	b.WriteString("  edge [fontname=\"sans-serif\", fontsize=10, color=\"#777777\"];\n")
	id := map[*Node]string{}
	for i, n := range g.Nodes {
		id[n] = fmt.Sprintf("n%d", i)
		fmt.Fprintf(&b, "  %s [%s];\n", id[n], n.attributes())
	}
	for _, n := range g.Nodes {
		for _, way := range n.Ways {
			fmt.Fprintf(&b, "  %s -> %s [%s];\n", id[n], id[way.To], way.attributes())
		}
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func (n *Node) attributes() string {
	label := strings.Join(wrap(n.Text, 40), "\n")
	if n.Kind != Verdict {
		label = fmt.Sprintf("l%d  %s\n%s", n.PCs[0], percent(n.Weight), label)
	}
	class, more := n.class(), ""
	switch class {
	case "allow":
		more = `, shape=ellipse, style=filled, fillcolor="#d9f2d9"`
	case "deny":
		more = `, shape=octagon, style=filled, fillcolor="#f8d7d7"`
	case "other":
		more = `, shape=ellipse, style=filled, fillcolor="#fdf0cc"`
	}
	if n.Hot {
		class += " hot"
		more += `, penwidth=2.5, color="#1a56b0"`
	}
	return fmt.Sprintf("label=%s, class=%s, tooltip=%s%s", quote(label), quote(class), quote(fmt.Sprintf("l%d", n.PCs[0])), more)
}

// class is what kind of node it is: allow, deny and other are verdicts.
func (n *Node) class() string {
	switch {
	case n.Kind == Test:
		return "test"
	case n.Kind == Steps:
		return "steps"
	case n.Text == "allow" || n.Text == "log":
		return "allow"
	case strings.HasPrefix(n.Text, "kill"):
		return "deny"
	}
	return "other"
}

func (w *Way) attributes() string {
	label, class, more := strings.TrimSpace(w.Answer+" "+percent(w.Weight)), "way", ""
	more = fmt.Sprintf(", penwidth=%.2f", 0.6+3*w.Weight)
	switch {
	case w.Hot:
		class = "way hot"
		more += `, color="#1a56b0"`
	case w.Weight <= 0:
		more += ", style=dashed"
	}
	return fmt.Sprintf("label=%s, class=%s%s", quote(label), quote(class), more)
}

// quote is a quoted string of DOT, lines centred.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
