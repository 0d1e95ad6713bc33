package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/program"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
	"github.com/tileseal/tileseal/vm"
)

// A subject is what sim, graph and report look at: a program, and the text it
// was compiled from if there is one.
type subject struct {
	*view.Program                 // for the first of its architectures
	views         []*view.Program // for all
	file          *gen.File       // nil for a program from elsewhere
}

// open reads a policy and compiles it, or reads a program.
func (c *command) open(r *reading, file string, archs []arch.Arch) (*subject, error) {
	if isPolicy(file) {
		f, t, err := c.program(r, file, archs)
		if err != nil {
			return nil, err
		}
		views := view.Of(t)
		return &subject{views[0], views, f}, nil
	}
	if err := r.check(c); err != nil {
		return nil, err
	}
	read, err := c.readForeign(file, archs)
	if err != nil {
		return nil, err
	}
	if archs, err = c.archsOf(file, read, archs); err != nil {
		return nil, err
	}
	if err := c.checkOrder(file, read, gen.ArchName(archs[0]), archs[0].BigEndian()); err != nil {
		return nil, err
	}
	s := &subject{}
	for _, a := range archs {
		p, err := view.Foreign(cmp.Or(read.Name, bareName(file)), a, &read.Program)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s.views = append(s.views, p)
	}
	s.Program = s.views[0]
	return s, nil
}

// readForeign reads a program from a file, the names of calls in it being those
// of the first of archs. An error names the place in it.
func (c *command) readForeign(file string, archs []arch.Arch) (*program.Program, error) {
	for _, name := range []string{"dialect", "layout"} {
		if c.given(name) {
			return nil, c.misuse("tileseal: -%s is for policies, and %s is taken for a program; the name of a policy ends in %s", name, file, gen.Ending)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p, err := program.Parse(file, text, archs[0])
	if bad := (*program.Error)(nil); errors.As(err, &bad) && bad.Line > 0 {
		return nil, gen.ErrorList{{Pos: gen.Pos{File: file, Line: bad.Line, Col: bad.Col}, Msg: bad.Msg}}
	}
	return p, err
}

// archsOf is the architectures that a program from elsewhere is for: those it
// names itself, unless the flag says otherwise.
func (c *command) archsOf(file string, p *program.Program, flagged []arch.Arch) ([]arch.Arch, error) {
	if len(p.Archs) == 0 || c.given("arch") {
		return flagged, nil
	}
	set, err := gen.ArchNames(p.Archs).Set()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return set.All(), nil
}

// checkOrder refuses bytes that are not in the order of the architecture their
// program is taken for.
func (c *command) checkOrder(file string, p *program.Program, name string, big bool) error {
	if p.Raw && p.BigEndian != big {
		return c.misuse("tileseal: %s has the byte order of another machine than %s; name the architecture it is for with -arch", file, name)
	}
	return nil
}

// isPolicy tells policies from programs by their names.
func isPolicy(file string) bool { return strings.HasSuffix(file, gen.Ending) }

func bareName(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// on is s as a call made on from meets it. judged is false for a call of an
// architecture that the program is not for.
func (s *subject) on(from arch.Arch, c vm.Call) (on *subject, judged bool) {
	on = s
	for _, p := range s.views {
		if c.Arch == p.Arch.Audit() && p.Numbers.Has(c.Nr) && (!judged || p.Arch == from) {
			on, judged = &subject{p, s.views, s.file}, true
		}
	}
	return on, judged
}

// given reports whether a flag was set.
func (c *command) given(name string) bool {
	found := false
	c.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// refuse says why nothing can be decided, with exit status 2; unlike misuse it
// leaves the flags aside.
func (c *command) refuse(format string, args ...any) error {
	fmt.Fprintf(c.stderr, format+"\n", args...)
	return errUsage
}

// values puts the values given for parameters by index; not all need one.
func (c *command) values(params []rule.Param, given map[string]int64) (map[int]uint64, error) {
	values := map[int]uint64{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		i := slices.IndexFunc(params, func(p rule.Param) bool { return p.Name == name })
		if i < 0 {
			return nil, c.refuse("tileseal: there is no parameter %s", name)
		}
		if err := params[i].Check(v); err != nil {
			return nil, c.refuse("tileseal: %v", err)
		}
		values[i] = uint64(v)
	}
	return values, nil
}
