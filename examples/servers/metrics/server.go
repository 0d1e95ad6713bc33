package main

import (
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sys/unix"
)

// newServer is a server of the page of metrics, which counts what it does.
func newServer(debug bool) *http.Server {
	// A registry of our own: the default one has a collector that reads /proc.
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Requests for this page that were answered, by status and method.",
	}, []string{"code", "method"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "http_request_duration_seconds",
		Help:    "How long it took to answer them.",
		Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8),
	}, nil)
	connections := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_connections_total",
		Help: "Connections, by what became of them: new, or closed since.",
	}, []string{"state"})
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "http_requests_in_flight",
		Help: "Requests for this page that are being answered, this one among them.",
	})
	registry.MustRegister(requests, seconds, connections, inFlight, collectors.NewGoCollector())

	page := promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.InstrumentHandlerInFlight(inFlight,
		promhttp.InstrumentHandlerCounter(requests,
			promhttp.InstrumentHandlerDuration(seconds, page))))
	if debug {
		mux.HandleFunc("/debug/open", open)
		mux.HandleFunc("/debug/panic", func(http.ResponseWriter, *http.Request) {
			// The server would recover from a panic in this goroutine.
			go panic("misbehaving, as I was asked to")
		})
	}
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 2 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew || state == http.StateClosed {
				connections.WithLabelValues(state.String()).Inc()
			}
		},
	}
}

// open opens a file, or rather dies trying.
func open(http.ResponseWriter, *http.Request) {
	log.Print("will open /etc/passwd now")
	// Not os.Open, which makes other calls after the one that matters.
	_, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
	log.Fatalf("still alive after opening /etc/passwd, with error %v", err)
}
