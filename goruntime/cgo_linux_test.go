package goruntime

import (
	"errors"
	"testing"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/install"
)

const cgoPkg = "./testdata/cgo"

// TestCgo seals a program with threads that C made, before the seal and after it.
// Every one is filtered.
func TestCgo(t *testing.T) {
	t.Parallel()
	needC(t)
	goarch := goarches()[0]
	path := buildChild(t, cgoPkg, goarch, []string{"CGO_ENABLED=1"})
	// usleep is this program's own.
	own := "clock_nanosleep: (and (eq (arg 0) CLOCK_REALTIME) (eq (arg 1) 0))\n"
	full := small + "include go/cgo\n" + own

	if goarch != "amd64" {
		o := scene{path: path, policy: full, act: "nothing"}.play(t, goarch)
		checkRefusal(t, o.refusal, ErrCgo, "measured on amd64 only")
		return
	}
	verified := false
	scene{path: path, policy: full, act: "threads", on: map[string]func(actor){wire.Ready: func(a actor) {
		if n := len(threads(a.Process.Pid)); n < 6 {
			t.Errorf("%d threads", n)
		}
		if err := install.Verify(a.Process.Pid); err != nil {
			t.Error(err)
		}
		verified = true
	}}}.survives(t, goarch)
	if !verified {
		t.Error("nobody looked at the threads")
	}
	// Prepared for as if the policies had it.
	scene{path: path, policy: small + own, levels: Cgo, act: "threads"}.dies(t, goarch)
	scene{path: path, policy: full, lacks: "clone3", act: "threads"}.dies(t, goarch)

	o := scene{path: path, policy: small, act: "nothing"}.play(t, goarch)
	checkRefusal(t, o.refusal, ErrCgo, "include go/cgo")
}

func TestCheckCgo(t *testing.T) {
	for _, c := range []struct {
		linked bool
		goarch string
		l      Levels
		ok     bool
	}{
		{false, "amd64", Core, true},
		{false, "arm64", Core | Cgo, true},
		{true, "amd64", Core, false},
		{true, "amd64", Core | UnmeasuredGo, false},
		{true, "amd64", Core | Cgo, true},
		{true, "386", Core | Cgo, false},
		{true, "arm64", Core | Cgo, false},
		{true, "arm64", Core | Cgo | UnmeasuredGo, true},
	} {
		err := checkCgo(c.linked, c.goarch, c.l)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrCgo) {
			t.Errorf("linked %v, %s, %v: %v, want ok %v", c.linked, c.goarch, c.l, err, c.ok)
		}
	}
}
