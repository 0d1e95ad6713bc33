//go:build linux

package policy_test

import (
	"testing"
	"time"

	"github.com/tileseal/tileseal/policy"
	"golang.org/x/sys/unix"
)

// The floor of a Populate function of the same size: it copies the array and
// patches three operands, and checks nothing.

var floorProgram = [policy.ArchiverWriterLen]unix.SockFilter{3: {Code: unix.BPF_RET}}

//go:noinline
func floor(out *[policy.ArchiverWriterLen]unix.SockFilter, logfileFD, archiveFD int) {
	*out = floorProgram
	out[9].K = uint32(archiveFD)
	out[11].K = uint32(logfileFD)
	out[13].K = uint32(logfileFD)
}

// BenchmarkPopulate runs PopulateArchiverWriter and its floor in turns. ns/op
// is for one call of the former, x/floor its time divided by the floor's.
func BenchmarkPopulate(b *testing.B) {
	var filter [policy.ArchiverWriterLen]unix.SockFilter
	var ours, least time.Duration
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		const turns = 1000
		n += turns
		start := time.Now()
		for i := range turns {
			policy.PopulateArchiverWriter(filter[:], i, i+1)
		}
		between := time.Now()
		for i := range turns {
			floor(&filter, i, i+1)
		}
		ours += between.Sub(start)
		least += time.Since(between)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(n), "ns/op")
	b.ReportMetric(float64(least.Nanoseconds())/float64(n), "floor-ns/op")
	b.ReportMetric(float64(ours)/float64(least), "x/floor")
}
