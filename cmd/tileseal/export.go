package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/oci"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// runExport writes a policy for those who use another library.
func runExport(c *command) error {
	r := c.readingFlags()
	archs := c.archsFlag("the architectures, the machine's first")
	to := c.String("to", "", "what to write: oci (a seccomp profile of the OCI runtime specification), c (a header), raw (bytes for seccomp(2)), or pseudo (pseudo code, for people)")
	params := map[string]int64{}
	c.Func("p", "the value of a parameter, as in -p logfile_fd=3; oci and raw need all of them", func(s string) error {
		return setParam(params, s)
	})
	if err := c.parse(true); err != nil {
		return err
	}
	open := *to == "c" || *to == "pseudo"
	switch {
	case *to == "":
		return c.misuse("tileseal: -to says what to write: oci, c, raw or pseudo")
	case !strings.Contains(" oci c raw pseudo ", " "+*to+" "):
		return c.misuse("tileseal: there is no notation %q; there are oci, c, raw and pseudo", *to)
	case open && len(params) > 0:
		return c.misuse("tileseal: -p goes with -to oci and raw; in the others parameters stay open")
	}
	if err := r.checkArchs(c, *archs); err != nil {
		return err
	}
	var out []byte
	var err error
	if *to == "oci" || *to == "pseudo" {
		out, err = c.exportMeaning(r, *to, *archs, params)
	} else {
		var t gen.Target
		if _, t, err = c.program(r, c.Arg(0), *archs); err == nil {
			out, err = c.exportProgram(t, *to, params)
		}
	}
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(out)
	return err
}

func (c *command) exportProgram(t gen.Target, to string, params map[string]int64) ([]byte, error) {
	if to == "c" {
		return emit.C(t), nil
	}
	values, err := c.paramValues(t.Params, params)
	if err != nil {
		return nil, err
	}
	return emit.Raw(t, values), nil
}

// exportMeaning writes what is made of the policy's meaning, not of a program.
func (c *command) exportMeaning(r *reading, to string, archs []arch.Arch, params map[string]int64) ([]byte, error) {
	targets, err := c.resolveAll(r, c.Arg(0), archs)
	if err != nil {
		return nil, err
	}
	var ps []*rule.Policy
	for _, t := range targets {
		p := t.Policy
		if to == "oci" {
			given := map[string]int64{}
			for name, v := range params {
				given[name] = v
			}
			values, err := c.paramValues(t.Params, given)
			if err != nil {
				return nil, err
			}
			p = policytext.Fill(p, values)
		}
		ps = append(ps, p)
	}
	if to == "pseudo" {
		return []byte(policytext.Pseudo(ps)), nil
	}
	profile, err := oci.Export(ps, archs)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be exported: %w", c.Arg(0), err)
	}
	return profile.JSON(), nil
}

// resolveAll reads a policy for each of several architectures. Warnings go to
// standard error.
func (c *command) resolveAll(r *reading, file string, archs []arch.Arch) ([]gen.Target, error) {
	if err := r.check(c); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, errs := gen.Parse(file, string(text), r.dialect)
	var targets []gen.Target
	for _, a := range archs {
		res, list := gen.Resolve(f, a, r.layout)
		errs = append(errs, list...)
		targets = append(targets, gen.Target{Resolved: res, Arch: a})
	}
	if errs.Err() != nil {
		return nil, errs
	}
	report(c.stderr, errs)
	return targets, nil
}
