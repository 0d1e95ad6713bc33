package graph

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// ErrNoGraphviz is a machine without graphviz's dot, which lays graphs out.
var ErrNoGraphviz = errors.New("graphviz's dot, which lays the graph out, is not installed: install the package graphviz, or write DOT with -o NAME.dot")

// SVG is the graph as a drawing, an <svg> element by itself, made by
// graphviz's dot. The error is ErrNoGraphviz where there is none.
func (g *Graph) SVG() ([]byte, error) {
	dot, err := exec.LookPath("dot")
	if err != nil {
		return nil, ErrNoGraphviz
	}
	var errs bytes.Buffer
	cmd := exec.Command(dot, "-Tsvg")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(g.DOT()), &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", dot, err, strings.TrimSpace(errs.String()))
	}
	begin := bytes.Index(out, []byte("<svg"))
	if begin < 0 {
		return nil, fmt.Errorf("%s wrote no SVG", dot)
	}
	return out[begin:], nil
}
