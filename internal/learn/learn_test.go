package learn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// trace is one of calls as strace prints them, a line each.
func trace(t *testing.T, calls string) *Trace {
	t.Helper()
	tr := NewTrace(arch.X86_64)
	if _, skipped, err := Strace(strings.NewReader(calls), arch.X86_64, tr.Add); err != nil || skipped > 0 {
		t.Fatalf("%d skipped, %v", skipped, err)
	}
	return tr
}

func compiles(t *testing.T, policy string) *rule.Policy {
	t.Helper()
	_, targets, errs := gen.Read("learned", policy, gen.Tileseal, []arch.Arch{arch.X86_64}, compile.Plain)
	if errs.Err() != nil {
		t.Fatalf("%v\n%s", errs, policy)
	}
	return targets[0].Policy
}

// body is a policy without its comments.
func body(policy string) string {
	var lines []string
	for _, l := range strings.Split(policy, "\n") {
		if l != "" && !strings.HasPrefix(l, "#") {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

func TestPolicy(t *testing.T) {
	for _, tt := range []struct{ name, calls, want string }{
		{"nothing", "", "noarg"},
		{"no arguments", "getppid() = 1\ngetppid() = 1", "noarg\ngetppid"},
		{"pointers and sizes", `write(1, "a", 1) = 1` + "\n" + `write(1, "abc", 3) = 3`, "noarg\nwrite: (eq (arg 0) 1)"},
		{"descriptors", `write(1, "a", 1) = 1` + "\n" + `write(5, "a", 1) = 1` + "\n" + `write(2, "a", 1) = 1`, "uint fd5\nwrite: (in (arg 0) 1 2 fd5)"},
		{"flags", "madvise(0x1000, 4096, MADV_DONTNEED) = 0\nmadvise(0x2000, 4096, MADV_FREE) = 0", "noarg\nmadvise: (in (arg 2) MADV_FREE MADV_DONTNEED)"},
		// Nothing that was not seen: no O_WRONLY on any mode, no executable anonymous memory.
		{"combinations", "mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 3, 0) = 0\nmmap(NULL, 1, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3, 0) = 0\nmmap(NULL, 1, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0",
			`uint fd3
mmap:
  (or
    (and (in (arg 2) PROT_READ "PROT_READ|PROT_EXEC") (eq (arg 3) MAP_PRIVATE) (eq (arg 4) fd3))
    (and
      (eq (arg 2) "PROT_READ|PROT_WRITE")
      (eq (arg 3) "MAP_PRIVATE|MAP_ANONYMOUS")
      (eq (arg 4) -1)))`},
		{"own id", "7 kill(7, SIGTERM) = 0\n7 kill(0, 0) = 0", "uint pid\nkill: (or (and (eq (arg 0) 0) (eq (arg 1) 0)) (and (eq (arg 0) pid) (eq (arg 1) SIGTERM)))"},
		{"others' ids", "7 kill(8, SIGTERM) = 0\n7 tgkill(7, 9, SIGTERM) = 0", "uint pid\nkill: (eq (arg 1) SIGTERM)\ntgkill: (and (eq (arg 0) pid) (eq (arg 2) SIGTERM))"},
		{"mode", `mkdir("a", 0750) = 0`, "noarg\nmkdir: (eq (arg 1) \"0750\")"},
		{"amounts", "poll([{fd=3, events=POLLIN}], 1, 1500) = 0\nlisten(3, 128) = 0\nexit_group(3) = ?", "uint fd3\nexit_group\nlisten: (eq (arg 0) fd3)\npoll"},
		{"not told", "ioctl(1, SOMETHING_NEW, 0) = 0", "noarg\nioctl: (eq (arg 0) 1)"},
		{"octal zero and negative", "fchmod(1, 0) = 0\nfchown(1, -1, 1000) = 0", "noarg\nfchmod: (and (eq (arg 0) 1) (eq (arg 1) 0))\nfchown: (and (eq (arg 0) 1) (eq (arg 1) -1) (eq (arg 2) 1000))"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := trace(t, tt.calls).Policy("test")
			if got := body(p); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			compiles(t, p)
		})
	}
}

// Many descriptors are any; many values are not compared, and it says so.
func TestMany(t *testing.T) {
	var calls string
	for fd := 3; fd < 30; fd++ {
		calls += fmt.Sprintf("read(%d, \"\", 1) = 0\nfcntl(%d, F_GETFL) = 0\n", fd, fd)
	}
	for i := range 40 {
		calls += fmt.Sprintf("prctl(PR_SET_TIMERSLACK, 0x%x) = 0\nioctl(1, %d, 0) = 0\n", 1<<20+i, 1000+i)
	}
	tr := trace(t, calls)
	tr.Names[5] = "log_fd"
	p := tr.Policy("many")
	compiles(t, p)
	want := "uint log_fd\nfcntl: (and (or (eq (arg 0) log_fd) (> (arg 0) 2)) (eq (arg 1) F_GETFL))\nioctl: (eq (arg 0) 1)\nprctl: (eq (arg 0) PR_SET_TIMERSLACK)\nread: (or (eq (arg 0) log_fd) (> (arg 0) 2))"
	if got := body(p); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(p, "# Arg 1 is not compared: it had 40 values.\nioctl") {
		t.Error(p)
	}
}

// Any descriptor of a directory is not any directory: AT_FDCWD is one more.
func TestManyDirectories(t *testing.T) {
	var calls string
	for fd := 3; fd < 30; fd++ {
		calls += fmt.Sprintf("unlinkat(%d, \"a\", 0) = 0\n", fd)
	}
	p := trace(t, calls).Policy("many")
	compiles(t, p)
	if got, want := body(p), "noarg\nunlinkat: (and (> (arg 0) 2) (<= (arg 0) 0x7fffffff) (eq (arg 2) 0))"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p = trace(t, calls+"unlinkat(AT_FDCWD, \"a\", 0) = 0\n").Policy("many")
	compiles(t, p)
	if got, want := body(p), "noarg\nunlinkat:\n  (and (or (eq (arg 0) AT_FDCWD) (and (> (arg 0) 2) (<= (arg 0) 0x7fffffff))) (eq (arg 2) 0))"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Boxes hold the tuples they were made of and no others.
func TestBoxes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		seen := map[string]bool{}
		var tuples [][]string
		for range 1 + rnd.IntN(20) {
			u := []string{fmt.Sprint(rnd.IntN(3)), fmt.Sprint(rnd.IntN(4)), fmt.Sprint(rnd.IntN(3))}
			if key := strings.Join(u, " "); !seen[key] {
				seen[key] = true
				tuples = append(tuples, u)
			}
		}
		list := boxes(tuples)
		for a := range 3 {
			for b := range 4 {
				for c := range 3 {
					u := []string{fmt.Sprint(a), fmt.Sprint(b), fmt.Sprint(c)}
					in := slices.ContainsFunc(list, func(x box) bool {
						return slices.Contains(x[0], u[0]) && slices.Contains(x[1], u[1]) && slices.Contains(x[2], u[2])
					})
					if in != seen[strings.Join(u, " ")] {
						t.Fatalf("%v in %v: %v", u, list, in)
					}
				}
			}
		}
	}
}

const old = `# mine: a policy with comments.
uint log_fd # where it writes

# To the log.
write: (eq (arg 0) log_fd)

futex on x86_64 i386:
  # Where it wakes.
  (eq (arg 1)
      FUTEX_WAKE_PRIVATE) # "others"
close
kill -> errno(EPERM)
`

func TestMerge(t *testing.T) {
	calls := `write(2, "x", 1) = 1
write(7, "x", 1) = 1
futex(0x1, FUTEX_WAIT_PRIVATE, 1, NULL) = 0
futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 0
close(9) = 0
read(4, "", 1) = 0
getppid() = 1
`
	merged, changes, _, err := Merge("mine", old, gen.Tileseal, trace(t, calls), map[string]int64{"log_fd": 7})
	if err != nil {
		t.Fatal(err)
	}
	want := `# mine: a policy with comments.
uint log_fd, uint fd4 # where it writes

# To the log.
write: (in (arg 0) log_fd 2)

# Where it wakes.
# "others"
futex on x86_64 i386: (in (arg 1) FUTEX_WAKE_PRIVATE FUTEX_WAIT_PRIVATE)
close
kill -> errno(EPERM)

# Seen once.
getppid

# Seen once.
read: (eq (arg 0) fd4)
`
	if merged != want {
		t.Errorf("got\n%s\nwant\n%s", merged, want)
	}
	if len(changes) != 4 || changes[0].Line != 7 || changes[0].Count != 1 || changes[1].Call != "getppid" || changes[1].Verdict != "kill_process" {
		t.Errorf("%+v", changes)
	}
	again, changes, _, err := Merge("mine", merged, gen.Tileseal, trace(t, calls), map[string]int64{"log_fd": 7})
	if err != nil || again != merged || len(changes) > 0 {
		t.Errorf("once more: %+v, %v\n%s", changes, err, again)
	}
}

// What of an entry that was there is compared no more, a comment says. A call of which
// too little was told to hold it against the policy is named.
func TestMergeTells(t *testing.T) {
	calls := "write(UNKNOWN, \"x\", 1) = 1\n"
	for i := range 40 {
		calls += fmt.Sprintf("ioctl(1, %d, 0) = 0\n", 1000+i)
	}
	merged, _, unsure, err := Merge("mine", "noarg\n# Two.\nioctl: (in (arg 1) 1000 1001)\nwrite: (eq (arg 0) 1)\n", gen.Tileseal, trace(t, calls), nil)
	const want = "noarg\n# Two.\n# Arg 1 is not compared: it had 38 values.\nioctl: (or (eq (arg 1) 1000) (eq (arg 1) 1001) (eq (arg 0) 1))\nwrite: (eq (arg 0) 1)\n"
	if err != nil || merged != want || !slices.Equal(unsure, []string{"write"}) {
		t.Errorf("%v, unsure %v\ngot\n%s\nwant\n%s", err, unsure, merged, want)
	}
}

// What cannot be merged is an error that says why, and no text.
func TestMergeErrors(t *testing.T) {
	for _, tt := range []struct{ policy, calls, want string }{
		{"noarg\ngroup g = fsync close\n@g: (eq (arg 0) 1)\n", "close(2) = 0", "mine cannot be changed by adding entries: close already has a rule at line 3, in @g; name it once"},
		{"noarg\nkill -> errno(EPERM): (eq (arg 0) 0)\n", "kill(0, 0) = 0", "mine cannot be changed by adding entries: kill already has a rule at line 2; join the two with (or ...)"},
		{"noarg\nwirte\n", "getppid() = 1", `mine:2:1: unknown system call "wirte" on x86_64; did you mean "write"?`},
	} {
		merged, _, _, err := Merge("mine", tt.policy, gen.Tileseal, trace(t, tt.calls), nil)
		if err == nil || merged != "" || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// Calls nobody can put into a policy are counted, in comments.
func TestForeign(t *testing.T) {
	tr := NewTrace(arch.X86_64)
	tr.Add(Call{Arch: arch.X86, Nr: 1})
	tr.Add(Call{Arch: arch.X86_64, Nr: 4000})
	p := tr.Policy("foreign")
	compiles(t, p)
	for _, want := range []string{"# 1 calls of another architecture are left out", "# Call number 4000, seen 1 times, is left out"} {
		if !strings.Contains(p, want) {
			t.Errorf("%q is not in\n%s", want, p)
		}
	}
}
