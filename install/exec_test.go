//go:build linux

package install_test

import (
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

func TestExec(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, tt := range []struct {
			name     string
			args     []string
			out, end string
		}{
			{"argv and envv", []string{"getppid", child, "hello"}, "hello A=1,B=2\n", "exit 0"},
			{"filter stays", []string{"getppid", child, "getppid"}, "", "killed"},
			{"execve killed", []string{"execve", child, "hello"}, "", "killed"},
			{"execve refused", []string{"execve EACCES", child, "hello"},
				"error: install: filter installed, program not started: execve: permission denied\n", "exit 1"},
			// What may be executed once may be executed again.
			{"twice", []string{"getppid", child, "exec", "getpgid", child, "hello"}, "hello A=1,B=2\n", "exit 0"},
			{"filter stays twice", []string{"getppid", child, "exec", "getpgid", child, "getppid"}, "", "killed"},
			// The program seals itself, under a filter that is there already.
			{"outer filter", []string{"getpgid", child, "seal", "new"}, "sealed\n", "killed"},
			{"outer filter works", []string{"getppid", child, "twice", "neither"}, "sealed\n", "exit 0"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				run(t, child, append([]string{"exec"}, tt.args...)...).want(t, tt.out, tt.end)
			})
		}
	})
}

// A program that cannot be started leaves no filter behind if that can be
// known before, and says so if not. Whichever it is, the other threads are as
// they were: the child looks.
func TestExecFails(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, tt := range []struct{ name, path, out string }{
			{"missing", "/no/such/program", "error: install: nothing installed: exec /no/such/program: no such file or directory\n"},
			{"not executable", "/proc/self/status", "error: install: nothing installed: exec /proc/self/status: permission denied\n"},
			{"a directory", "/", "error: install: filter installed, program not started: execve: permission denied\n"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				run(t, child, "exec", "getppid", tt.path).want(t, tt.out, "exit 1")
			})
		}
	})
}

// Without arguments the program would not know its own name.
func TestExecWithoutName(t *testing.T) {
	filter := []unix.SockFilter{{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ALLOW}}
	err := install.Exec(filter, "/no/such/program", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "argv[0], the program's name, is missing") {
		t.Errorf("got %v", err)
	}
}

// Setup code that forks from Go: the child is under the filter, the parent and
// all threads of it are not.
func TestLaunch(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, tt := range []struct{ how, filter, does, out string }{
			{"setup", "getppid", "hello", "hello A=1,B=2\nchild: <nil>\n"},
			{"setup", "getppid", "getppid", "child: signal: bad system call\n"},
			{"setup", "execve", "hello", "child: signal: bad system call\n"},
			{"thread", "getppid", "hello", "hello A=1,B=2\nchild: <nil>\n"},
			{"thread", "getppid", "getppid", "child: signal: bad system call\n"},
			// The child dies before it is another program; it shares memory with
			// the parent until then, which lives on.
			{"thread", "execve", "hello", "child: signal: bad system call\n"},
		} {
			t.Run(tt.how+" "+tt.filter+" "+tt.does, func(t *testing.T) {
				run(t, child, "launch", tt.how, tt.filter, child, tt.does).want(t, tt.out+"others open\n", "exit 0")
			})
		}
	})
}

// A program has to be allowed what it calls from its first instruction on. The
// package comment says what that is; here nothing else is allowed.
func TestExecStartup(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, tt := range []struct{ denied, out, end string }{
			{"", "hello A=1,B=2\n", "exit 0"},
			{"execve", "", "killed"},
			{"rt_sigaction", "", "killed"},
			{"clone", "", "killed"},
		} {
			t.Run("go -"+tt.denied, func(t *testing.T) {
				run(t, child, "only", "go", tt.denied, child, "hello").want(t, tt.out, tt.end)
			})
		}
	})
	t.Run("c", func(t *testing.T) {
		const program = "/bin/true"
		child := native(t, program)
		for _, tt := range []struct{ denied, end string }{
			{"", "exit 0"},
			{"execve", "killed"},
			{"openat", "killed"},
			{"mmap", "killed"},
		} {
			t.Run("-"+tt.denied, func(t *testing.T) {
				run(t, child, "only", "c", tt.denied, program).want(t, "", tt.end)
			})
		}
	})
}

// native is the child, built for this machine, that may start program: a
// native one, linked with the GNU C library. Another kind skips the test.
func native(t *testing.T, program string) (child string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	machine := map[string]elf.Machine{"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]
	if f.Machine != machine {
		t.Skipf("%s is for %v: a filter for GOARCH=%s kills it", program, f.Machine, runtime.GOARCH)
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		interp := make([]byte, p.Filesz)
		if _, err := p.ReadAt(interp, 0); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(interp), "/ld-linux") {
			return kerneltest.Build(t, "./testdata/child", runtime.GOARCH)
		}
	}
	t.Skipf("%s is not linked with the GNU C library: what other loaders call is not listed", program)
	return ""
}

// Exec passes on the limit on open files as the Go runtime raised it.
func TestExecLimit(t *testing.T) {
	const sh = "/bin/sh"
	if _, err := os.Stat(sh); err != nil {
		t.Skip(err)
	}
	forEach(t, func(t *testing.T, child string) {
		script := fmt.Sprintf("ulimit -Sn 100 && exec %s exec getpgid %s -c 'ulimit -Sn; ulimit -Hn'", child, sh)
		out := run(t, sh, "-c", script).stdout
		var soft, hard int
		if _, err := fmt.Sscan(out, &soft, &hard); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if hard <= 100 {
			t.Skipf("no more than %d descriptors are allowed", hard)
		}
		if soft <= 100 || soft > hard {
			t.Errorf("%d of %d descriptors, want what the runtime had made of 100", soft, hard)
		}
	})
}
