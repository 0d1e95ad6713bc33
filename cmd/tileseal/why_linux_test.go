package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

var record = flag.Bool("record", false, "let the child die again and keep its reports in testdata/sigsys; -update for the answers")

// deaths are the reports of testdata/sigsys that a child's death leaves, and
// what why has to say of each, whatever the addresses.
var deaths = []struct {
	goarch, scenario string
	want             []string
}{
	{"amd64", "fsync", []string{"fsync(4) on x86_64\n\tby main.(*archive).flush, ", "arg 0 (fd) is 4, and must be logfile_fd (3)\n", " archive_fd)\n"}},
	{"amd64", "openat", []string{"openat(AT_FDCWD, 0x", ", O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0640) on x86_64\n", "by main.(*archive).rotate, ", "through os.OpenFile", "go/files"}},
	{"amd64", "mmap", []string{"mmap(0, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) on x86_64\n\tby main.load, ", "go/core:"}},
	{"amd64", "tgkill", []string{"tgkill(1, 1, SIGTERM) on x86_64\n\tby main.stop, "}},
	{"amd64", "runtime", []string{"madvise(0x", ", MADV_", "on x86_64\n", ", goroutine "}},
	{"amd64", "x32", []string{"x32 call 39 (number 0x40000027) on x86_64\n\tby main.x32, ", "killed for being an x32 call, whatever the rules"}},
	{"386", "fsync", []string{"fsync(4) on i386\n\tby main.(*archive).flush, ", " archive_fd)\n"}},
	{"386", "socket", []string{"socketcall(1, 0x", ") on i386\n\tby main.send, ", "it is socket, whose arguments lie in memory"}},
	{"386", "runtime", []string{"madvise(0x", ", MADV_", "on i386\n"}},
}

// die runs the child to its death and is what it wrote.
func die(t *testing.T, program string, args ...string) (stderr []byte, state *os.ProcessState) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env = []string{} // GOTRACEBACK and GODEBUG change what is printed
	cmd.Stderr = &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.Bytes(), cmd.ProcessState
}

// TestWhyDeath lets a sealed child die and pipes what it prints to why, which
// is given the policy that killed it.
func TestWhyDeath(t *testing.T) {
	t.Chdir(sigsysDir)
	for _, d := range deaths {
		t.Run(d.goarch+"/"+d.scenario, func(t *testing.T) {
			kerneltest.Runs(t, d.goarch)
			text, state := die(t, kerneltest.Build(t, "./child", d.goarch), d.scenario)
			if state.ExitCode() != 2 {
				t.Fatalf("%v: %s", state, text)
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				w.Write(text)
				w.Close()
			}()
			saved := os.Stdin
			os.Stdin = r
			defer func() { os.Stdin = saved; r.Close() }()
			code, out, errs := call("why", "-policy", "../../policy/gotile/archiver_writer.seccomppolicy", "-p", "logfile_fd=3", "-p", "archive_fd=4")
			if code != 0 {
				t.Errorf("exit %d, %s", code, errs)
			}
			for _, want := range d.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
		})
	}
}

// TestWhyAudit kills a child without a trace of its own and reads what the
// kernel's log says of it.
func TestWhyAudit(t *testing.T) {
	kerneltest.Runs(t, "amd64")
	log, err := openKernelLog()
	if err != nil {
		t.Skip("no kernel log to read: ", err)
	}
	defer log.Close()
	t.Chdir(sigsysDir)
	for scenario, want := range map[string]string{
		"fsync":   "fsync(...) on x86_64\n",
		"foreign": "getpid() on i386\n",
	} {
		line := auditOf(t, log, kerneltest.Build(t, "./child", "amd64"), scenario)
		stdin(t, line)
		code, out, errs := call("why")
		if code != 0 || !strings.HasPrefix(out, want) || !strings.Contains(out, "code kill_process") {
			t.Errorf("%s: exit %d, %s%s", scenario, code, out, errs)
		}
	}
}

// openKernelLog is the kernel's log from now on.
func openKernelLog() (*os.File, error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("open", err)
	}
	if _, err := unix.Seek(fd, 0, unix.SEEK_END); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("lseek", err)
	}
	return os.NewFile(uintptr(fd), "kernel log"), nil
}

// auditOf kills the child in a scenario and is the kernel's line about it. The
// kernel drops lines if there are too many, so it may take several children.
func auditOf(t *testing.T, log *os.File, program, scenario string) string {
	t.Helper()
	for range 5 {
		_, state := die(t, program, scenario, "kill")
		if status := state.Sys().(syscall.WaitStatus); status.Signal() != unix.SIGSYS {
			t.Fatalf("%s: %v", scenario, state)
		}
		if line, ok := awaitLine(log, fmt.Sprintf(" pid=%d ", state.Pid())); ok {
			return line
		}
	}
	t.Skip("the kernel did not log the death; is audit on?")
	return ""
}

// awaitLine reads the log for a second, until a line with a word comes.
func awaitLine(log *os.File, word string) (string, bool) {
	log.SetReadDeadline(time.Now().Add(time.Second))
	record := make([]byte, 8192) // one record a read
	for {
		n, err := log.Read(record)
		if err != nil {
			return "", false
		}
		_, text, _ := strings.Cut(string(record[:n]), ";")
		if line, _, _ := strings.Cut(text, "\n"); strings.Contains(line, "type=1326") && strings.Contains(line, word) {
			return line, true
		}
	}
}

// TestRecord makes the reports anew, with -record.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("asked for with -record")
	}
	dir := t.TempDir()
	programs := map[string]string{}
	for _, goarch := range []string{"amd64", "386"} {
		programs[goarch] = filepath.Join(dir, goarch, "archiver")
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", programs[goarch], "./child")
		cmd.Dir = sigsysDir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+goarch)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for _, d := range deaths {
		text, _ := die(t, programs[d.goarch], d.scenario)
		write(t, filepath.Join(sigsysDir, d.scenario+"_"+d.goarch+".txt"), string(text))
	}
	log, err := openKernelLog()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var lines bytes.Buffer
	exe := regexp.MustCompile(`exe="[^"]*"`)
	for _, d := range [][2]string{{"amd64", "fsync"}, {"386", "fsync"}, {"amd64", "foreign"}, {"amd64", "x32"}} {
		line := auditOf(t, log, programs[d[0]], d[1])
		fmt.Fprintln(&lines, exe.ReplaceAllString(line, `exe="/usr/bin/archiver"`))
	}
	write(t, filepath.Join(sigsysDir, "audit.txt"), lines.String())
}

// TestRecorded: the reports are of no machine in particular.
func TestRecorded(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(sigsysDir, "*.txt"))
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(f)
		for s.Scan() {
			for _, word := range strings.FieldsFunc(s.Text(), func(r rune) bool { return strings.ContainsRune(" \t\"=", r) }) {
				if strings.HasPrefix(word, "/") && !strings.HasPrefix(word, "/usr/bin/") {
					t.Errorf("%s has the path %s", file, word)
				}
			}
		}
		f.Close()
	}
}
