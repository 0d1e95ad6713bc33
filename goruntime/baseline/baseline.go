// Package baseline holds the texts of the Go runtime's levels: the policy
// fragments that `include go/LEVEL` brings in. A directory holds those of one Go
// minor release.
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

// Minor is the Go minor release whose fragments an include without a release
// means, and MinorIdent the constant of package goruntime that stands for it.
const (
	Minor      = "1.26"
	MinorIdent = "Go126"
)

// levels pairs a level's name in a policy with the constant of package goruntime
// that stands for it, in the order of the constants.
var levels = [...]struct{ name, ident string }{
	{"core", "Core"},
	{"core_vmaname", "CoreVMAName"},
	{"netpoll", "Netpoll"},
	{"crash", "Crash"},
	{"crash_core", "CrashCore"},
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
// the policy language. Its parameters are some of go_epoll_fd, go_event_fd and
// go_pid, which a Populate function takes from a goruntime.Runtime. ok is false
// if there is no such level.
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
	return path.Join("go"+Minor, level+".seccomppolicy")
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
