package learn

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sandbox"
)

const enter = "enter-for-test"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == enter {
		sandbox.Enter(os.Args[2])
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A world is a command that is run in several ways.
type world struct {
	*testing.T
	path    string
	command []string
	startup []string
	out     string // of the last run
}

func newWorld(t *testing.T, command []string) *world {
	t.Helper()
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Skip(err)
	}
	startup, err := sandbox.Startup(path)
	if foreign := new(sandbox.ForeignError); errors.As(err, &foreign) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &world{T: t, path: path, command: command, startup: startup}
}

// run runs the command under a policy, or tells its calls.
func (w *world) run(p *rule.Policy, params map[string]int64, mode sandbox.Mode, note func(sandbox.Call)) sandbox.End {
	w.Helper()
	plan, err := sandbox.NewPlan(p, w.startup, mode)
	if err != nil {
		w.Fatal(err)
	}
	out, err := os.CreateTemp(w.TempDir(), "")
	if err != nil {
		w.Fatal(err)
	}
	defer out.Close()
	pr, err := plan.Start(&sandbox.Command{Path: w.path, Args: w.command, Env: []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}, Stdout: int(out.Fd()), Self: []string{"test", enter}}, params)
	if err != nil {
		w.Fatal(err)
	}
	if note != nil {
		if err := pr.Listen(note); err != nil {
			w.Fatal(err)
		}
	}
	end, err := pr.Wait()
	if err != nil {
		w.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		w.Fatal(err)
	}
	w.out = string(text)
	return end
}

// learn is the policy of what the command does.
func (w *world) learn() (policy string, end sandbox.End) {
	w.Helper()
	starter, err := sandbox.NewStarter(w.startup)
	if err != nil {
		w.Fatal(err)
	}
	tr, start := NewTrace(arch.Native()), NewStart(starter)
	if strings.Contains(strings.Join(w.startup, " "), "go") {
		if err := tr.Go(); err != nil {
			w.Fatal(err)
		}
	}
	end = w.run(nil, nil, sandbox.Record, func(s sandbox.Call) {
		if c := FromKernel(s); start.Over(&c) {
			tr.Add(c)
		}
	})
	return tr.Policy("learned"), end
}

// TestRoundTrip learns what commands do; each then runs under what was learned, to
// the same end and with the same output. Nothing the policy does not have is asked.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hello.txt": "hello\n", "main.c": "#include <stdio.h>\nint main(void) { puts(\"static\"); return 5; }\n",
		"main.go": "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"sync\"\n\t\"time\"\n)\n\nfunc main() {\n\tvar all sync.WaitGroup\n\tfor range 20 {\n\t\tall.Go(func() { time.Sleep(time.Millisecond) })\n\t}\n\tall.Wait()\n\ttext, err := os.ReadFile(os.Args[1])\n\tfmt.Print(string(text), err)\n\tos.Exit(6)\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	build := func(args ...string) {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+runtime.GOARCH)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%v: %v: %s", args, err, out) // its test is skipped
		}
	}
	build("gcc", "-static", "-o", "static", "main.c")
	build("go", "build", "-o", "goprog", "main.go")
	for _, command := range [][]string{
		{"true"},
		{"cat", "hello.txt"},
		{"ls", "-l", "hello.txt"},
		{"sh", "-c", "cat <hello.txt | sort; kill -0 $$; exit 4"},
		{"sh", "-c", "kill -TERM $$"},
		{"./static"},
		{"./goprog", "hello.txt"},
	} {
		t.Run(strings.Join(command, " "), func(t *testing.T) {
			w := newWorld(t, command)
			policy, end := w.learn()
			want := w.out
			f, targets, errs := gen.Read("learned", policy, gen.Tileseal, []arch.Arch{arch.Native()}, compile.Plain)
			if errs.Err() != nil {
				t.Fatalf("%v\n%s", errs, policy)
			}
			params := map[string]int64{}
			for _, p := range f.Params {
				var fd int64
				if _, err := fmt.Sscanf(p.Name, "fd%d", &fd); err == nil {
					params[p.Name] = fd
				}
			}
			got := w.run(targets[0].Policy, params, sandbox.Enforce, nil)
			if got != end || w.out != want {
				t.Errorf("%+v %q, want %+v %q, under\n%s", got, w.out, end, want, policy)
				w.run(targets[0].Policy, params, sandbox.Explain, func(c sandbox.Call) { t.Logf("lacks %s %#x", Alike(FromKernel(c)), c.Args) })
			}
			lacking := 0
			w.run(targets[0].Policy, params, sandbox.Explain, func(sandbox.Call) { lacking++ })
			if lacking > 0 {
				t.Errorf("%d calls are lacking in\n%s", lacking, policy)
			}
		})
	}
}

// What the Go runtime calls is left to its levels.
func TestGoLevels(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, []string{exe, "-test.list=^$"})
	if !slices.Equal(w.startup, []string{"go"}) {
		t.Skipf("the test is linked with C: %v", w.startup)
	}
	policy, end := w.learn()
	if end.Status != 0 || !strings.Contains(policy, "\ninclude go/core go/core_vmaname") {
		t.Errorf("%+v\n%s", end, policy)
	}
	for _, call := range []string{"futex", "clone", "epoll_pwait", "epoll_create1", "nanosleep", "tgkill"} {
		if strings.Contains(policy, "\n"+call) {
			t.Errorf("%s is in\n%s", call, policy)
		}
	}
}
