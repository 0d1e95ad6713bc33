// Package e2e runs the command as its users run it: each file of
// testdata/script is a session in a directory of its own, and says what is
// printed. Package testscript of rogpeppe/go-internal explains the form.
//
// Beside tileseal, a script may use the go command, in a module that requires
// the library: gomod writes its go.mod. $ROOT is the repository. With -update,
// cmp writes what it got into the scripts.
//
// The go command does not see that a test depends on a program it builds: run
// it as go test -count=1.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what cmp compares with into the scripts")

var root, bin string // the repository, and where the command was built

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := withCommand(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withCommand builds the command for the time that run takes.
func withCommand(run func() int) (code int, err error) {
	if root, err = filepath.Abs(".."); err != nil {
		return 1, err
	}
	if bin, err = os.MkdirTemp("", "tileseal-e2e-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-C", root, "-o", bin, "./cmd/tileseal")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return run(), nil
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup:         setup,
		Cmds:          map[string]func(ts *testscript.TestScript, neg bool, args []string){"gomod": gomod},
	})
}

// setup lets a script find the command, and the go command what it has
// downloaded and built before; testscript gives it a home directory of its own.
func setup(env *testscript.Env) error {
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("ROOT", root)
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	for i, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		env.Setenv(names[i], value)
	}
	return nil
}

var requirements = regexp.MustCompile(`(?s)require \((.*?)\)`)

// gomod makes the working directory a module that requires the library and has
// its command as a tool: gomod PATH.
func gomod(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gomod PATH")
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	ts.Check(err)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	ts.Check(err)
	text := fmt.Sprintf(`module %s

go 1.26.0

require (
	github.com/tileseal/tileseal v0.0.0%s)

replace github.com/tileseal/tileseal => %s

tool github.com/tileseal/tileseal/cmd/tileseal
`, args[0], requirements.FindSubmatch(mod)[1], root)
	ts.Check(os.WriteFile(ts.MkAbs("go.mod"), []byte(text), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs("go.sum"), sum, 0o666))
}
