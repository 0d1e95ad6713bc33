//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/tileseal/tileseal/arch"
)

// A bench measures the programs of one toolchain for one GOARCH.
type bench struct {
	goVersion toolchain
	goarch    string
	arch      arch.Arch
	length    time.Duration      // of a run
	removal   time.Duration      // of a run from which a row is taken
	only      []string           // levels; nil: all
	paths     map[variant]string // of the programs
	dir       string
	log       func(format string, args ...any)

	mu         sync.Mutex
	results    []*result
	skipped    []string
	incomplete []string        // levels that a skipped run is of
	needed     map[part]string // what was shown to be needed, and the run that showed it
}

// A result is what one run came to.
type result struct {
	run      *run
	ended    string
	seconds  float64
	rounds   string
	missing  []string // calls outside of the levels
	faults   []string // what was not as it should be
	withouts string   // how it ended without the levels it is to lack
}

// newBench builds the programs for the levels only, or all if that is nil. module is
// the directory of this module, dir one for the programs.
func newBench(t toolchain, goarch, module, dir string, only []string) (*bench, error) {
	a, err := arch.ByGOARCH(goarch)
	if err != nil {
		return nil, err
	}
	b := &bench{goVersion: t, goarch: goarch, arch: a, dir: dir, only: only, paths: map[variant]string{},
		needed: map[part]string{}, log: func(string, ...any) {}}
	for _, v := range variants(goarch, only) {
		if v.compiled() {
			if why := noCompiler(goarch); why != "" {
				b.skipped = append(b.skipped, string(v)+": "+why)
				continue
			}
		}
		if b.paths[v], err = t.build(module, dir, goarch, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// variants are the ways of building that the runs of these levels ask for.
func variants(goarch string, only []string) []variant {
	var all []variant
	for _, r := range plan(goarch) {
		if r.ofAny(only) && !slices.Contains(all, r.build) {
			all = append(all, r.build)
		}
	}
	return all
}

// noCompiler says why C cannot be compiled for a GOARCH, or nothing.
func noCompiler(goarch string) string {
	if goarch != runtime.GOARCH {
		return "takes a C compiler for " + goarch
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		return "no C compiler"
	}
	return ""
}

// runs are those of the plan that b is asked for and that can be done here.
func (b *bench) runs() []*run {
	var runs []*run
	for _, r := range plan(b.goarch) {
		if b.paths[r.build] != "" && r.ofAny(b.only) {
			runs = append(runs, r)
		}
	}
	return runs
}

// measure does all runs, two at a time.
func (b *bench) measure() {
	runs := b.runs()
	results := make([]*result, len(runs))
	inParallel(len(runs), func(i int) {
		r, err := b.one(runs[i])
		if err != nil {
			b.skip(runs[i], err)
			return
		}
		results[i] = r
		b.log("%s %s: %s, %.1f s %v", b.goarch, r.run.set, r.ended, r.seconds, append(r.faults, r.missing...))
	})
	for _, r := range results {
		if r == nil {
			continue
		}
		b.results = append(b.results, r)
		if len(r.faults)+len(r.missing) > 0 {
			b.incomplete = append(b.incomplete, r.run.of...) // it cannot show what is needed
		}
	}
}

// inParallel calls f with 0 to n-1, two at a time.
func inParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (b *bench) skip(r *run, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log("%s skip %s: %v", b.goarch, r.set, why)
	b.skipped = append(b.skipped, fmt.Sprintf("%s: %v", r.set, why))
	b.incomplete = append(b.incomplete, r.of...)
}

// untriggered lists what removal did not show to be needed, of the levels of which
// every run was done and went well.
func (b *bench) untriggered(levels []string) ([]part, error) {
	var parts []part
	for _, level := range levels {
		t, err := readTable(level, b.arch)
		if err != nil {
			return nil, err
		}
		if !b.ran(level) || slices.Contains(b.incomplete, level) {
			continue
		}
		for _, e := range t.entries {
			for _, a := range t.atoms(e) {
				if p := (part{level, a}); b.needed[p] == "" {
					parts = append(parts, p)
				}
			}
		}
	}
	return parts, nil
}

// one does a run three times: as it is to be, killed for any call that its levels
// lack; with these calls recorded; and without the levels it is to miss.
func (b *bench) one(r *run) (*result, error) {
	f, err := newFilter(b.arch, r.levels, r.harness, r.narrow)
	if err != nil {
		return nil, err
	}
	o, err := b.try(r, f, b.length, false)
	if err != nil {
		return nil, err
	}
	res := &result{run: r, ended: ended(o.status), seconds: o.seconds, rounds: o.rounds}
	if res.ended != r.wanted() || !o.survived {
		res.faults = append(res.faults, fmt.Sprintf("ended with %s, not %s: %s", res.ended, r.wanted(), o.failed))
	}
	recorded := min(b.length, 10*time.Second)
	if o, err = b.try(r, f, recorded, true); err != nil {
		return nil, err
	}
	res.missing = o.missing
	if s := ended(o.status); s != r.wanted() {
		res.faults = append(res.faults, fmt.Sprintf("ended with %s, not %s, while recorded: %s", s, r.wanted(), o.failed))
	}
	if r.lack == nil {
		return res, nil
	}
	levels := slices.DeleteFunc(slices.Clone(r.levels), func(l string) bool { return slices.Contains(r.lack, l) })
	if f, err = newFilter(b.arch, levels, r.harness, r.narrow); err != nil {
		return nil, err
	}
	if o, err = b.try(r, f, b.removal, false); err != nil {
		return nil, err
	}
	if res.withouts = ended(o.status); res.withouts != "SIGSYS" {
		res.faults = append(res.faults, fmt.Sprintf("without %v it ended with %s", r.lack, res.withouts))
	}
	return res, nil
}

// try does one life in a directory of its own.
func (b *bench) try(r *run, f *filter, length time.Duration, record bool) (*outcome, error) {
	dir, err := os.MkdirTemp(b.dir, "life")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if r.end != "" {
		length = min(length, 300*time.Millisecond) // the end is what matters
	}
	t := &trial{run: r, path: b.paths[r.build], filter: f, length: length, record: record, dir: filepath.Clean(dir)}
	return t.try()
}
