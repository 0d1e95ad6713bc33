package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

const enter = "enter-for-test"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == enter {
		Enter(os.Args[2])
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A result is what came of a command.
type result struct {
	end   End
	out   string
	calls []Call
	err   error
}

// run runs a command under a policy in a mode.
func run(t *testing.T, mode Mode, policy string, params map[string]int64, command ...string) result {
	t.Helper()
	path, err := exec.LookPath(command[0])
	if err != nil {
		t.Skip(err)
	}
	startup := startupOf(t, path)
	var p *rule.Policy
	if mode != Record {
		p = resolve(t, policy)
	}
	plan, err := NewPlan(p, startup, mode)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var r result
	pr, err := plan.Start(&Command{Path: path, Args: command, Env: []string{"A=1"}, Stdout: int(out.Fd()), Self: []string{"test", enter}}, params)
	if err != nil {
		r.err = err
		return r
	}
	if mode.tells() {
		if err := pr.Listen(func(c Call) { r.calls = append(r.calls, c) }); err != nil {
			t.Fatal(err)
		}
	}
	r.end, r.err = pr.Wait()
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	r.out = string(text)
	return r
}

// startupOf is what a command's start takes. The machine's own commands may be for
// another architecture than the test.
func startupOf(t *testing.T, path string) []string {
	t.Helper()
	startup, err := Startup(path)
	if foreign := new(ForeignError); errors.As(err, &foreign) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return startup
}

func resolve(t *testing.T, text string) *rule.Policy {
	t.Helper()
	f, errs := gen.Parse("test", text, gen.Tileseal)
	res, list := gen.Resolve(f, arch.Native(), compile.Plain)
	if err := append(errs, list...).Err(); err != nil {
		t.Fatal(err)
	}
	return res.Policy
}

func names(calls []Call) []string {
	var list []string
	for _, c := range calls {
		name, _ := c.Arch.Name(c.Nr)
		list = append(list, name)
	}
	return list
}

func TestEnforce(t *testing.T) {
	const end = "noarg\nexit_group\n"
	for _, tt := range []struct {
		name, policy string
		params       map[string]int64
		command      []string
		out          string
		end          End
	}{
		{"starts and ends", end, nil, []string{"/bin/true"}, "", End{}},
		{"status", end, nil, []string{"/bin/false"}, "", End{Status: 1}},
		{"bytes", end + "write: (eq (arg 0) 1)\ndefault -> errno(EPERM)\n", nil, []string{"/bin/echo", "a\xffb", "\u00e4", ""}, "a\xffb \u00e4 \n", End{Status: 1}}, // it may not close its output
		{"no end", "noarg\ngetppid\n", nil, []string{"/bin/true"}, "", End{159, "SIGSYS"}},
		{"errno", "noarg\nexit_group\nwrite -> errno(EBADF)\ndefault -> errno(EPERM)\n", nil, []string{"/bin/echo", "x"}, "", End{Status: 1}},
		{"own id", "uint pid\ndefault -> allow\nkill: (and (eq (arg 0) pid) (eq (arg 1) SIGTERM))\nkill -> errno(EPERM)\n", nil,
			[]string{"/bin/sh", "-c", "kill -TERM $$"}, "", End{143, "SIGTERM"}},
		{"own id given", "uint pid\ndefault -> allow\nkill: (and (eq (arg 0) pid) (eq (arg 1) SIGTERM))\nkill -> errno(EPERM)\n", map[string]int64{"pid": 1},
			[]string{"/bin/sh", "-c", "kill -TERM $$ 2>/dev/null; exit 3"}, "", End{Status: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, Enforce, tt.policy, tt.params, tt.command...)
			if r.err != nil || r.end != tt.end || r.out != tt.out {
				t.Errorf("%+v", r)
			}
		})
	}
}

// The one execve is the only one: the program's own is judged by the policy.
func TestExecOnce(t *testing.T) {
	const policy = "noarg\ndefault -> allow\nexecve -> errno(EACCES)\n"
	r := run(t, Enforce, policy, nil, "/bin/sh", "-c", "exec /bin/true")
	if r.err != nil || r.end.Status != 126 {
		t.Errorf("%+v, want the shell's 126, permission denied", r)
	}
	r = run(t, Enforce, "noarg\ndefault -> allow\nexecve -> kill_process\n", nil, "/bin/sh", "-c", "exec /bin/true")
	if r.err != nil || r.end.Signal != "SIGSYS" {
		t.Errorf("%+v, want SIGSYS", r)
	}
}

// The limit on descriptors is the caller's, not the one that the Go runtime raises.
func TestLimit(t *testing.T) {
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur -= limit.Cur / 8 // above the descriptors that are open
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old)
	r := run(t, Enforce, "noarg\ndefault -> allow\n", nil, "/bin/sh", "-c", "ulimit -Sn")
	if r.err != nil || r.out != fmt.Sprintln(limit.Cur) {
		t.Errorf("%+v, %v, want %d", r, r.err, limit.Cur)
	}
}

// Without the addresses execve is denied, and they differ each time.
func TestPins(t *testing.T) {
	l := &launch{Path: "/bin/true", Args: []string{"true", ""}, Env: []string{"A=1"}}
	seen := map[uintptr]bool{}
	for range 8 {
		r, err := newRegion(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.pins {
			if seen[p] {
				t.Errorf("%#x once more", p)
			}
			seen[p] = true
		}
	}
	if _, err := newRegion(&launch{Path: "a\x00b"}); err == nil {
		t.Error("a path with a NUL was taken")
	}
}

func TestNotStarted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("#!/no/such/interpreter\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{Enforce, Explain, Log, Record} {
		plan, err := NewPlan(map[bool]*rule.Policy{false: resolve(t, "noarg\nexit_group\n")}[mode == Record], nil, mode)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{
			"/no/such/program":  "exec /no/such/program: no such file or directory",
			"/proc/self/status": "exec /proc/self/status: permission denied",
			file:                "execve: no such file or directory",
			"/":                 "execve: permission denied",
		} {
			pr, err := plan.Start(&Command{Path: path, Args: []string{"x"}, Self: []string{"test", enter}, Stdout: 1}, nil)
			if err == nil && mode.tells() {
				err = pr.Listen(func(c Call) { t.Errorf("%s: told of call %d", path, c.Nr) })
			}
			if err == nil {
				_, err = pr.Wait()
			}
			var not *NotStarted
			if !errors.As(err, &not) || not.Reason != want {
				t.Errorf("mode %d, %s: %v, want %s", mode, path, err, want)
			}
		}
	}
}

// What would have killed is told of, and nothing else.
func TestExplain(t *testing.T) {
	r := run(t, Explain, "noarg\nexit_group\n", nil, "/bin/echo", "hello")
	got := names(r.calls)
	if r.err != nil || r.out != "hello\n" || !slices.Contains(got, "write") || slices.Contains(got, "exit_group") || slices.Contains(got, "execve") {
		t.Errorf("%+v %v", r, got)
	}
	r = run(t, Explain, "noarg\ndefault -> allow\nclose_range -> kill_process\nexecve -> kill_process\n", nil, "/bin/sh", "-c", "/bin/true; exec /bin/true")
	if got := names(r.calls); r.err != nil || r.end.Status != 0 || !slices.Equal(got, []string{"execve", "execve"}) {
		t.Errorf("%+v %v", r, got)
	}
}

// Calls of all processes are told of, until the last has ended, with their ids.
func TestRecord(t *testing.T) {
	r := run(t, Record, "", nil, "/bin/sh", "-c", "(sleep 0.2; echo late) & echo early")
	if r.err != nil || r.end.Status != 0 || r.out != "early\nlate\n" {
		t.Fatalf("%+v", r)
	}
	processes := map[int]bool{}
	for _, c := range r.calls {
		processes[c.Process] = true
	}
	if len(processes) != 3 || processes[0] {
		t.Errorf("processes %v, want three", processes)
	}
	if r.calls[0].Nr == 0 || !strings.Contains(strings.Join(names(r.calls), " "), "execve") {
		t.Errorf("calls %v", names(r.calls))
	}
}

// Programs of each kind start under what their kind needs and an end.
func TestStartup(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
		return path
	}
	build := func(name string, args ...string) string {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+runtime.GOARCH)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s: %v: %s", args[0], err, out)
			return ""
		}
		return filepath.Join(dir, name)
	}
	write("main.c", "int main(void) { return 3; }\n")
	write("main.go", "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(3) }\n")
	const end = "noarg\nexit_group\n"
	for _, tt := range []struct {
		kind, path string
		startup    string
	}{
		{"script", write("script", "#!/bin/sh\nexit 3\n"), "libc loader"},
		{"dynamic", build("dynamic", "gcc", "-o", "dynamic", "main.c"), "libc loader"},
		{"static", build("static", "gcc", "-static", "-o", "static", "main.c"), "libc"},
		{"static-pie", build("pie", "gcc", "-static-pie", "-o", "pie", "main.c"), "libc"},
		{"go", build("go", "go", "build", "-o", "go", "main.go"), "go"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			if tt.path == "" {
				t.Skip("could not be built here")
			}
			if startup := strings.Join(startupOf(t, tt.path), " "); startup != tt.startup {
				t.Errorf("startup %s, want %s", startup, tt.startup)
			}
			policy := end
			if tt.kind == "script" { // what sh calls to find out where it is, and to read the script
				policy = "noarg\ndefault -> allow\n"
			}
			if r := run(t, Enforce, policy, nil, tt.path); r.err != nil || r.end != (End{Status: 3}) {
				t.Errorf("%+v", r)
				r := run(t, Explain, policy, nil, tt.path)
				for i, n := range names(r.calls) {
					t.Logf("%s %#x", n, r.calls[i].Args)
				}
			}
		})
	}
}
