package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/tileseal/tileseal/internal/kernels/console"
)

// costTargets are the kernels that cost is measured on unless the user names
// others: one of each architecture that there are peers' programs for.
const costTargets = "amd64-new,arm64-old,riscv64-new,s390x-old,ppc64le-old"

// countInstructions are QEMU's arguments that make one instruction of the guest one
// nanosecond of its clock, and nothing of the host's time seen.
var countInstructions = []string{"-icount", "shift=0,sleep=off", "-rtc", "base=2020-01-01,clock=vm"}

// costLine is what the kernel command line has besides: nothing may be random, and
// the work-arounds for processors' faults are not a filter's cost.
const costLine = "nokaslr randomize_kstack_offset=off mitigations=off"

// steadyClock makes an amd64 kernel read the time from the processor, which here
// counts instructions; the other clocks of a PC are read by a system call.
const steadyClock = "clocksource=tsc tsc=reliable"

// A cost is what one target showed, boot by boot.
type cost struct {
	target  *target
	kernel  kernel
	release string // of the kernel, as it says
	list    []contender
	boots   [][]console.Figure
	skipped error
	err     error
	took    time.Duration
}

// costs measures the targets one after the other: the figures would be the same
// beside each other, but each keeps a processor busy.
func (s *session) costs(ctx context.Context, list []*target, boots int) []*cost {
	var all []*cost
	for _, t := range list {
		start := time.Now()
		c := &cost{target: t}
		err := s.cost(ctx, c, boots)
		if isSkip(err) {
			c.skipped = err
		} else {
			c.err = err
		}
		c.took = time.Since(start).Round(time.Second)
		s.say("%s: %d boots, %v, %s", t.name, len(c.boots), c.took, c.verdict())
		all = append(all, c)
	}
	return all
}

func (c *cost) verdict() string {
	switch {
	case c.skipped != nil:
		return "SKIP: " + firstLine(c.skipped)
	case c.err != nil:
		return "FAIL: " + firstLine(c.err)
	}
	return "measured"
}

func (s *session) cost(ctx context.Context, c *cost, boots int) (err error) {
	g := &guest{target: counting(c.target)}
	if g.qemu, err = findQEMU(c.target.machine, s.cache); err != nil {
		return err
	}
	g.qemu.args = slices.Concat(g.qemu.args, countInstructions)
	if c.kernel, err = s.kernel(c.target); err != nil {
		return err
	}
	g.kernel = c.kernel
	if c.list, err = contenders(s.root, c.target.goarch); err != nil {
		return err
	}
	if g.initramfs, err = s.meterRoot(c.target, orders(c.list)); err != nil {
		return err
	}
	for range boots {
		s.say("%s: booting %s to count instructions", c.target.name, c.kernel.pkg)
		said, err := boot(ctx, g, s.limit, s.echo)
		if err != nil {
			return err
		}
		log, err := console.Parse(bytes.NewReader(said))
		if err != nil {
			return err
		}
		figures, err := log.Figures(orders(c.list))
		if err != nil {
			return err
		}
		c.release = log.Release
		c.boots = append(c.boots, figures)
	}
	return nil
}

// counting is a target whose kernel leaves nothing to chance.
func counting(t *target) *target {
	with := *t
	with.extra += " " + costLine
	if t.goarch == "amd64" || t.goarch == "386" {
		with.extra += " " + steadyClock
	}
	return &with
}

// meterRoot packs a root file system with the meter, its orders, and nothing else
// to do.
func (s *session) meterRoot(t *target, list []console.Order) ([]byte, error) {
	const meter = "internal/kernels/meter"
	tr := &tree{s.builder, []node{
		{path: "dev/console", mode: fs.ModeCharDevice | 0o600, major: 5, minor: 1},
		{path: "dev/null", mode: fs.ModeCharDevice | 0o666, major: 1, minor: 3},
		{path: "proc", mode: fs.ModeDir | 0o555},
		{path: "sys", mode: fs.ModeDir | 0o555},
	}}
	if err := tr.program("internal/kernels/init", "", t.goarch, "init"); err != nil {
		return nil, err
	}
	if err := tr.program(meter, "", t.goarch, "meter"); err != nil {
		return nil, err
	}
	plan := console.Plan{
		Steps:   []console.Step{{Package: meter, GOARCH: t.goarch, Binary: "/meter", Dir: "/"}},
		Passes:  []console.Pass{{JIT: "on"}, {JIT: "off"}},
		Restart: t.machine.restart,
	}
	for name, v := range map[string]any{console.PlanFile: plan, console.MeterFile: list} {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tr.add(name[1:], text)
	}
	return pack(tr.nodes)
}
