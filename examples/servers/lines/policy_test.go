package main

import (
	"slices"
	"testing"

	"example.com/servers/internal/policytest"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

const (
	policy = "lines.seccomppolicy"
	logFD  = 9 // of the tests, beside those of policytest
)

// table is calls and what must become of them.
func table(p *vm.Program) []vm.Case {
	return slices.Concat(
		policytest.Server(p),
		policytest.Cases(vm.Allow, p.Call("write", logFD, 0, 80)),
		policytest.Cases(vm.KillProcess,
			p.Call("read", logFD, 0, 4096),
			p.Call("close", logFD)),
		policytest.Cases(vm.Errno|vm.Action(unix.EACCES),
			p.Call("socket", unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)))
}

// TestPolicy holds the policy against what the daemon may do, on each
// architecture.
func TestPolicy(t *testing.T) {
	policytest.Compiled(t, policy, map[string]int{
		"listener_fd": policytest.ListenerFD, "logfile_fd": logFD, "last_fd": policytest.LastFD,
		"go_epoll_fd": policytest.Epoll, "go_event_fd": policytest.Event, "go_pid": policytest.PID,
	}, table)
}

// populate makes the generated program.
func populate(logfileFD, lastFD int) []unix.SockFilter {
	var filter [LinesLen]unix.SockFilter
	rt := goruntime.Simulated(LinesLevels, policytest.Epoll, policytest.Event, policytest.PID)
	PopulateLines(filter[:], rt, policytest.ListenerFD, logfileFD, lastFD)
	return filter[:]
}

// TestPopulate holds the generated program against the same table.
func TestPopulate(t *testing.T) {
	policytest.Generated(t, populate(logFD, policytest.LastFD), table)
}

// TestLogOff shows that without a log file its number stands for none.
func TestLogOff(t *testing.T) {
	policytest.Generated(t, populate(-1, policytest.LastFD), func(p *vm.Program) []vm.Case {
		return []vm.Case{
			{Call: p.Call("write", logFD, 0, 80), Want: vm.KillProcess},
			{Call: p.Call("write", 0, 0, 80), Want: vm.KillProcess},
			{Call: p.Call("write", policytest.Peer, 0, 80), Want: vm.Allow},
		}
	})
}

// TestLastFD shows that the number of the last descriptor has to be given.
func TestLastFD(t *testing.T) {
	defer func() {
		if r := recover(); r == nil {
			t.Error("PopulateLines takes -1 for lastFD, under which every descriptor is a connection")
		}
	}()
	populate(logFD, -1)
}

// TestGenerated fails when the policy was changed and its Go was not.
func TestGenerated(t *testing.T) { policytest.Fresh(t, policy) }

// Test386 shows that there is no program for an architecture whose socket calls
// cannot be checked, and that the compiler says why.
func Test386(t *testing.T) { policytest.Not386(t) }
