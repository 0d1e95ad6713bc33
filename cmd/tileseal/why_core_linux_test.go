package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

// cores are deaths of the child by a filter that kills, and what why has to
// say of the core, whatever the addresses.
var cores = []struct {
	goarch, scenario string
	want             []string
}{
	{"amd64", "fsync", []string{"fsync(4) on x86_64\n\tcore, comm ", "arg 0 (fd) is 4, and must be logfile_fd (3)\n", "fsync: (eq (arg 0) archive_fd)\n"}},
	{"amd64", "openat", []string{"openat(AT_FDCWD, 0x", ", O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0640) on x86_64\n"}},
	{"amd64", "mmap", []string{"mmap(0, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) on x86_64\n"}},
	{"amd64", "x32", []string{"x32 call 39 (number 0x40000027) on x86_64\n", "killed for being an x32 call, whatever the rules"}},
	{"amd64", "foreign", []string{"getpid() on i386\n", "killed for its architecture: a program for x86_64 may make no call of i386, whatever the rules"}},
	{"386", "fsync", []string{"fsync(4) on i386\n\tcore, comm ", "fsync: (eq (arg 0) archive_fd)\n"}},
	{"386", "socket", []string{"socketcall(1, 0x", ") on i386\n", "it is socket, whose arguments lie in memory"}},
}

// TestWhyCore reads the cores that this kernel writes of children killed by the
// policy that why is given: as a file, and from a pipe.
func TestWhyCore(t *testing.T) {
	for _, d := range cores {
		t.Run(d.goarch+"/"+d.scenario, func(t *testing.T) {
			kerneltest.Runs(t, d.goarch)
			program := kerneltest.Build(t, sigsysDir+"/child", d.goarch)
			core := dump(t, unix.SIGSYS, program, d.scenario, "kill")
			args := []string{"why", "-policy", "../../policy/gotile/archiver_writer.seccomppolicy", "-p", "logfile_fd=3", "-p", "archive_fd=4"}
			code, out, errs := call(append(args, core)...)
			if code != 0 || errs != "" {
				t.Errorf("exit %d, %s", code, errs)
			}
			for _, want := range d.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			if code, piped, errs := callPiped(t, core, args...); code != 0 || piped != out {
				t.Errorf("from a pipe: exit %d, %s%s", code, piped, errs)
			}
		})
	}
}

// TestWhyOtherCore: a core of a death that no filter caused.
func TestWhyOtherCore(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		signal     syscall.Signal
	}{
		{"SYS", "unknown call: the signal is not of a filter: its code is 0", unix.SIGSYS},
		{"ABRT", "unknown call: the signal that made the core is 6, SIGABRT, and not SIGSYS", unix.SIGABRT},
		{"SEGV", "unknown call: the signal that made the core is 11, and not SIGSYS, which is 31", unix.SIGSEGV},
	} {
		core := dump(t, tc.signal, "/bin/sh", "-c", "kill -"+tc.name+" $$")
		if code, out, errs := call("why", core); code != 2 || !strings.HasPrefix(out, tc.want) || errs != "" {
			t.Errorf("%s: exit %d, %s%s", tc.name, code, out, errs)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := call("why", self); code != 2 || out != "" || !strings.Contains(errs, "an ELF file of type ET_") {
		t.Errorf("a program: exit %d, %s%s", code, out, errs)
	}
}

// dump lets a program die of a signal and is its core, or skips where this
// system keeps none in the directory of the program.
func dump(t *testing.T, signal syscall.Signal, program string, args ...string) (core string) {
	t.Helper()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		t.Skip("no cores: ", err)
	}
	name := strings.TrimSpace(string(pattern))
	if name == "" || strings.ContainsAny(name, "|@/") {
		t.Skipf("cores go elsewhere: kernel.core_pattern is %q, and not a name", name)
	}
	dir := t.TempDir()
	// The shell raises the limit, for the program alone.
	cmd := exec.Command("/bin/sh", append([]string{"-c", `ulimit -c unlimited && exec "$0" "$@"`, program}, args...)...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH")}
	text, _ := cmd.CombinedOutput()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != signal {
		if strings.Contains(string(text), "ulimit") {
			t.Skipf("the limit of cores cannot be raised: %s", text)
		}
		t.Fatalf("%v: %s", cmd.ProcessState, text)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || !status.CoreDump() || len(files) != 1 {
		t.Skipf("the kernel kept no core here: %v, files %v", cmd.ProcessState, files)
	}
	return files[0]
}

// callPiped calls the command with a file on standard input, through a pipe.
func callPiped(t *testing.T, file string, args ...string) (code int, out, errs string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		w.ReadFrom(f) // ends early, when the reader has what it needs
		w.Close()
		f.Close()
	}()
	saved := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = saved; r.Close() }()
	return call(args...)
}
