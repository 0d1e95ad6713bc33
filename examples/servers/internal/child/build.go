package child

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

var (
	name string // of the program under test
	dir  string // of what is built
)

// Main runs the tests of the program in the current directory, and exits.
// What the program says on standard error must begin with its name and a
// colon, after the time.
func Main(m *testing.M, program string, main func()) {
	if len(os.Args) == 0 {
		// Never; but it links the program into the test, and so a result that
		// go test has kept is not used for a program that has changed.
		main()
	}
	name = program
	var err error
	if dir, err = os.MkdirTemp("", name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// built is the path of the program, built once for all tests.
var built = sync.OnceValues(func() (string, error) { return build(name) })

// build builds the program as a file in dir and returns its path.
func build(file string, flags ...string) (string, error) {
	path := filepath.Join(dir, file)
	cmd := exec.Command("go", slices.Concat([]string{"build", "-buildvcs=false", "-o", path}, flags, []string{"."})...)
	// Without cgo: a C library makes calls that no Go policy lists. Without
	// the flags of the tests, such as -race: so does the race detector.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return path, nil
}
