package main

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// BenchmarkSeal gives a sealed daemon and one that is not sealed the same work
// in turn, so that both see the same machine: an operation is 100 requests to
// each, one after the other on a connection that is kept.
func BenchmarkSeal(b *testing.B) {
	bare, err := build("unsealed", "-ldflags=-X main.unsealed=benchmark")
	if err != nil {
		b.Fatal(err)
	}
	const batch = 100
	sealed, unsealed := newLoad(b, program(b)), newLoad(b, bare)
	both := []*load{sealed, unsealed}
	for _, l := range both {
		l.run(10 * batch)
		l.took = 0
	}
	b.ResetTimer()
	for range b.N {
		for _, l := range both {
			l.run(batch)
		}
		slices.Reverse(both)
	}
	perSecond := func(l *load) float64 { return float64(b.N*batch) / l.took.Seconds() }
	b.ReportMetric(perSecond(sealed), "sealed-req/s")
	b.ReportMetric(perSecond(unsealed), "unsealed-req/s")
	b.ReportMetric(perSecond(sealed)/perSecond(unsealed), "sealed/unsealed")
	b.ReportMetric(0, "ns/op") // of both together: means nothing
}

// A load is work for one daemon.
type load struct {
	b      *testing.B
	url    string
	client *http.Client
	took   time.Duration // by its requests
}

func newLoad(b *testing.B, program string) *load {
	c := start(b, program, nil)
	return &load{
		b:   b,
		url: "http://" + c.addr + "/metrics",
		client: &http.Client{Transport: &http.Transport{
			DisableCompression: true,
		}},
	}
}

// run makes n requests.
func (l *load) run(n int) {
	began := time.Now()
	for range n {
		r, err := l.client.Get(l.url)
		if err != nil {
			l.b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			l.b.Fatal(err)
		}
		r.Body.Close()
	}
	l.took += time.Since(began)
}
