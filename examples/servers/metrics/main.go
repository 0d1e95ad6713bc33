// Metrics serves a page of metrics in Prometheus' text format over HTTP:
//
//	metrics -listen 127.0.0.1:9100
//
// The page, at /metrics, is about the process itself: its requests, its
// connections and its Go runtime. It seals itself before it accepts the first
// connection: when the listener is open it gives up, for good, every system
// call that metrics.seccomppolicy does not list. SIGTERM ends it in good order.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

//go:generate go tool tileseal gen -layout optimized -target amd64,arm64 metrics.seccomppolicy

var (
	listen  = flag.String("listen", "127.0.0.1:9100", "the IPv4 `address` to serve at")
	drain   = flag.Duration("drain", 5*time.Second, "how long requests may take to finish after SIGTERM")
	staging = flag.Bool("staging", false, "on a forbidden call, print the stack that made it instead of dying of SIGSYS")
	debug   = flag.Bool("debug", false, "serve /debug/open and /debug/panic, at which it misbehaves")
)

func main() {
	flag.Parse()
	if flag.NArg() > 0 || *drain <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	log.SetPrefix("metrics: ")
	log.SetFlags(log.LstdFlags | log.Lmsgprefix)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	// Not "tcp", which is both IPv4 and IPv6: for a peer with a link-local IPv6
	// address package net asks the kernel, through a socket that no policy of
	// ours allows, for the name of the interface.
	l, err := net.Listen("tcp4", *listen)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	server := newServer(*debug)
	if err := seal(l.(*net.TCPListener), *staging); err != nil {
		return err
	}
	log.Printf("listening on %v", l.Addr())
	before := collections()

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case s := <-stop:
		log.Printf("%v: ending", s)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *drain)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	log.Printf("done: %d garbage collections since it was sealed", collections()-before)
	return nil
}

// collections is how often the garbage collector has run.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}
