package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/graph"
	"github.com/tileseal/tileseal/internal/page"
)

const pageAbout = `
The page needs nothing else and nobody's network: the policy beside its program,
a table of the verdicts, the decision graph, and a simulator that runs in it.
The graph is laid out by graphviz's dot; where that is not installed, it is left
out. -profile weighs its ways, as for graph.
`

func runReport(c *command) error {
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), pageAbout)
	}
	r := c.readingFlags()
	a := c.archFlag()
	out := c.String("o", "", "the `file` to write, NAME.html (default standard output)")
	if err := c.parse(true); err != nil {
		return err
	}
	if *out != "" && filepath.Ext(*out) != ".html" {
		return c.misuse("tileseal: -o %s: the name ends in .html", *out)
	}
	r.tuned = c.given("objective") // a profile weighs the graph of any layout
	s, err := c.open(r, c.Arg(0), []arch.Arch{*a})
	if err != nil {
		return err
	}
	if s.file == nil {
		return fmt.Errorf("%s is a program; report shows policies, explain and graph show programs", c.Arg(0))
	}
	g, err := s.graph(r.profile, false)
	if err != nil {
		return err
	}
	svg, err := g.SVG()
	if errors.Is(err, graph.ErrNoGraphviz) {
		fmt.Fprintln(c.stderr, "tileseal: the page has no graph: graphviz's dot is not installed")
	} else if err != nil {
		return err
	}
	sources, err := s.sources()
	if err != nil {
		return err
	}
	text, err := page.HTML(s.Program, s.file, sources, svg)
	if err != nil {
		return err
	}
	return c.save(*out, text)
}

// sources are the texts with the entries of the policy, its own first.
func (s *subject) sources() ([]page.Source, error) {
	out := []page.Source{{Name: s.file.Name, Text: s.file.Text}}
	for _, c := range s.Policy.Calls {
		for _, k := range c.Cases {
			name := k.Src.File
			if k.Src.Line == 0 || slices.ContainsFunc(out, func(s page.Source) bool { return s.Name == name }) {
				continue
			}
			level, isLevel := strings.CutPrefix(name, "go/")
			text, ok := baseline.Fragment(level)
			if !isLevel || !ok {
				var err error
				if text, err = os.ReadFile(name); err != nil {
					return nil, err
				}
			}
			out = append(out, page.Source{Name: name, Text: string(text)})
		}
	}
	return out, nil
}
