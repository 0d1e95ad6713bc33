//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A part is an atom of a level.
type part struct {
	level string
	atom  atom
}

// remove takes every row of levels, value by value, out of the filters that hold
// it, and notes which of them a run then died for. A row that several levels of a
// filter share is taken out of all of them.
func (b *bench) remove(levels []string) error {
	var parts []part
	for _, level := range levels {
		t, err := readTable(level, b.arch)
		if err != nil {
			return err
		}
		for _, e := range t.entries {
			for _, a := range t.atoms(e) {
				parts = append(parts, part{level, a})
			}
		}
	}
	// What a short run does not meet a longer one may.
	for _, length := range []time.Duration{b.removal, 4 * b.removal} {
		errs := make([]error, len(parts))
		inParallel(len(parts), func(i int) { errs[i] = b.removeOne(parts[i], length) })
		if err := errors.Join(errs...); err != nil {
			return err
		}
		parts = slices.DeleteFunc(parts, func(p part) bool { return b.needed[p] != "" })
	}
	return nil
}

// removeOne tries the runs of the part's level until one misses it.
func (b *bench) removeOne(p part, length time.Duration) error {
	for _, res := range b.results {
		r := res.run
		if len(res.faults)+len(res.missing) > 0 || !slices.Contains(r.of, p.level) {
			continue // a run that goes wrong anyway shows nothing
		}
		f, err := newFilter(b.arch, r.levels, r.harness, r.narrow)
		if err != nil {
			return err
		}
		missed, err := b.misses(r, f.without(p.atom), length)
		if err != nil {
			return fmt.Errorf("%s: %w", r.set, err)
		}
		if missed {
			b.mu.Lock()
			b.needed[p] = r.set
			b.mu.Unlock()
			return nil
		}
	}
	return nil
}

// misses reports whether a run dies of a filter. Where it is a child of the
// program that dies, the program may not notice; there the recorder is asked.
func (b *bench) misses(r *run, f *filter, length time.Duration) (bool, error) {
	o, err := b.try(r, f, length, false)
	if err != nil || ended(o.status) == "SIGSYS" || !r.children {
		return err == nil && ended(o.status) == "SIGSYS", err
	}
	o, err = b.try(r, f, length, true)
	return err == nil && len(o.missing) > 0, err
}
