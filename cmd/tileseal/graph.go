package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/graph"
	"github.com/tileseal/tileseal/internal/profile"
)

const graphAbout = `
FILE is a policy, or a program in a form that disasm reads. Without -o, or with -o ending
in .dot, the graph is written in graphviz's language; with -o ending in .svg it
is drawn by graphviz's dot, which has to be installed for that.

The ways are weighed by the calls of -profile. Without one all rules of the
policy are equally likely, or for a program alone all calls it may allow; calls
whose arguments are not known are spread evenly over the ways on which they are
allowed. Calls that kernels from Linux 5.11 on answer from their cache do not
run the program and weigh nothing, but with -objective all. The heaviest way is
drawn bold.
`

func runGraph(c *command) error {
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), graphAbout)
	}
	r := c.readingFlags()
	a := c.archFlag()
	out := c.String("o", "", "the `file` to write, NAME.svg or NAME.dot (default standard output, DOT)")
	if err := c.parse(true); err != nil {
		return err
	}
	ending := filepath.Ext(*out)
	if *out != "" && ending != ".svg" && ending != ".dot" {
		return c.misuse("tileseal: -o %s: the name ends in .svg or .dot", *out)
	}
	r.tuned = false // here -profile and -objective weigh the ways, in any layout
	s, err := c.open(r, c.Arg(0), []arch.Arch{*a})
	if err != nil {
		return err
	}
	g, err := s.graph(r.profile, r.objective == compile.All)
	if err != nil {
		return err
	}
	text := g.DOT()
	if ending == ".svg" {
		text, err = g.SVG()
		if errors.Is(err, graph.ErrNoGraphviz) {
			return c.refuse("tileseal: %v", err)
		} else if err != nil {
			return err
		}
	}
	return c.save(*out, text)
}

// graph is the decisions of the program, weighed by a profile or without.
func (s *subject) graph(seen *profile.Profile, cached bool) (*graph.Graph, error) {
	w, err := s.Weigh(seen, cached)
	if err != nil {
		return nil, err
	}
	return graph.Of(s.Program, w), nil
}

// save writes to a file, or to standard output if the name is empty.
func (c *command) save(file string, text []byte) error {
	if file == "" {
		_, err := c.stdout.Write(text)
		return err
	}
	return writeFile(file, text)
}
