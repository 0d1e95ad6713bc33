package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/vm"
	"golang.org/x/sys/unix"
)

const (
	policy     = "signer.seccomppolicy"
	dropPolicy = "signer_drop.seccomppolicy"
)

// Numbers of the tests, none of them the usual one.
const (
	keyFD, user, group = 7, 1234, 5678
	epoll, event, pid  = 4, 8, 4711
)

// sigPerThread is the signal that has a thread of a Go program make a call.
const sigPerThread = 33

// load makes the program of an architecture, whatever machine this is.
func load(t *testing.T, file string, a arch.Arch) *vm.Program {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]int{"key_fd": keyFD, "go_epoll_fd": epoll, "go_event_fd": event, "go_pid": pid}
	if file == dropPolicy {
		params["uid"], params["gid"] = user, group
	}
	p, err := vm.Compile(file, string(text), a, params)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPolicies holds both policies against what the signer may do, on each
// architecture.
func TestPolicies(t *testing.T) {
	for _, a := range []arch.Arch{arch.X86_64, arch.X86, arch.AArch64} {
		// The calls that Go makes have other names on i386.
		setgroups, setgid, setuid := "setgroups", "setgid", "setuid"
		if a == arch.X86 {
			setgroups, setgid, setuid = "setgroups32", "setgid32", "setuid32"
		}
		for _, file := range []string{policy, dropPolicy} {
			dropping := vm.KillProcess
			if file == dropPolicy {
				dropping = vm.Allow
			}
			t.Run(a.String()+" "+file, func(t *testing.T) {
				p := load(t, file, a)
				vm.Test(t, p, []vm.Case{
					{Call: p.Call(setgroups, 0, 0), Want: dropping},
					{Call: p.Call(setgroups, 1, 0xc0000100), Want: vm.KillProcess},
					{Call: p.Call(setgroups, 0, 0xc0000100), Want: vm.KillProcess},
					{Call: p.Call(setgid, group), Want: dropping},
					{Call: p.Call(setgid, 0), Want: vm.KillProcess},
					{Call: p.Call(setgid, user), Want: vm.KillProcess},
					{Call: p.Call(setuid, user), Want: dropping},
					{Call: p.Call(setuid, 0), Want: vm.KillProcess},
					{Call: p.Call(setuid, user+1), Want: vm.KillProcess},
					{Call: p.Call(setuid, group), Want: vm.KillProcess},
					{Call: p.Call("tgkill", pid, pid+1, sigPerThread), Want: dropping},
					{Call: p.Call("tgkill", pid+1, pid+1, sigPerThread), Want: vm.KillProcess},
					{Call: p.Call("setresuid", user, user, user), Want: vm.KillProcess},
					{Call: p.Call("setfsuid", user), Want: vm.KillProcess},
					{Call: p.Call("capset", 0xc0000100, 0xc0000200), Want: vm.KillProcess},

					{Call: p.Call("read", 0, 0xc0000100, 4096), Want: vm.Allow},
					{Call: p.Call("read", keyFD, 0xc0000100, 4096), Want: vm.Allow},
					{Call: p.Call("read", 5, 0xc0000100, 4096), Want: vm.KillProcess},
					{Call: p.Call("write", 1, 0xc0000100, 65), Want: vm.Allow},
					{Call: p.Call("write", 2, 0xc0000100, 65), Want: vm.Allow},
					{Call: p.Call("write", keyFD, 0xc0000100, 65), Want: vm.KillProcess},
					{Call: p.Call("openat", 0xffffffffffffff9c, 0xc0000100), Want: vm.KillProcess},
					{Call: p.Call("close", keyFD), Want: vm.KillProcess},
					{Call: p.Call("execve", 0xc0000100), Want: vm.KillProcess},
				})
			})
		}
	}
}

// The calls of 386 that take 16 bits stay forbidden.
func TestSmallIDs(t *testing.T) {
	p := load(t, dropPolicy, arch.X86)
	vm.Test(t, p, []vm.Case{
		{Call: p.Call("setgroups", 0, 0), Want: vm.KillProcess},
		{Call: p.Call("setgid", group), Want: vm.KillProcess},
		{Call: p.Call("setuid", user), Want: vm.KillProcess},
	})
}

// TestPopulate shows that the generated Go is the policies' programs.
func TestPopulate(t *testing.T) {
	var filter [SignerLen]unix.SockFilter
	PopulateSigner(filter[:], goruntime.Simulated(SignerLevels, epoll, event, pid), keyFD)
	var dropFilter [SignerDropLen]unix.SockFilter
	PopulateSignerDrop(dropFilter[:], goruntime.Simulated(SignerDropLevels, epoll, event, pid), keyFD, user, group)
	for file, insns := range map[string][]unix.SockFilter{policy: filter[:], dropPolicy: dropFilter[:]} {
		p, err := vm.New(insns, arch.Native())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.String(), load(t, file, arch.Native()).String(); got != want {
			t.Errorf("for %s, Populate writes\n%s\nbut the policy is\n%s", file, got, want)
		}
	}
}

// TestGenerated fails when a policy was changed and its Go was not.
func TestGenerated(t *testing.T) {
	out, err := exec.Command("go", "tool", "tileseal", "gen", "-check", policy, dropPolicy).CombinedOutput()
	if err != nil {
		t.Errorf("go tool tileseal gen -check: %v\n%s", err, out)
	}
}
