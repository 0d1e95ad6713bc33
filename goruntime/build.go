package goruntime

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	_ "unsafe" // for go:linkname
)

// iscgo is the runtime's own word on whether cgo is linked in. The build tag cgo
// would only say whether it could have been.
//
//go:linkname iscgo runtime.iscgo
var iscgo bool

// checkBuild refuses a program that was built in a way no baseline covers.
func checkBuild(l Levels) error {
	if err := checkVersion(runtime.Version(), l); err != nil {
		return err
	}
	// Before cgo, which the sanitizers bring along: this is the better advice.
	info, ok := debug.ReadBuildInfo()
	for _, flag := range instrumentation(info, ok) {
		given := instrumentLevels[flag]
		if l&given != 0 {
			continue
		}
		do := "seal a build without " + flag
		if given != 0 {
			do += ", or include go/" + given.String() + " in the policy"
		}
		return &Error{Reason: ErrInstrumented, Found: "built with " + flag, Do: do}
	}
	if ok {
		if err := checkBuildMode(info); err != nil {
			return err
		}
	}
	return checkCgo(iscgo, runtime.GOARCH, l)
}

// checkBuildMode refuses Go code that is a part of another program. There the
// runtime leaves signals to that program, whose calls nobody measured.
func checkBuildMode(info *debug.BuildInfo) error {
	for _, s := range info.Settings {
		if s.Key != "-buildmode" {
			continue
		}
		switch s.Value {
		case "c-archive", "c-shared", "plugin", "shared":
			return &Error{Reason: ErrCgo, Found: "built with -buildmode=" + s.Value, Do: "seal an ordinary executable"}
		}
	}
	return nil
}

// checkCgo refuses cgo without its level, and where that level was not measured.
func checkCgo(linked bool, goarch string, l Levels) error {
	switch {
	case !linked:
		return nil
	case l&Cgo == 0:
		return &Error{Reason: ErrCgo, Found: "the C library makes system calls the levels lack",
			Do: "build with CGO_ENABLED=0, or include go/cgo in the policy"}
	case goarch != "amd64" && l&UnmeasuredGo == 0:
		return &Error{Reason: ErrCgo, Found: "the cgo level was measured on amd64 only, this is " + goarch,
			Do: "build with CGO_ENABLED=0, or accept the risk with goruntime.UnmeasuredGo"}
	}
	return nil
}

// instrumentLevels are the levels that hold what a flag adds. The memory and
// address sanitizers have none.
var instrumentLevels = map[string]Levels{"-race": Race, "-cover": Cover}

// instrumentation lists the flags of a build that add system calls. The race
// detector is known from its build tag, the rest from the build information,
// which builds by other tools than the go command may lack.
func instrumentation(info *debug.BuildInfo, ok bool) []string {
	var flags []string
	if race {
		flags = append(flags, "-race")
	}
	if !ok {
		return flags
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "-cover", "-msan", "-asan":
			if s.Value == "true" {
				flags = append(flags, s.Key)
			}
		case "-race":
			if s.Value == "true" && !race {
				flags = append(flags, s.Key)
			}
		}
	}
	return flags
}

// checkVersion refuses a release that l was not measured on. version is of the
// form of runtime.Version.
func checkVersion(version string, l Levels) error {
	minor, ok := releaseMinor(version)
	if ok && l&minorBit(minor) != 0 || l&UnmeasuredGo != 0 {
		return nil
	}
	return &Error{Reason: ErrGoVersion, Found: version + "; the levels were measured on " + l.minors().String(),
		Do: "build with that release, generate the policy with a tileseal that has a baseline for this one, " +
			"or accept the risk with goruntime.UnmeasuredGo"}
}

// releaseMinor is the n of a released Go 1.n. A development version, a beta, a
// release candidate and a toolchain with experiments ("X:") have a runtime of
// their own and are no release. What a distributor appends to the number, after
// a space or one of "-+", is taken to leave the runtime alone.
func releaseMinor(version string) (minor int, ok bool) {
	if strings.Contains(version, "X:") {
		return 0, false
	}
	rest, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0, false
	}
	if i := strings.IndexAny(rest, " -+"); i >= 0 {
		rest = rest[:i]
	}
	first, patch, patched := strings.Cut(rest, ".")
	if patched && !isNumber(patch) || !isNumber(first) {
		return 0, false
	}
	minor, err := strconv.Atoi(first)
	return minor, err == nil
}

// isNumber reports whether s is decimal digits and nothing else.
func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
