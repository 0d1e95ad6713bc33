// Recorder appends newline-separated records to an archive file. It reads them
// from standard input or, with -listen, from one TCP connection:
//
//	recorder -archive records.txt [-log recorder.log] [-listen 127.0.0.1:7000]
//
// It seals itself before it reads the first byte: when everything is open it
// gives up, for good, every system call that recorder.seccomppolicy does not
// list.
package main

import (
	"flag"
	"log"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

//go:generate go tool tileseal gen recorder.seccomppolicy

var (
	archive   = flag.String("archive", "", "the `file` that records are appended to")
	logfile   = flag.String("log", "", "a `file` for messages, besides standard error (default none)")
	listen    = flag.String("listen", "", "take the records from one TCP connection to this `address` (default standard input)")
	interval  = flag.Duration("sync", time.Second, "how often what has arrived is put on the disk")
	staging   = flag.Bool("staging", false, "on a forbidden call, print the stack that made it instead of dying of SIGSYS")
	misbehave = flag.String("misbehave", "", "what to do wrong after the work: `open` a file, or panic")
)

func main() {
	flag.Parse()
	if *archive == "" || flag.NArg() > 0 || *interval <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	log.SetPrefix("recorder: ")
	log.SetFlags(log.LstdFlags | log.Lmsgprefix)

	f, err := openAll(*archive, *logfile, *listen)
	if err != nil {
		log.Fatal(err)
	}
	if err := f.seal(*staging); err != nil {
		log.Fatal(err)
	}
	log.Printf("sealed by %d instructions", RecorderLen)
	before := collections()
	n, err := record(f, *interval)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("done: %d records, %d garbage collections since it was sealed", n, collections()-before)

	switch *misbehave {
	case "open":
		log.Print("will open /etc/passwd now")
		// Not os.Open, which makes other calls after the one that matters.
		_, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
		log.Fatalf("still alive after opening /etc/passwd, with error %v", err)
	case "panic":
		panic("misbehaving, as I was asked to")
	}
	// The collector closes files that nobody refers to any more, and close is
	// not in the policy: refer to them until the kernel closes them.
	runtime.KeepAlive(f)
}

// collections is how often the garbage collector has run.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}
