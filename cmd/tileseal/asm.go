package main

import (
	"fmt"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/program"
)

// runAsm assembles a listing.
func runAsm(c *command) error {
	a := c.archFlag()
	format := c.String("format", "raw", "what to write: raw (bytes for seccomp(2)), json, or c (initialisers of struct sock_filter)")
	params := map[string]int64{}
	c.Func("p", "the value of a parameter, as in -p log_fd=3; raw and c need all of them", func(s string) error {
		return setParam(params, s)
	})
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() != 1 {
		return c.misuse("%s takes one listing, found %d", c.Name(), c.NArg())
	}
	p, err := c.readForeign(c.Arg(0), []arch.Arch{*a})
	if err != nil {
		return err
	}
	archs, err := c.archsOf(c.Arg(0), p, []arch.Arch{*a})
	if err != nil {
		return err
	}
	if err := c.checkOrder(c.Arg(0), p, gen.ArchName(archs[0]), archs[0].BigEndian()); err != nil {
		return err
	}
	out, err := c.assembled(p, *format, params, archs)
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(out)
	return err
}

// assembled is a program for some architectures, which have one byte order, in a
// format.
func (c *command) assembled(p *program.Program, format string, params map[string]int64, archs []arch.Arch) ([]byte, error) {
	switch format {
	case "json":
		if len(params) > 0 {
			return nil, c.misuse("tileseal: -p goes with -format raw and c; in json parameters stay open")
		}
		if err := bpf.Check(p.Fill(make([]uint64, len(p.Params)))); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Arg(0), err)
		}
		if p.Archs == nil {
			p.Archs = gen.NamesOf(archs)
		}
		return p.JSON(), nil
	case "raw", "c":
		insns, err := c.fill(c.Arg(0), p, params)
		if err != nil {
			return nil, err
		}
		if format == "c" {
			return initialisers(insns), nil
		}
		return program.Raw(insns, archs[0].BigEndian()), nil
	}
	return nil, c.misuse("tileseal: unknown format %q; there are raw, json and c", format)
}

// initialisers are instructions as C has them in an array.
func initialisers(insns []bpf.Insn) []byte {
	var b strings.Builder
	for _, in := range insns {
		fmt.Fprintf(&b, "{ %#02x, %d, %d, 0x%08x },\n", in.Code, in.Jt, in.Jf, in.K)
	}
	return []byte(b.String())
}
