// Package baseline holds the texts of the Go runtime's levels: the policy
// fragments that `include go/LEVEL` brings in. A directory holds those of one Go
// minor release, and of later ones that were measured to call the same.
//
// It is apart from package goruntime so that a sealed program, which imports
// that one, does not carry the texts.
package baseline

import (
	"embed"
	"path"
)

//go:embed go1.26/*.seccomppolicy
var texts embed.FS

// Dir is the directory of the fragments that an include means, relative to this
// package's.
const Dir = "go1.26"

// minors pairs the Go minor releases these fragments were measured on with the
// constants of package goruntime that stand for them.
var minors = [...]struct{ name, ident string }{
	{"1.26", "Go126"},
	{"1.27", "Go127"},
}

// Minors lists the Go minor releases the fragments were measured on, as in
// "1.26", oldest first.
func Minors() []string {
	names := make([]string, len(minors))
	for i, m := range minors {
		names[i] = m.name
	}
	return names
}

// MinorIdents lists the constants of package goruntime that stand for Minors.
func MinorIdents() []string {
	idents := make([]string, len(minors))
	for i, m := range minors {
		idents[i] = m.ident
	}
	return idents
}

// levels pairs a level's name in a policy with the constant of package goruntime
// that stands for it, in the order of the constants.
var levels = [...]struct{ name, ident string }{
	{"core", "Core"},
	{"core_vmaname", "CoreVMAName"},
	{"core_novdso", "CoreNoVDSO"},
	{"core_gomaxprocs", "CoreGOMAXPROCS"},
	{"core_oldkernel", "CoreOldKernel"},
	{"core_godebug", "CoreGODEBUG"},
	{"netpoll_init", "NetpollInit"},
	{"netpoll", "Netpoll"},
	{"files", "Files"},
	{"tz", "TZ"},
	{"net", "Net"},
	{"signals", "Signals"},
	{"crash", "Crash"},
	{"crash_core", "CrashCore"},
	{"pprof", "Pprof"},
	{"pprof_oldkernel", "PprofOldKernel"},
	{"pprof_write", "PprofWrite"},
	{"rand", "Rand"},
	{"exec", "Exec"},
	{"allthreads", "AllThreads"},
	{"cgo", "Cgo"},
	{"race", "Race"},
	{"cover", "Cover"},
}

// Names lists the levels there are fragments for, as policies name them, in the
// order of package goruntime's constants.
func Names() []string {
	names := make([]string, len(levels))
	for i, l := range levels {
		names[i] = l.name
	}
	return names
}

// Fragment is the text of a level, as in Fragment("core_vmaname"), written in
// the policy language. Its parameters are some of go_epoll_fd, go_event_fd,
// go_pid, go_cgroup_quota_fd and go_cgroup_period_fd, which a Populate function
// takes from a goruntime.Runtime. ok is false if there is no such level.
func Fragment(level string) (text []byte, ok bool) {
	if _, ok := Ident(level); !ok {
		return nil, false
	}
	text, err := texts.ReadFile(File(level))
	return text, err == nil
}

// File is the name of a level's fragment relative to this package's directory,
// for messages: "go1.26/core.seccomppolicy".
func File(level string) string {
	return path.Join(Dir, level+".seccomppolicy")
}

// Ident is the name of a level's constant in package goruntime: "CoreVMAName"
// for "core_vmaname". ok is false if there is no such level.
func Ident(level string) (ident string, ok bool) {
	for _, l := range levels {
		if l.name == level {
			return l.ident, true
		}
	}
	return "", false
}
