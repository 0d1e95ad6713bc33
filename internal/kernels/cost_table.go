package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/peers"
	"github.com/tileseal/tileseal/internal/trust"
)

const aboutCost = `Kernels under QEMU with -icount, where an instruction of the guest is a nanosecond of its clock. Each
program is installed in a child, which then makes one call 20,000 times: in A write to descriptor 5, in B read from 9, in C
personality, in D madvise of no memory. Its arguments are checked in the policy, so that the kernel does not answer
from its cache of calls that are always allowed, and it does next to nothing. The figures are instructions of one call from
entry to return, in the quietest of 20 turns, less those of the same call without a filter. "least filter" loads an argument
and allows: no filter whose answer depends on arguments costs less. Layout plain, like layout current where that can hold
the policy, is the reference; layout optimized and the peers had no workload to go by. The peers' programs are in
testdata/performance/peers, with their versions. Instructions are not nanoseconds: caches, branch prediction and
work-arounds for processors' faults do not show.`

// A costTable is figures by JIT, order and boot.
type costTable map[string]map[string][]float64

func (c *cost) table() costTable {
	t := costTable{}
	for _, figures := range c.boots {
		for _, f := range figures {
			if t[f.JIT] == nil {
				t[f.JIT] = map[string][]float64{}
			}
			t[f.JIT][f.Order] = append(t[f.JIT][f.Order], f.Least)
		}
	}
	return t
}

// jits are in the order they were measured in.
func (c *cost) jits() []string {
	var list []string
	for _, figures := range c.boots {
		for _, f := range figures {
			if !slices.Contains(list, f.JIT) {
				list = append(list, f.JIT)
			}
		}
	}
	return list
}

// over is what a program costs beside no filter, in the first boot.
func (t costTable) over(jit string, e *contender) float64 {
	floor := contender{policy: e.policy, maker: unfiltered}
	return t[jit][e.name()][0] - t[jit][floor.name()][0]
}

// spread is the largest difference between boots of any figure, and that figure's
// name.
func (t costTable) spread() (most float64, name string) {
	for jit, orders := range t {
		for order, boots := range orders {
			d := slices.Max(boots) - slices.Min(boots)
			if at := order + ", JIT " + jit; d > most || d == most && (name == "" || at < name) {
				most, name = d, at
			}
		}
	}
	return most, name
}

// describe fills the record from what the targets showed.
func describe(rec *trust.Record, all []*cost) {
	measured, programs, ahead, compared := 0, 0, 0, 0
	for _, c := range all {
		if len(c.boots) == 0 {
			rec.Notes = append(rec.Notes, fmt.Sprintf("%s: %s", c.target.name, c.verdict()))
			continue
		}
		measured++
		programs += len(orders(c.list))
		n, of := c.ahead()
		ahead, compared = ahead+n, compared+of
		rec.Tables = append(rec.Tables, c.markdown())
		d, name := c.table().spread()
		rec.Notes = append(rec.Notes, fmt.Sprintf("%s: over %d boots no figure differs by more than %.2f instructions (%s).", c.target.name, len(c.boots), d, name))
	}
	rec.Notes = append(rec.Notes, remarks(all)...)
	rec.Result = fmt.Sprintf("%d programs on %d of %d kernels; layout optimized costs no more than any peer's program in %d of %d comparisons",
		programs, measured, len(all), ahead, compared)
}

// ahead counts the peers' programs that layout optimized costs no more than, of
// those there are for the same policy, with the kernel's compiler and without.
func (c *cost) ahead() (n, of int) {
	t := c.table()
	for _, e := range c.list {
		if e.why != "" || e.isOurs() {
			continue
		}
		best := contender{policy: e.policy, maker: "layout optimized"}
		for _, jit := range c.jits() {
			if of++; math.Round(t.over(jit, &best)) <= math.Round(t.over(jit, &e)) {
				n++
			}
		}
	}
	return n, of
}

func (e *contender) isOurs() bool {
	return e.maker == unfiltered || e.maker == least || slices.ContainsFunc(ownLayouts, func(o layout) bool { return o.maker == e.maker })
}

// markdown has a row for each maker, and columns for each policy with the kernel's
// compiler and without.
func (c *cost) markdown() trust.Table {
	t := trust.Table{
		Title: fmt.Sprintf("%s, Linux %s: instructions over the same call without a filter; in brackets the program's length", c.target.goarch, c.release),
		Head:  []string{"program"},
	}
	for _, name := range peers.Policies {
		for _, jit := range c.jits() {
			t.Head = append(t.Head, name+", "+jitWords[jit])
		}
	}
	for _, maker := range c.makers() {
		row := []string{maker}
		if maker == unfiltered {
			row[0] = "no filter: the whole call"
		}
		for _, name := range peers.Policies {
			for _, jit := range c.jits() {
				row = append(row, c.cell(name, jit, maker))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

var jitWords = map[string]string{"on": "JIT", "off": "interpreter", "none": "interpreter (no JIT)"}

// makers are those of any policy, in order.
func (c *cost) makers() []string {
	var list []string
	for _, e := range c.list {
		if e.maker != peers.Any && !slices.Contains(list, e.maker) {
			list = append(list, e.maker)
		}
	}
	return list
}

// cell is the figure of one program, or a dash if there is none.
func (c *cost) cell(policy, jit, maker string) string {
	i := slices.IndexFunc(c.list, func(e contender) bool { return e.policy == policy && e.maker == maker })
	if i < 0 || c.list[i].why != "" {
		return "-"
	}
	e, t := &c.list[i], c.table()
	if maker == unfiltered {
		return whole(t[jit][e.name()][0])
	}
	return fmt.Sprintf("%s (%d)", whole(t.over(jit, e)), len(e.prog))
}

// whole is an instruction count as people read it: a clock that ticks more slowly
// than once an instruction leaves a fraction.
func whole(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }

// remarks are why programs are missing and what is different in those that are
// there, each with the architectures it is about.
func remarks(all []*cost) []string {
	var texts []string
	about := map[string][]string{}
	for _, c := range all {
		for _, e := range c.list {
			said := cmp.Or(e.why, e.note)
			if said == "" || e.maker == peers.Any { // our layouts say the same
				continue
			}
			text := fmt.Sprintf("policy %s, %s: %s", e.policy, e.maker, said)
			if about[text] == nil {
				texts = append(texts, text)
			}
			about[text] = append(about[text], c.target.goarch)
		}
	}
	for i, text := range texts {
		texts[i] = fmt.Sprintf("%s (%s)", text, strings.Join(about[text], ", "))
	}
	return texts
}
