package child

import (
	"slices"
	"testing"
	"time"
)

// Compare is a benchmark that gives a sealed server and one that is not sealed
// the same work in turn, so that both see the same machine. A unit of work is
// one call of the function that client returns for a server; an operation of
// the benchmark is batch units for each of the two. The figures are units a
// second, called by the plural of units.
func Compare(b *testing.B, units string, batch int, client func(*Child) (work func() error)) {
	bare, err := build("unsealed", "-ldflags=-X example.com/servers/internal/process.unsealed=benchmark")
	if err != nil {
		b.Fatal(err)
	}
	s, u := Start(b, nil), start(b, bare, nil)
	s.Says(": sealed by ")
	u.Says(": not sealed: ") // or the linker did not find the variable
	sealed, unsealed := &load{work: client(s)}, &load{work: client(u)}
	both := []*load{sealed, unsealed}
	for _, l := range both {
		l.run(b, 10*batch)
		l.took = 0
	}
	b.ResetTimer()
	for range b.N {
		for _, l := range both {
			l.run(b, batch)
		}
		slices.Reverse(both)
	}
	perSecond := func(l *load) float64 { return float64(b.N*batch) / l.took.Seconds() }
	b.ReportMetric(perSecond(sealed), "sealed-"+units+"/s")
	b.ReportMetric(perSecond(unsealed), "unsealed-"+units+"/s")
	b.ReportMetric(perSecond(sealed)/perSecond(unsealed), "sealed/unsealed")
	b.ReportMetric(0, "ns/op") // of both together: means nothing
}

// A load is work for one server.
type load struct {
	work func() error
	took time.Duration // by all of it
}

func (l *load) run(b *testing.B, units int) {
	b.Helper()
	began := time.Now()
	for range units {
		if err := l.work(); err != nil {
			b.Fatal(err)
		}
	}
	l.took += time.Since(began)
}
