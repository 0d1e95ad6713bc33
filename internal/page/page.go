// Package page shows a compiled policy as one HTML page that needs nothing
// else: the text beside the program, the verdicts, the graph, and a simulator
// that runs in the page.
package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/view"
)

//go:embed page.html
var layout string

//go:embed page.css
var style string

//go:embed machine.js
var machine string

//go:embed page.js
var behaviour string

var page = template.Must(template.New("page").Parse(layout))

// A Source is a text that a policy was read from.
type Source struct {
	Name string // as rule.Src.File names it
	Text string
}

// contents is what the template shows.
type contents struct {
	Title    string
	Summary  string
	Program  *view.Program
	Arch     string
	Sources  []source
	Listing  []instruction
	Verdicts []verdict
	Rest     []rest
	Graph    template.HTML // an <svg> element, or nothing
	Style    template.CSS
	Scripts  []template.JS
	Data     *data
}

// A source is a text, line by line.
type source struct {
	Name  string
	Own   bool // the policy's own text, not one it includes
	Lines []line
}

type line struct {
	N    int
	Text string
	ID   string // of the rule that begins here, or ""
}

type instruction struct {
	PC         int
	Text, Note string
}

// HTML is the page of a policy's program. svg is its graph, from package graph;
// without one the page says how to have it.
func HTML(p *view.Program, f *gen.File, sources []Source, svg []byte) ([]byte, error) {
	if p.Policy == nil {
		return nil, fmt.Errorf("page: %s has no policy", p.Name)
	}
	c := &contents{
		Title: p.Name, Summary: strings.TrimSpace(strings.TrimPrefix(f.Summary, "#")), Program: p, Arch: gen.ArchName(p.Arch),
		Graph: template.HTML(svg), Style: template.CSS(style), Scripts: []template.JS{template.JS(machine), template.JS(behaviour)},
		Data: dataOf(p),
	}
	rules := ruleIDs(p.Policy)
	for i, s := range sources {
		c.Sources = append(c.Sources, source{s.Name, i == 0, lines(s, rules)})
	}
	for pc, text := range p.Text {
		c.Listing = append(c.Listing, instruction{pc, text, p.Notes[pc]})
	}
	c.Verdicts, c.Rest = verdicts(p, rules)
	var out bytes.Buffer
	if err := page.Execute(&out, c); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func lines(s Source, rules map[place]string) []line {
	var out []line
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s.Text)
	for i, t := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out = append(out, line{i + 1, t, rules[place{s.Name, i + 1}]})
	}
	return out
}
