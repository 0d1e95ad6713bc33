// Lines keeps values under keys for its clients, who send lines over TCP:
//
//	lines -listen 127.0.0.1:7070 [-log lines.log]
//
//	set KEY VALUE    ok
//	get KEY          value VALUE, or none
//	del KEY          ok, or none
//	quit             bye
//
// A line is answered by a line, any number may be sent ahead, and what is not
// understood is answered by an error. It seals itself before it accepts the
// first connection: when everything is open it gives up, for good, every system
// call that lines.seccomppolicy does not list. SIGTERM ends it in good order.
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

//go:generate go tool tileseal gen -layout optimized -target amd64,arm64 lines.seccomppolicy

var (
	listen  = flag.String("listen", "127.0.0.1:7070", "the `address` to serve at")
	logfile = flag.String("log", "", "a `file` for messages, besides standard error (default none)")
	limit   = flag.Int("max", 256, "how many connections there may be at a time; more have to wait")
	idle    = flag.Duration("idle", 30*time.Second, "how long a client may take over a line, or over reading answers")
	drain   = flag.Duration("drain", time.Second, "how long clients may go on after SIGTERM")
	staging = flag.Bool("staging", false, "on a forbidden call, print the stack that made it instead of dying of SIGSYS")
	debug   = flag.Bool("debug", false, "understand lines that make it misbehave: debug open, connect, resolve, fork or exec")
)

func main() {
	flag.Parse()
	if flag.NArg() > 0 || *limit <= 0 || *idle <= 0 || *drain <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	log.SetPrefix("lines: ")
	log.SetFlags(log.LstdFlags | log.Lmsgprefix)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	var logTo *os.File
	if *logfile != "" {
		var err error
		if logTo, err = os.OpenFile(*logfile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
			return err
		}
		log.SetOutput(io.MultiWriter(os.Stderr, logTo))
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	s := newServer(l.(*net.TCPListener))
	if err := seal(s.listener, logTo, *staging); err != nil {
		return err
	}
	log.Printf("listening on %v", l.Addr())
	before := collections()

	failed := make(chan error, 1)
	go func() { failed <- s.serve() }()
	select {
	case err := <-failed:
		return err
	case sig := <-stop:
		log.Printf("%v: ending", sig)
	}
	s.end(*drain)
	log.Printf("done: %d lines on %d connections, %d garbage collections since it was sealed",
		s.lines.Load(), s.accepted.Load(), collections()-before)
	// The collector closes files that nobody refers to any more, and to close
	// the log is not in the policy: refer to it until the kernel closes it.
	runtime.KeepAlive(logTo)
	return nil
}

// collections is how often the garbage collector has run.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}
