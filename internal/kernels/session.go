package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tileseal/tileseal/internal/kernels/console"
)

// A session tries targets.
type session struct {
	*builder
	cache    string
	fresh    bool
	build    bool   // kernels that Debian does not have
	tree     string // the directory where that is done, when it is there
	version  string // of the source
	limit    time.Duration
	parallel int
	set      string // what the record is of, or "" if there is to be none
	out      io.Writer
	echo     io.Writer // the guests' consoles

	preparing, printing sync.Mutex
}

// A result is what came of a target.
type result struct {
	target  *target
	kernel  kernel
	log     *console.Log
	skipped error // it was not tried, and why
	err     error // it could not be tried to the end
	took    time.Duration
	tests   map[[2]string]wanted // by package and GOARCH
}

// all tries the targets, a few at a time, and tells of each as it ends.
func (s *session) all(ctx context.Context, list []*target) []*result {
	results := make([]*result, len(list))
	room := make(chan bool, max(s.parallel, 1))
	var wg sync.WaitGroup
	for i, t := range list {
		room <- true
		wg.Go(func() {
			results[i] = s.try(ctx, t)
			s.say("%s", results[i].text())
			if err := s.keep(results[i]); err != nil {
				results[i].err = errors.Join(results[i].err, err)
				s.say("%s: no record: %v", t.name, err)
			}
			<-room
		})
	}
	wg.Wait()
	return results
}

// say prints a line, or several that stay together.
func (s *session) say(format string, args ...any) {
	s.printing.Lock()
	defer s.printing.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// try boots a target.
func (s *session) try(ctx context.Context, t *target) *result {
	r := &result{target: t}
	err := s.attempt(ctx, r)
	if isSkip(err) {
		r.skipped = err
	} else {
		r.err = err
	}
	return r
}

func (s *session) attempt(ctx context.Context, r *result) error {
	g, err := s.prepare(r)
	if err != nil {
		return err
	}
	r.tests = s.wanted(r.target)
	s.say("%s: booting %s", r.target.name, r.kernel.pkg)
	start := time.Now()
	defer func() { r.took = time.Since(start) }()
	const most = 3
	for try := 1; ; try++ {
		text, err := boot(ctx, g, s.limit, s.echo)
		log, parseErr := console.Parse(bytes.NewReader(text))
		r.log = log
		if err == nil {
			err = parseErr
		}
		if err == nil || try == most || ctx.Err() != nil || !r.target.machine.slipped(text) {
			return err
		}
		s.say("%s: booting again, since %q", r.target.name, r.target.machine.slip)
	}
}

// prepare gets together what a guest is made of: one at a time, since the go
// command keeps all processors busy by itself.
func (s *session) prepare(r *result) (g *guest, err error) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	g = &guest{target: r.target}
	if g.qemu, err = findQEMU(r.target.machine, s.cache); err != nil {
		return nil, err
	}
	if r.kernel, err = s.kernel(r.target); err != nil {
		return nil, err
	}
	g.kernel = r.kernel
	g.initramfs, err = s.initramfs(r.target)
	return g, err
}

// A wanted is the tests that have to pass in a test binary, and whether subtests
// may be skipped.
type wanted struct {
	tests  []string
	partly bool
}

// wanted are the tests that have to pass on a target; none if the user chose
// others.
func (s *session) wanted(t *target) map[[2]string]wanted {
	tests := map[[2]string]wanted{}
	if s.run != "" {
		return tests
	}
	for _, suite := range s.suites {
		for _, goarch := range t.goarchs() {
			if list := suite.on(t, goarch); list != nil {
				tests[[2]string{suite.pkg, goarch}] = wanted{list, suite.partly}
			}
		}
	}
	return tests
}

// goarchs are what test binaries are built for.
func (t *target) goarchs() []string {
	if t.compat == "" {
		return []string{t.goarch}
	}
	return []string{t.goarch, t.compat}
}
