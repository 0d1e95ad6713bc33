package main

import (
	"bufio"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// BenchmarkSeal gives a sealed daemon and one that is not sealed the same work
// in turn, so that both see the same machine: an operation is 1,000 lines to
// each, every one sent when the one before is answered.
func BenchmarkSeal(b *testing.B) {
	bare, err := build("unsealed", "-ldflags=-X main.unsealed=benchmark")
	if err != nil {
		b.Fatal(err)
	}
	const batch = 1000
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
	b.ReportMetric(perSecond(sealed), "sealed-lines/s")
	b.ReportMetric(perSecond(unsealed), "unsealed-lines/s")
	b.ReportMetric(perSecond(sealed)/perSecond(unsealed), "sealed/unsealed")
	b.ReportMetric(0, "ns/op") // of both together: means nothing
}

// A load is work for one daemon.
type load struct {
	b    *testing.B
	conn net.Conn
	in   *bufio.Reader
	took time.Duration // by its lines
}

func newLoad(b *testing.B, program string) *load {
	conn := start(b, program, nil).dial()
	b.Cleanup(func() { conn.Close() })
	return &load{b: b, conn: conn, in: bufio.NewReader(conn)}
}

// run sends n lines.
func (l *load) run(n int) {
	began := time.Now()
	for range n {
		if _, err := io.WriteString(l.conn, "get key\n"); err != nil {
			l.b.Fatal(err)
		}
		if _, err := l.in.ReadSlice('\n'); err != nil {
			l.b.Fatal(err)
		}
	}
	l.took += time.Since(began)
}
