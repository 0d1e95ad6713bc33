package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/tileseal/tileseal/internal/trust"
)

// A costRun is what the user asks of -cost.
type costRun struct {
	wanted bool
	boots  int
}

func (s *session) costFlags(flags *flag.FlagSet) *costRun {
	r := new(costRun)
	flags.BoolVar(&r.wanted, "cost", false, "count the instructions of calls under filters instead, and keep the record; -target default is one kernel of each architecture")
	flags.IntVar(&r.boots, "boots", 2, "with -cost, how often each kernel is booted, to show that the figures repeat")
	return r
}

// countCosts measures the targets and keeps the record, if it is of all that the
// page is to have.
func (s *session) countCosts(ctx context.Context, names string, r *costRun) (err error) {
	usual := names == "default"
	if usual {
		names = costTargets
	}
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	if r.boots < 1 {
		return errors.New("-boots: at least one")
	}
	if err := s.places(); err != nil {
		return err
	}
	defer s.clean()
	start := time.Now()
	all := s.costs(ctx, chosen, r.boots)
	rec := trust.New("What a filter costs", "make cost", aboutCost)
	rec.Since(start)
	describe(rec, all)
	for _, t := range rec.Tables {
		s.say("\n%s", t.Markdown())
	}
	s.say("\n%s", rec.Result)
	for _, c := range all {
		if c.err != nil {
			return errFailed
		}
	}
	if !usual {
		s.say("not kept: a record is of the default targets")
		return nil
	}
	return rec.Save(s.root, "cost")
}
