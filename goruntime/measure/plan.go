//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/tileseal/tileseal/goruntime/baseline"
	"golang.org/x/sys/unix"
)

// busy are the workloads that keep the core of the runtime busy.
const busy = "gc,bigheap,timers,locked,spin,faults,metrics,trace"

// with is core and further levels.
func with(levels ...string) []string { return append([]string{"core"}, levels...) }

// says is the harness of a stress program: it reports on standard output.
const says = "write: (eq (arg 0) 1)"

// plan lists the runs for a GOARCH, by level. Every level of the baselines has
// one; a test sees to that.
func plan(goarch string) []*run {
	all := slices.Concat(coreRuns(goarch), libraryRuns(goarch), endings(goarch), instrumented())
	var runs []*run
	for _, r := range all {
		if !r.on(goarch) || !known(r.levels) {
			continue
		}
		r.levels = append(r.levels, machineLevels(r)...)
		r.harness = append(r.harness, says)
		if r.narrow {
			r.harness = append(r.harness, "exit_group: (in (arg 0) 0 70)")
		}
		runs = append(runs, r)
	}
	return runs
}

// coreRuns are about what the runtime calls by itself.
func coreRuns(goarch string) []*run {
	return []*run{
		{set: "core", of: []string{"core"}, levels: with(), loads: busy, stops: true},
		{set: "core, idle", of: []string{"core"}, levels: with(), stops: true},
		{set: "core, wake", of: []string{"core"}, levels: with(), loads: "wake", stops: true},
		{set: "core, huge", of: []string{"core"}, levels: with(), loads: "hugeva", goarchs: []string{"amd64", "arm64"}},
		// A kernel that can name mappings says that it has.
		{set: "+core_vmaname", of: []string{"core_vmaname"}, levels: with("core_vmaname"), loads: busy,
			around: answering(goarch, answer{"prctl", unix.PR_SET_VMA, 0})},
		{set: "+core_novdso", of: []string{"core_novdso"}, levels: with("core_novdso"), loads: busy, stops: true,
			around: noVDSO(goarch)},
		{set: "+core_gomaxprocs", of: []string{"core_gomaxprocs"}, levels: with("core_gomaxprocs"), loads: busy, stops: true,
			affinity: true},
		{set: "+core_gomaxprocs, limited", of: []string{"core_gomaxprocs"}, levels: with("core_gomaxprocs"), loads: busy,
			around: limited},
		{set: "+core_oldkernel", of: []string{"core_oldkernel"}, levels: with("core_oldkernel"), loads: busy, stops: true,
			goarchs: []string{"386"}, around: oldKernel},
		godebug("madvdontneed=0", busy),
		godebug("disablethp=1", busy),
		godebug("harddecommit=1", busy),
		godebug("efence=1", "timers,locked"), // with it the heap only grows
		{set: "+netpoll_init", of: []string{"netpoll_init"}, levels: with("netpoll_init"), loads: "timers,wake", prepare: "none", stops: true},
	}
}

func godebug(setting, loads string) *run {
	return &run{set: "+core_godebug, " + setting, of: []string{"core_godebug"}, levels: with("core_godebug"), loads: loads,
		env: []string{"GODEBUG=" + setting}}
}

// libraryRuns are about what the standard library calls on a program's behalf.
func libraryRuns(goarch string) []*run {
	gid := fmt.Sprintf("setgid: (eq (arg 0) %d)", os.Getgid())
	if goarch == "386" {
		gid = fmt.Sprintf("setgid32: (eq (arg 0) %d)", os.Getgid())
	}
	return []*run{
		{set: "+netpoll+net", of: []string{"netpoll", "net"}, levels: with("netpoll", "net"), loads: "tcp,interfaces,gc", stops: true},
		{set: "+netpoll+files", of: []string{"netpoll", "files"}, levels: with("netpoll", "files"), loads: "files,gc", stops: true},
		{set: "+netpoll_init+tz", of: []string{"tz"}, levels: with("netpoll_init", "tz"), loads: "zones", prepare: "none", zone: "Europe/Paris"},
		{set: "+signals", of: []string{"signals"}, levels: with("signals"), loads: "signals,sigmore,gc", stops: true,
			signals: []unix.Signal{unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH}},
		{set: "+pprof", of: []string{"pprof"}, levels: with("pprof"), loads: "pprof,gc", stops: true},
		{set: "+pprof+pprof_oldkernel", of: []string{"pprof_oldkernel"}, levels: with("core_oldkernel", "pprof", "pprof_oldkernel"),
			loads: "pprof,gc", goarchs: []string{"386"}, around: oldKernel},
		{set: "+pprof+pprof_write", of: []string{"pprof_write"}, levels: with("pprof", "pprof_write"), loads: "profiles,gc", stops: true},
		{set: "+rand", of: []string{"rand"}, levels: with("rand"), loads: "rand,locked,gc", stops: true},
		{set: "+exec", of: []string{"exec"}, levels: with("exec"), loads: "exec,gc", stops: true, children: true},
		{set: "+exec, no pidfd", of: []string{"exec"}, levels: with("exec"), loads: "exec,gc", children: true,
			around: answering(goarch, answer{"pidfd_open", -1, unix.ENOSYS})},
		{set: "+allthreads", of: []string{"allthreads"}, levels: with("allthreads"), loads: "setgid,locked,gc", stops: true,
			harness: []string{gid}},
		{set: "+cgo", of: []string{"cgo"}, levels: with("cgo"), loads: "cthreads,gc,timers,locked", stops: true, build: cgo},
	}
}

// endings are the ways in which a Go program ends, but by exit.
func endings(goarch string) []*run {
	crash := func(name, end, want string, s unix.Signal) *run {
		return &run{set: "crash: " + name, of: []string{"crash"}, levels: with("crash"), loads: "timers,locked",
			end: end, signal: s, want: want, narrow: true, lack: []string{"crash"}}
	}
	core := func(name, end, want string, s unix.Signal, env ...string) *run {
		return &run{set: "crash_core: " + name, of: []string{"crash_core"}, levels: with("crash", "crash_core"), loads: "timers,locked",
			end: end, signal: s, want: want, narrow: true, lack: []string{"crash_core"}, env: env}
	}
	const traceback = "GOTRACEBACK=crash"
	return []*run{
		crash("panic", "panic", "exit 2", 0),
		crash("nil pointer", "nil", "exit 2", 0),
		crash("fatal error", "throw", "exit 2", 0),
		crash("stack overflow", "overflow", "exit 2", 0),
		crash("deadlock", "deadlock", "exit 2", 0),
		crash("SIGQUIT", "wait", "exit 2", unix.SIGQUIT),
		crash("SIGSEGV", "wait", "exit 2", unix.SIGSEGV),
		crash("SIGABRT", "wait", "exit 2", unix.SIGABRT),
		core("SIGTERM", "wait", "SIGTERM", unix.SIGTERM),
		core("SIGINT", "wait", "SIGINT", unix.SIGINT),
		core("SIGHUP", "wait", "SIGHUP", unix.SIGHUP),
		core("SIGPIPE", "pipe", "SIGPIPE", 0),
		core("panic, GOTRACEBACK=crash", "panic", "SIGABRT", 0, traceback),
		core("SIGQUIT, GOTRACEBACK=crash", "wait", "SIGABRT", unix.SIGQUIT, traceback),
	}
}

// instrumented are the runs of builds that count or watch what the program does.
// Prepare may refuse to seal them, and is not asked.
func instrumented() []*run {
	watched := func(set, loads, end, want string, levels ...string) *run {
		return &run{set: set, of: []string{"race"}, levels: with(append(levels, "cgo", "race")...), loads: loads,
			goarchs: []string{"amd64", "arm64"}, build: race, prepare: "self", stops: true, end: end, want: want}
	}
	counted := func(set, end, want string, levels ...string) *run {
		return &run{set: set, of: []string{"cover"}, levels: with(append(levels, "cover")...), loads: "gc,timers",
			build: cover, prepare: "self", env: []string{"GOCOVERDIR=."}, end: end, want: want}
	}
	return []*run{
		watched("+race", busy, "", ""),
		watched("+race, a race", "timers", "datarace", "exit 66"),
		watched("+race, panic", "timers", "panic", "exit 2", "crash"),
		counted("+cover", "", ""),
		counted("+cover, panic", "panic", "exit 2", "crash"),
	}
}

// known reports whether the baselines have these levels.
func known(levels []string) bool {
	for _, l := range levels {
		if _, ok := baseline.Ident(l); !ok {
			return false
		}
	}
	return true
}

// machineLevels are the levels that this machine makes necessary for every
// program, beyond those of r.
func machineLevels(r *run) []string {
	if slices.Contains(r.levels, "core_vmaname") {
		return nil
	}
	if unix.Prctl(unix.PR_SET_VMA, unix.PR_SET_VMA_ANON_NAME, 0, 0, 0) == unix.EINVAL {
		return nil
	}
	return []string{"core_vmaname"}
}
