// Package wire is what the tests of package goruntime and their child program
// say to each other.
package wire

// A Reply is a child's report.
type Reply struct {
	Error   string // what Prepare refused, or empty
	EpollFD int    // what Prepare found
	EventFD int
	PID     int
	Quota   int // the cgroup's descriptors that it found, or -1
	Period  int
	Poll    []int    // the descriptors the runtime itself calls its poller's
	Before  []string // every open descriptor before Prepare, "3 /some/file"
	After   []string // and after it
	Procs   []int    // mode procs: GOMAXPROCS before and after the affinity mask shrank
	Log     int      // mode stress: descriptors of the log file
	Archive int      // and of the archive

	Params map[string]int // mode act: values of the policy's parameters
}

// What a child under stress writes to standard error.
const (
	Sealed    = "sealed"                    // the filter is in
	Survived  = "survived"                  // the time is over and all workers made progress
	Opening   = "about to open /etc/passwd" // the last line before a forbidden call
	Ready     = "ready for a signal"        // it waits for the parent to end it
	PanicText = "the stress is over"        // what it panics with
)

// ExitStatus is a status a child leaves with when asked to exit.
const ExitStatus = 3
