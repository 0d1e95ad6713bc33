package goruntime

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// A hazard is a GODEBUG setting that makes the runtime call something. All are
// read once, at the start of the process (runtime/runtime1.go).
type hazard struct {
	name  string
	zero  bool   // the value 0 is the hazard; else every other value is
	given Levels // the level that holds the calls
	call  string
	on32  bool // core holds them with 64 bits
}

// hazards is what the measurements and the runtime's source say about Go 1.26
// and 1.27.
var hazards = [...]hazard{
	{"madvdontneed", true, CoreGODEBUG, "madvise(MADV_FREE)", false},
	{"disablethp", false, CoreGODEBUG, "madvise(MADV_NOHUGEPAGE) after every mapping", true},
	{"harddecommit", false, CoreGODEBUG, "mmap(PROT_NONE) over released memory", false},
	{"efence", false, CoreGODEBUG, "mprotect", false},
	{"gctrace", false, Crash, "write to descriptor 2", false},
	{"gcpacertrace", false, Crash, "write to descriptor 2", false},
	{"scavtrace", false, Crash, "write to descriptor 2", false},
	{"schedtrace", false, Crash, "write to descriptor 2", false},
	{"checkfinalizers", false, Crash, "write to descriptor 2", false},
}

// checkGODEBUG refuses a setting whose calls l does not hold.
func checkGODEBUG(l Levels) error {
	settings := readGODEBUG()
	for _, h := range hazards {
		n, set := settings[h.name]
		if !set || (n == 0) != h.zero || l&h.given != 0 || h.on32 && strconv.IntSize != 32 {
			continue
		}
		return &Error{Reason: ErrGODEBUG, Found: h.name + "=" + strconv.Itoa(n) + " leads to " + h.call,
			Do: "start the program without it, or include go/" + h.given.String() + " in the policy"}
	}
	return nil
}

// godebug holds the integer settings of GODEBUG.
type godebug map[string]int

func (g godebug) is(name string, value int) bool {
	n, set := g[name]
	return set && n == value
}

// startGODEBUG is the environment's GODEBUG as the runtime has read it: as it was
// at the start, since os.Unsetenv does not undo that. A process that has dropped
// its privileges may not read its own /proc/self/environ.
var startGODEBUG = os.Getenv("GODEBUG")

// readGODEBUG is the settings this process was started with: those built in,
// overridden by those of the environment.
func readGODEBUG() godebug {
	g := godebug{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "DefaultGODEBUG" {
				g.add(s.Value)
			}
		}
	}
	g.add(startGODEBUG)
	return g
}

// add reads a list "name=value,name=value" as the runtime does: the last setting
// of a name counts, what is no 32-bit integer does not.
func (g godebug) add(list string) {
	for field := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			g[name] = int(n)
		}
	}
}
