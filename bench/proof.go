//go:build linux && amd64

package main

import (
	"time"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
)

// proofs measures the time to prove each of our programs equal to its policy,
// for every call and every value of the parameters.
func proofs(rep *report, p *policy, all []contender, e effort) {
	for _, c := range all {
		if c.ours == nil {
			continue
		}
		var times []float64
		var paths int
		for range min(e.rounds, 5) {
			start := time.Now()
			stats, err := prove.Equal(gen.Provable(c.ours), c.ours.Policy)
			if err != nil {
				rep.absent(p, proofTime, c.name, err.Error())
				break
			}
			times = append(times, time.Since(start).Seconds()*1000)
			paths = stats.Paths
		}
		if len(times) > 0 {
			rep.add(p, proofTime, c.name, median(times))
			rep.add(p, proofPaths, c.name, float64(paths))
		}
	}
}
