package goruntime

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const childPkg = "./internal/child"

func TestPrepareFindsPoller(t *testing.T) {
	t.Parallel()
	for _, goarch := range goarches() {
		path := buildChild(t, childPkg, goarch, nil)
		for _, flags := range []string{"", "-early", "-decoys", "-early -decoys", "-again", "-drop"} {
			t.Run(goarch+flags, func(t *testing.T) {
				r, pid := run(t, exec.Command(path, prepareFlags(usual, strings.Fields(flags)...)...))
				if r.Error != "" {
					t.Fatal(r.Error)
				}
				if r.PID != pid {
					t.Errorf("PID %d, want %d", r.PID, pid)
				}
				found := []int{r.EpollFD, r.EventFD}
				slices.Sort(found)
				if r.EpollFD == r.EventFD || !slices.Equal(found, r.Poll) {
					t.Errorf("epoll %d, event %d; the runtime says %v", r.EpollFD, r.EventFD, r.Poll)
				}
				// What is new is the poller, if it was not there before, and
				// nothing else; a dropped file is gone.
				want := slices.Clone(r.Before)
				for fd, kind := range map[int]string{r.EpollFD: "eventpoll", r.EventFD: "eventfd"} {
					if line := fmt.Sprintf("%d anon_inode:[%s]", fd, kind); !slices.Contains(want, line) {
						want = append(want, line)
					}
				}
				slices.Sort(want)
				slices.Sort(r.After)
				if !slices.Equal(r.After, want) {
					t.Errorf("descriptors after Prepare:\n%q\nwant\n%q", r.After, want)
				}
			})
		}
	}
}

func TestPrepareFixesGOMAXPROCS(t *testing.T) {
	t.Parallel()
	for _, goarch := range goarches() {
		path := buildChild(t, childPkg, goarch, nil)
		free, _ := run(t, exec.Command(path, "procs"))
		if free.Procs[0] == 1 {
			t.Skip("one CPU only: GOMAXPROCS has nowhere to shrink to")
		}
		if free.Procs[1] != 1 {
			t.Errorf("%s: an unprepared program keeps GOMAXPROCS at %v; this test shows nothing", goarch, free.Procs)
		}
		if r, _ := run(t, exec.Command(path, "procs", fmt.Sprintf("-levels=%d", uint64(usual)))); r.Procs[1] != r.Procs[0] {
			t.Errorf("%s: after Prepare GOMAXPROCS went %v", goarch, r.Procs)
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		levels Levels
		flags  string
		env    string
		reason error // nil: accepted
		found  string
		only   string // the GOARCH that refuses; empty: all
	}{
		{name: "levels", levels: Go126 | Crash, reason: ErrLevels, found: "lacks core"},
		{name: "duplicate", levels: usual, flags: "-dup", reason: ErrPoller, found: "are all the runtime's epoll"},
		{name: "no descriptors", levels: usual, flags: "-nofile", reason: ErrProc, found: "too many open files"},
		{name: "madvdontneed", levels: usual, env: "madvdontneed=0", reason: ErrGODEBUG, found: "madvdontneed=0"},
		{name: "madvdontneed on", levels: usual, env: "madvdontneed=1"},
		{name: "disablethp", levels: usual, env: "disablethp=1", reason: ErrGODEBUG, found: "disablethp=1", only: "386"},
		{name: "harddecommit", levels: usual, env: "harddecommit=1", reason: ErrGODEBUG, found: "harddecommit=1"},
		{name: "efence", levels: usual, env: "panicnil=1,efence=2", reason: ErrGODEBUG, found: "efence=2 leads to mprotect"},
		{name: "efence off again", levels: usual, env: "efence=1,efence=0"},
		{name: "gctrace", levels: usual &^ Crash, env: "gctrace=1", reason: ErrGODEBUG, found: "include go/crash"},
		{name: "gctrace with crash", levels: usual, env: "gctrace=1"},
		{name: "schedtrace", levels: usual &^ Crash, env: "schedtrace=1000", reason: ErrGODEBUG, found: "schedtrace=1000"},
	} {
		for _, goarch := range goarches() {
			t.Run(c.name+"/"+goarch, func(t *testing.T) {
				cmd := exec.Command(buildChild(t, childPkg, goarch, nil),
					prepareFlags(c.levels, strings.Fields(c.flags)...)...)
				if c.env != "" {
					cmd.Env = childEnv("GODEBUG=" + c.env)
				}
				r, _ := run(t, cmd)
				reason := c.reason
				if c.only != "" && c.only != goarch {
					reason = nil
				}
				checkRefusal(t, r.Error, reason, c.found)
			})
		}
	}
}

// checkRefusal holds the text of a child's error against a reason, nil for none.
func checkRefusal(t *testing.T, got string, reason error, found string) {
	t.Helper()
	switch {
	case reason == nil && got != "":
		t.Errorf("refused: %s", got)
	case reason != nil && (!strings.HasPrefix(got, "goruntime: "+reason.Error()+": ") || !strings.Contains(got, found)):
		t.Errorf("error %q, want %q with %q", got, reason, found)
	}
}

// Whether core_vmaname is needed depends on the kernel; Prepare has to agree
// with it either way.
func TestPrepareMappingNames(t *testing.T) {
	t.Parallel()
	named := unix.Prctl(unix.PR_SET_VMA, unix.PR_SET_VMA_ANON_NAME, 0, 0, 0) == nil
	t.Logf("kernel names mappings: %v", named)
	path := buildChild(t, childPkg, goarches()[0], nil)
	r, _ := run(t, exec.Command(path, prepareFlags(usual&^CoreVMAName)...))
	if named {
		checkRefusal(t, r.Error, ErrLevels, "core_vmaname is missing")
	} else {
		checkRefusal(t, r.Error, nil, "")
	}
	cmd := exec.Command(path, prepareFlags(usual&^CoreVMAName)...)
	cmd.Env = childEnv("GODEBUG=decoratemappings=0")
	r, _ = run(t, cmd)
	checkRefusal(t, r.Error, nil, "")
}

func TestPrepareOldKernel(t *testing.T) {
	t.Parallel()
	setarch, err := exec.LookPath("setarch")
	if err != nil {
		t.Skip("no setarch to lie about the kernel's version: ", err)
	}
	for _, goarch := range goarches() {
		r, _ := run(t, exec.Command(setarch, append([]string{"--uname-2.6", buildChild(t, childPkg, goarch, nil)}, prepareFlags(usual)...)...))
		if goarch == "386" {
			checkRefusal(t, r.Error, ErrKernel, "is before 5.1")
		} else {
			checkRefusal(t, r.Error, nil, "")
		}
	}
}

func TestPrepareHangingFinalizer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as Prepare does")
	}
	r, _ := run(t, exec.Command(buildChild(t, childPkg, goarches()[0], nil), prepareFlags(usual, "-hang")...))
	checkRefusal(t, r.Error, ErrFinalizers, "not done after 10s")
}

func TestPrepareRefusesBuilds(t *testing.T) {
	t.Parallel()
	cgo := []string{"CGO_ENABLED=1"}
	for _, c := range []struct {
		name   string
		pkg    string
		env    []string
		flags  []string
		reason error
		found  string
	}{
		{"cover", childPkg, nil, []string{"-cover"}, ErrInstrumented, "-cover"},
		{"race", childPkg, cgo, []string{"-race"}, ErrInstrumented, "-race"},
		{"cgo allowed but absent", childPkg, cgo, []string{"-tags=netgo"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.env != nil {
				needC(t)
			}
			cmd := exec.Command(buildChild(t, c.pkg, goarches()[0], c.env, c.flags...), prepareFlags(usual)...)
			cmd.Env = childEnv("GOCOVERDIR=" + t.TempDir())
			r, _ := run(t, cmd)
			checkRefusal(t, r.Error, c.reason, c.found)
		})
	}
}

// needC skips a test that cannot build for its own GOARCH with cgo.
func needC(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler: ", err)
	}
	host, err := exec.Command("go", "env", "GOHOSTARCH").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(host)); got != goarches()[0] {
		t.Skipf("the C compiler is for %s, this test is built for %s", got, goarches()[0])
	}
}
