package goruntime

import (
	"errors"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/goruntime/baseline"
)

func TestLevelsString(t *testing.T) {
	for _, c := range []struct {
		l    Levels
		want string
	}{
		{0, "none"},
		{Core, "core"},
		{Go126 | Core | CoreVMAName | Netpoll | Crash | CrashCore, "go1.26|core|core_vmaname|netpoll|crash|crash_core"},
		{Go127 | Go126 | Netpoll, "go1.26|go1.27|netpoll"},
		{minorBit(lastMinor), "go1.56"},
		{Core | UnmeasuredGo, "core|unmeasured_go"},
		{Core | 1<<30, "core|0x40000000"},
	} {
		if got := c.l.String(); got != c.want {
			t.Errorf("Levels(%#x).String() = %q, want %q", uint64(c.l), got, c.want)
		}
	}
}

// The names, the constants and the fragments are three lists of the same levels.
func TestLevelsMatchFragments(t *testing.T) {
	names := baseline.Names()
	if len(names) != len(levelNames) || 1<<len(names)-1 != allLevels {
		t.Fatalf("%d fragments, %d names, levels %#x", len(names), len(levelNames), uint64(allLevels))
	}
	idents := map[string]Levels{
		"Core": Core, "CoreVMAName": CoreVMAName, "CoreNoVDSO": CoreNoVDSO, "CoreGOMAXPROCS": CoreGOMAXPROCS,
		"CoreOldKernel": CoreOldKernel, "CoreGODEBUG": CoreGODEBUG, "NetpollInit": NetpollInit, "Netpoll": Netpoll,
		"Files": Files, "TZ": TZ, "Net": Net, "Signals": Signals, "Crash": Crash, "CrashCore": CrashCore,
		"Pprof": Pprof, "PprofOldKernel": PprofOldKernel, "PprofWrite": PprofWrite, "Rand": Rand, "Exec": Exec,
		"AllThreads": AllThreads, "Cgo": Cgo, "Race": Race, "Cover": Cover,
	}
	for i, name := range names {
		ident, _ := baseline.Ident(name)
		if l, ok := idents[ident]; !ok || l != 1<<i || l.String() != name {
			t.Errorf("fragment %s: constant %s = %v, want bit %d", name, ident, l, i)
		}
	}
	minors := map[string]Levels{"Go126": Go126, "Go127": Go127}
	var all Levels
	for i, name := range baseline.Minors() {
		ident := baseline.MinorIdents()[i]
		if l, ok := minors[ident]; !ok || l.String() != "go"+name {
			t.Errorf("fragments are for %s (%s), levels for %v", name, ident, l)
		}
		all |= minors[ident]
	}
	if all != allMinors {
		t.Errorf("fragments are for %v, levels for %v", all, allMinors)
	}
}

func TestLevelsCheck(t *testing.T) {
	for _, c := range []struct {
		l    Levels
		want string // part of the error; empty: none
	}{
		{Go126 | Core, ""},
		{Go126 | Core | Crash | UnmeasuredGo, ""},
		{Go126 | Netpoll, "lacks core"},
		{Core, "names no Go minor"},
		{Core | UnmeasuredGo, "names no Go minor"},
		{Go126 | Core | 1<<27, "no baseline for 0x8000000"},
		{Go126 | Go127<<1 | Core, "no baseline for go1.28"},
		{0, "lacks core"},
	} {
		err := c.l.check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: error %v, want %q", c.l, err, c.want)
		}
		if err != nil && !errors.Is(err, ErrLevels) {
			t.Errorf("%v: %v is not ErrLevels", c.l, err)
		}
	}
}

func TestNeed(t *testing.T) {
	rt := Simulated(Go126|Core|Netpoll, 5, 6, 7)
	rt.Need(Go126 | Core)
	rt.Need(rt.Levels())
	for _, c := range []struct {
		rt   Runtime
		need Levels
		want string
	}{
		{rt, Go126 | Core | Crash | CrashCore, "the program needs go1.26|core|crash|crash_core, but crash|crash_core was not prepared"},
		{rt, Go127 | Core, "but go1.27 was not prepared"},
		{Runtime{}, Go126 | Core, "but go1.26|core was not prepared"},
	} {
		got := panicText(func() { c.rt.Need(c.need) })
		if !strings.Contains(got, c.want) {
			t.Errorf("Need(%v) panics with %q, want %q", c.need, got, c.want)
		}
	}
}

func TestSimulated(t *testing.T) {
	rt := Simulated(Core, 5, -1, 1<<31-1)
	if rt.EpollFD() != 5 || rt.EventFD() != -1 || rt.PID() != 1<<31-1 || rt.Levels() != Core {
		t.Errorf("Simulated kept %+v", rt)
	}
	one := 1
	big := one << 31
	if big > 0 && // an int of 386 cannot hold it
		panicText(func() { Simulated(Core, big, 0, 0) }) == "" {
		t.Error("Simulated took a descriptor of 2^31")
	}
}

func panicText(f func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = p.(string)
		}
	}()
	f()
	return ""
}
