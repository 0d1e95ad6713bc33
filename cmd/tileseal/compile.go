package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/profile"
	"github.com/tileseal/tileseal/internal/rule"
)

// A reading is how policy texts are to be read and compiled.
type reading struct {
	dialect   gen.Dialect
	layout    compile.Layout
	objective compile.Objective
	profile   *profile.Profile // nil: none
	tuned     bool             // objective or profile were asked for
	levels    string           // a directory with the Go runtime's levels, or ""
}

// meaningFlags are the flags that decide what a policy means. layout says what the
// verb takes the layout for.
func (c *command) meaningFlags(layout string) *reading {
	r := &reading{dialect: gen.Tileseal, layout: compile.Plain}
	c.Func("dialect", "how the text is read: tileseal, classic or current (default tileseal)", func(s string) (err error) {
		r.dialect, err = gen.DialectByName(s)
		return err
	})
	c.Func("layout", layout+": plain, optimized, classic or current (default plain)", func(s string) (err error) {
		r.layout, err = compile.LayoutByName(s)
		return err
	})
	return r
}

func (c *command) readingFlags() (r *reading) {
	r = c.meaningFlags("how the program is arranged")
	c.Func("objective", "what layout optimized makes least: unc (instructions of calls the kernel does not cache), all, inst (install steps) (default unc)", func(s string) (err error) {
		r.tuned = true
		r.objective, err = compile.ObjectiveByName(s)
		return err
	})
	c.Func("profile", "a `file` with what the tile calls how often, for layout optimized: strace -c, perf trace -s, or JSON", func(s string) (err error) {
		r.tuned = true
		text, err := os.ReadFile(s)
		if err == nil {
			r.profile, err = profile.Parse(s, text)
		}
		return err
	})
	return r
}

// check is a call that makes no sense.
func (r *reading) check(c *command) error {
	if r.tuned && r.layout != compile.Optimized {
		return c.misuse("tileseal: -objective and -profile go with -layout optimized")
	}
	return nil
}

// weights are those the flags ask for.
func (r *reading) weights(p *rule.Policy) (compile.Weights, error) {
	if r.profile == nil {
		return compile.Weights{Objective: r.objective}, nil
	}
	return r.profile.Weights(p, r.objective)
}

// compile reads and compiles one policy. Warnings go to standard error.
func (c *command) compile(r *reading, file string, archs []arch.Arch) (*gen.File, []gen.Target, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	if err := r.check(c); err != nil {
		return nil, nil, err
	}
	f, targets, errs := gen.ReadWeighed(file, string(text), r.dialect, archs, r.layout, r.weights)
	if errs.Err() != nil {
		return nil, nil, errs
	}
	report(c.stderr, errs)
	return f, targets, nil
}

// formatFlag asks whether to write JSON rather than text.
func (c *command) formatFlag() *bool {
	asJSON := false
	c.Func("format", "how the result is written: text or json (default text)", func(s string) error {
		if s != "text" && s != "json" {
			return fmt.Errorf("there are text and json")
		}
		asJSON = s == "json"
		return nil
	})
	return &asJSON
}

func runCompile(c *command) error {
	r := c.readingFlags()
	archs := c.archsFlag("the architecture, or several for one program")
	format := c.String("format", "json", "what to write: json, asm (a listing), c (a header), go, or raw (bytes for seccomp(2))")
	params := map[string]int64{}
	c.Func("p", "the value of a parameter, as in -p logfile_fd=3; raw needs all of them", func(s string) error {
		return setParam(params, s)
	})
	if err := c.parse(true); err != nil {
		return err
	}
	if !strings.Contains(" json asm c go raw ", " "+*format+" ") {
		return c.misuse("tileseal: unknown format %q; there are json, asm, c, go and raw", *format)
	}
	if *format != "raw" && len(params) > 0 {
		return c.misuse("tileseal: -p goes with -format raw; in the other formats parameters stay open")
	}
	if err := r.checkArchs(c, *archs); err != nil {
		return err
	}
	f, t, err := c.program(r, c.Arg(0), *archs)
	if err != nil {
		return err
	}
	out, err := c.format(*format, f, t, params)
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(out)
	return err
}

func (c *command) format(format string, f *gen.File, t gen.Target, params map[string]int64) ([]byte, error) {
	switch format {
	case "asm":
		return emit.Asm(t), nil
	case "c":
		return emit.C(t), nil
	case "go":
		files, err := emit.Go("policy", f, []gen.Target{t}, nil)
		if err != nil {
			return nil, err
		}
		return files[0].Text, nil
	case "raw":
		values, err := c.paramValues(t.Params, params)
		if err != nil {
			return nil, err
		}
		return emit.Raw(t, values), nil
	}
	return emit.JSON(t)
}

func setParam(params map[string]int64, s string) error {
	name, value, ok := strings.Cut(s, "=")
	v, err := strconv.ParseInt(value, 0, 64)
	if !ok || err != nil {
		return fmt.Errorf("write it as name=number")
	}
	if _, twice := params[name]; twice {
		return fmt.Errorf("%s has a value already", name)
	}
	params[name] = v
	return nil
}

// paramValues puts the values given for a program's parameters in their order.
// All need one.
func (c *command) paramValues(params []rule.Param, given map[string]int64) ([]uint64, error) {
	known, err := c.values(params, given)
	if err != nil {
		return nil, err
	}
	values := make([]uint64, len(params))
	for i, p := range params {
		v, ok := known[i]
		if !ok {
			return nil, c.misuse("tileseal: the program needs a value for %s; add -p %s=N", p.Name, p.Name)
		}
		values[i] = v
	}
	return values, nil
}
