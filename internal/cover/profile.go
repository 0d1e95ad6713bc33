package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/trust"
)

// A block is a run of statements of which all run or none, as the go command
// cuts them.
type block struct {
	file       string // in the module: "vm/run.go"
	line, col  int    // where it begins: behind the brace or colon
	endLine    int
	endCol     int
	statements int
	ran        bool

	fn, text string // of blocks that do not run: the function, and the first line
}

// parseProfile reads a profile in the form of go test -coverprofile. A block
// may be in it more than once, and has run if one of them says so.
func parseProfile(text string) ([]block, error) {
	var blocks []block
	index := map[block]int{} // by place
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "mode: ") {
			continue
		}
		var b block
		var count int
		file, rest, ok := strings.Cut(line, ":")
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.line, &b.col, &b.endLine, &b.endCol, &b.statements, &count); !ok || err != nil {
			return nil, fmt.Errorf("profile: %q is not file:line.column,line.column statements count", line)
		}
		b.file, ok = strings.CutPrefix(file, trust.Module)
		if !ok {
			return nil, fmt.Errorf("profile: %s is not in module %s", file, strings.TrimSuffix(trust.Module, "/"))
		}
		i, known := index[b]
		if !known {
			i = len(blocks)
			index[b] = i
			blocks = append(blocks, b)
		}
		blocks[i].ran = blocks[i].ran || count > 0
	}
	slices.SortFunc(blocks, func(a, b block) int {
		return cmp.Or(strings.Compare(a.file, b.file), a.line-b.line, a.col-b.col)
	})
	return blocks, nil
}

// A sum is what a package has of statements.
type sum struct {
	pkg                 string
	statements, covered int
}

func add(pkg string, blocks []block) sum {
	s := sum{pkg: pkg}
	for _, b := range blocks {
		s.statements += b.statements
		if b.ran {
			s.covered += b.statements
		}
	}
	return s
}

// percent is rounded down: what is not all is not written as 100.0.
func (s sum) percent() string {
	if s.statements == 0 {
		return "0.0 %"
	}
	n := s.covered * 1000 / s.statements
	return fmt.Sprintf("%d.%d %%", n/10, n%10)
}

// tooFew lists the packages with too few statements run; one without any
// statement was not measured.
func tooFew(sums []sum) []string {
	var list []string
	for _, s := range sums {
		if s.statements == 0 || s.covered*100 < atLeast*s.statements {
			list = append(list, fmt.Sprintf("%s: %d of %d statements run, %s; at least %d %% have to", s.pkg, s.covered, s.statements, s.percent(), atLeast))
		}
	}
	return list
}
