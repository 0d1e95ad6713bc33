package goruntime

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

// usual are the levels of most programs, and what the children prepare for unless
// a test says otherwise.
const usual = Go126 | Go127 | Core | CoreVMAName | Netpoll | Crash | CrashCore

// childDir holds the programs the tests build, until they are over.
var childDir string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "goruntime")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	childDir = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// goarches lists the architectures whose programs this machine runs.
func goarches() []string {
	if runtime.GOARCH == "amd64" {
		return []string{"amd64", "386"}
	}
	return []string{runtime.GOARCH}
}

// builds holds, by what was asked for, a func() (path string, err error) that
// builds it once.
var builds sync.Map

// buildChild builds the package in the directory pkg for goarch, once for each
// set of flags, and returns its path. Without env it is built without cgo.
func buildChild(t *testing.T, pkg, goarch string, env []string, flags ...string) string {
	t.Helper()
	f, _ := builds.LoadOrStore(fmt.Sprint(pkg, goarch, env, flags), sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp(childDir, "")
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, "child")
		cmd := exec.Command("go", append(append([]string{"build", "-buildvcs=false", "-o", path}, flags...), pkg)...)
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=")
		cmd.Env = append(cmd.Env, env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v %v: %v\n%s", env, cmd.Args, err, out)
		}
		return path, nil
	}))
	path, err := f.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// childEnv is the environment of a child: no GODEBUG of the test's own.
func childEnv(extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GODEBUG=") && !strings.HasPrefix(kv, "GOTRACEBACK=") && !strings.HasPrefix(kv, "GOMAXPROCS=") {
			env = append(env, kv)
		}
	}
	return append(env, extra...)
}

// run runs a child to its end and returns its reply and process id.
func run(t *testing.T, cmd *exec.Cmd) (wire.Reply, int) {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = childEnv()
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &stderr)
	}
	var r wire.Reply
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v answered %q: %v", cmd.Args, out, err)
	}
	return r, cmd.Process.Pid
}

// prepareFlags is the command line of a child that prepares for l.
func prepareFlags(l Levels, more ...string) []string {
	return append([]string{"prepare", fmt.Sprintf("-levels=%d", uint64(l))}, more...)
}
