package goruntime

import (
	"os"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"golang.org/x/sys/unix"
)

// A build with the race detector lives with its level, and reports a race.
func TestRace(t *testing.T) {
	t.Parallel()
	needC(t)
	goarch := goarches()[0]
	if goarch != "amd64" {
		t.Skip("level race was measured on amd64 only")
	}
	path := buildChild(t, childPkg, goarch, []string{"CGO_ENABLED=1"}, "-race")
	full := small + "include go/cgo go/race\n"
	scene{path: path, policy: full, act: "memory"}.survives(t, goarch)
	s := scene{path: path, policy: full, act: "race"}
	if o := s.play(t, goarch); !exited(wire.ExitStatus)(o.status) || !strings.Contains(o.said, "WARNING: DATA RACE") {
		t.Errorf("refused %q, status %#x, said\n%s", o.refusal, o.status, o.said)
	}
	s.policy, s.levels = small+"include go/cgo\n", Race // as if the policy had it
	s.dies(t, goarch)
	s.levels = 0
	checkRefusal(t, s.play(t, goarch).refusal, ErrInstrumented, "include go/race")
	s.policy = small + "include go/race\n"
	checkRefusal(t, s.play(t, goarch).refusal, ErrCgo, "include go/cgo")
}

// A build with coverage writes its counters when it ends.
func TestCover(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		dir := t.TempDir()
		s := scene{path: buildChild(t, childPkg, goarch, nil, "-cover"), env: []string{"GOCOVERDIR=" + dir},
			policy: small + "include go/cover\n", act: "memory"}
		s.survives(t, goarch)
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		counters := 0
		for _, f := range files {
			if strings.HasPrefix(f.Name(), "covcounters.") {
				counters++
			}
		}
		if counters != 1 {
			t.Errorf("%d files of counters", counters)
		}
		// Without the level it ends well, and is killed after that.
		s.policy, s.levels, s.act = small, Cover, "hold 1ms"
		if o := s.play(t, goarch); !killedBy(unix.SIGSYS)(o.status) || !strings.HasSuffix(o.said, wire.Survived+"\n") {
			t.Errorf("refused %q, status %#x, said\n%s", o.refusal, o.status, o.said)
		}
		s.levels = 0
		checkRefusal(t, s.play(t, goarch).refusal, ErrInstrumented, "include go/cover")
	})
}
