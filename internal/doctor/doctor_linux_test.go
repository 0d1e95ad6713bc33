package doctor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/sandbox"
	"golang.org/x/sys/unix"
)

const enter = "enter-for-test"

var self = []string{"doctor.test", enter}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == enter {
		sandbox.Enter(os.Args[2])
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// find is the fact of a name.
func find(t *testing.T, facts []Fact, name string) Fact {
	t.Helper()
	for _, f := range facts {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no fact %s", name)
	return Fact{}
}

// The kernel's answers agree with the list of its actions in /proc.
func TestActions(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	if err != nil {
		t.Skip(err)
	}
	want := strings.ReplaceAll(strings.TrimSpace(string(text)), "user_notif", "notify")
	if got := find(t, filters(), "actions"); got.Value != want {
		t.Errorf("%+v, want %s", got, want)
	}
}

// Linux has the cache from 5.11 on, on x86 and arm64. Where the measurement decides,
// it has to decide that.
func TestCache(t *testing.T) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor); err != nil {
		t.Skip(err)
	}
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "386" && runtime.GOARCH != "arm64" {
		t.Skip("whether this architecture has it is not known")
	}
	got, err := cache()
	if err != nil {
		t.Skipf("not decided: %v", err)
	}
	if want := major > 5 || major == 5 && minor >= 11; got != want {
		t.Errorf("%v on Linux %d.%d", got, major, minor)
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil || !strings.Contains(string(text), "\nSeccomp:\t"+seccompBefore+"\n") {
		t.Errorf("the measurement left a filter: %v", err)
	}
}

// seccompBefore is the mode this process was started in.
var seccompBefore = func() string {
	text, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(text), "\nSeccomp:\t")
	mode, _, _ := strings.Cut(rest, "\n")
	return mode
}()

// A Go program for 386 runs where the small one does.
func TestCompat(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("nothing to compare with")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", "program", "main.go")
	build.Dir, build.Env = dir, append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	want := yes(exec.Command(filepath.Join(dir, "program")).Run() == nil)
	if got := find(t, compat(), "i386 programs run"); got.Value != want {
		t.Errorf("%+v, want %s", got, want)
	}
}

// What cannot run is told from what does not run as it should.
func TestForeign(t *testing.T) {
	none := foreign{"none", 0xffff, 0, nil}
	if runs, err := none.try(); runs || err != nil {
		t.Errorf("%v, %v", runs, err)
	}
	if runtime.GOARCH == "amd64" {
		broken := foreigners["amd64"][0]
		broken.code = []byte{0x0f, 0x0b} // ud2
		if runs, err := broken.try(); runs || err == nil {
			t.Errorf("%v, %v", runs, err)
		}
	}
}

func TestTelling(t *testing.T) {
	if err := tell(self); err != nil {
		t.Error(err)
	}
}
