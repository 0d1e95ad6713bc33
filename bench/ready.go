//go:build linux && amd64

package main

import (
	"github.com/tileseal/tileseal/bench/ready"
	"github.com/tileseal/tileseal/internal/compile"
	"golang.org/x/sys/unix"
)

// readyLayout is the layout of package ready, as its doc.go asks for it.
const readyLayout = compile.Optimized

// populates are the generated functions, with the descriptors of the workloads.
var populates = map[string]struct {
	insns int
	do    func(out []unix.SockFilter)
}{
	"A": {ready.ALen, func(out []unix.SockFilter) { ready.PopulateA(out, 5, 7) }},
	"B": {ready.BLen, func(out []unix.SockFilter) { ready.PopulateB(out, 5, 6, 8) }},
	"C": {ready.CLen, func(out []unix.SockFilter) { ready.PopulateC(out) }},
	"D": {ready.DLen, func(out []unix.SockFilter) { ready.PopulateD(out) }},
}

// measureReady measures the time to a program that can be installed.
func measureReady(rep *report, p *policy, e effort) {
	var tasks []task
	if g, ok := populates[p.name]; ok {
		out := make([]unix.SockFilter, g.insns)
		tasks = append(tasks, task{"tileseal Populate, " + readyLayout.String(), func(n int) {
			for range n {
				g.do(out)
			}
		}})
	}
	for _, l := range []compile.Layout{compile.Plain, compile.Optimized} {
		tasks = append(tasks, task{"tileseal from the text, " + l.String(), func(n int) {
			for range n {
				if _, err := p.compile(l); err != nil {
					panic(err) // it compiled before
				}
			}
		}})
	}
	var missing []result
	for _, b := range builders(p) {
		if b.build == nil {
			missing = append(missing, result{Contender: b.name, Absent: b.why})
			continue
		}
		if _, err := b.build(); err != nil {
			missing = append(missing, result{Contender: b.name, Absent: err.Error()})
			continue
		}
		tasks = append(tasks, task{b.name, func(n int) {
			for range n {
				b.build()
			}
		}})
	}
	for i, t := range timings(tasks, e) {
		rep.add(p, readyTime, tasks[i].name, t.ns)
		rep.add(p, readyAllocs, tasks[i].name, t.allocs)
	}
	for _, m := range missing {
		rep.absent(p, readyTime, m.Contender, m.Absent)
	}
}
