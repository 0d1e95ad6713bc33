package main

import (
	"slices"
	"testing"

	"example.com/servers/internal/policytest"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

const policy = "metrics.seccomppolicy"

// table is calls and what must become of them.
func table(p *vm.Program) []vm.Case {
	return slices.Concat(
		policytest.Server(p),
		policytest.Cases(vm.KillProcess,
			p.Call("socket", unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)))
}

// TestPolicy holds the policy against what the daemon may do, on each
// architecture.
func TestPolicy(t *testing.T) {
	policytest.Compiled(t, policy, map[string]int{
		"listener_fd": policytest.ListenerFD, "last_fd": policytest.LastFD,
		"go_epoll_fd": policytest.Epoll, "go_event_fd": policytest.Event, "go_pid": policytest.PID,
	}, table)
}

// populate makes the generated program.
func populate(lastFD int) []unix.SockFilter {
	var filter [MetricsLen]unix.SockFilter
	rt := goruntime.Simulated(MetricsLevels, policytest.Epoll, policytest.Event, policytest.PID)
	PopulateMetrics(filter[:], rt, policytest.ListenerFD, lastFD)
	return filter[:]
}

// TestPopulate holds the generated program against the same table.
func TestPopulate(t *testing.T) {
	policytest.Generated(t, populate(policytest.LastFD), table)
}

// TestLastFD shows that the number of the last descriptor has to be given.
func TestLastFD(t *testing.T) {
	defer func() {
		if r := recover(); r == nil {
			t.Error("PopulateMetrics takes -1 for lastFD, under which every descriptor is a connection")
		}
	}()
	populate(-1)
}

// TestGenerated fails when the policy was changed and its Go was not.
func TestGenerated(t *testing.T) { policytest.Fresh(t, policy) }

// Test386 shows that there is no program for an architecture whose socket calls
// cannot be checked, and that the compiler says why.
func Test386(t *testing.T) { policytest.Not386(t) }
