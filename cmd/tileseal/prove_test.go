package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

const tile = `uint log_fd, uint dir_fd
write: (or (eq (arg 0) 2) (eq (arg 0) log_fd))
close: (not (or (eq (arg 0) 2) (eq (arg 0) log_fd) (eq (arg 0) dir_fd)))
getpid
`

func TestProve(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", tile)
	for _, layout := range []string{"plain", "optimized", "classic", "current"} {
		_, program, _ := call("compile", "-arch", "x86_64", "-layout", layout, "tile.seccomppolicy")
		write(t, "program.json", program)
		args := []string{"prove", "-arch", "x86_64"}
		if layout == "classic" || layout == "current" {
			args = append(args, "-layout", layout) // their widths are the policy's meaning
		}
		code, out, errs := call(append(args, "-program", "program.json", "tile.seccomppolicy")...)
		if code != 0 || !strings.Contains(out, "tile for x86_64: proven equal for every call and all parameter values") {
			t.Errorf("layout %s: exit %d, %s%s", layout, code, out, errs)
		}

		t.Log("a parameter in the wrong place is refuted by a call")
		write(t, "program.json", strings.Replace(program, `"$log_fd"`, `"$dir_fd"`, 1))
		code, out, errs = call(append(args, "-format", "json", "-program", "program.json", "tile.seccomppolicy")...)
		var v verdict
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		if code != 1 || v.Result != "different" || len(v.Examples) != 1 || v.Examples[0].Got == v.Examples[0].Want {
			t.Errorf("layout %s: exit %d, %+v", layout, code, v)
		}
	}
}

func TestProveFacts(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", tile)
	code, out, _ := call("prove", "-arch", "x86_64", "-format", "json", "tile.seccomppolicy")
	var v verdict
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	if code != 0 || v.Result != "equal" || v.Paths == 0 || !slices.Equal(v.Cached, []string{"getpid"}) || *v.Steps == 0 || v.Dead != nil {
		t.Errorf("exit %d, %s", code, out)
	}

	t.Log("in layout current the allow of the table is dead here; so is a rule within another")
	write(t, "dead.seccomppolicy", "uint fd\nread: (eq (arg 0) fd)\ninclude \"more.seccomppolicy\"\n")
	write(t, "more.seccomppolicy", "uint fd\nread: (and (eq (arg 0) fd) (eq (arg 2) 8))\n")
	_, out, errs := call("prove", "-arch", "x86_64", "-layout", "current", "dead.seccomppolicy")
	if !strings.Contains(out, "dead: instruction 5 never runs") || !strings.Contains(out, "dead: rule at more.seccomppolicy:2: read decides nothing") {
		t.Errorf("%s%s", out, errs)
	}
}

func TestProveUndecided(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", "noarg\ngetpid\n")
	write(t, "tax.json", `{"name": "x", "params": [], "arch": "x86_64", "insns": [[7, 0, 0, 0], [6, 0, 0, 0]]}`)
	write(t, "bad.json", `{"name": "x", "params": [], "arch": "x86_64", "insns": [[21, 9, 0, 0], [6, 0, 0, 0]]}`)
	write(t, "param.json", `{"name": "x", "params": ["fd"], "arch": "x86_64", "insns": [[6, 0, 0, 0]]}`)
	for _, tc := range []struct {
		file string
		code int
		want string
	}{
		{"tax.json", 2, "cannot decide: instruction 0, tax, is none of those a compiled policy is made of"},
		{"bad.json", 1, "bad.json: instruction 0 jumps to 10, past the last instruction 1"},
		{"param.json", 1, "param.json: the policy has no parameter fd"},
		{"missing.json", 1, "missing.json: no such file"},
	} {
		code, out, errs := call("prove", "-arch", "x86_64", "-program", tc.file, "tile.seccomppolicy")
		if code != tc.code || !strings.Contains(out+errs, tc.want) {
			t.Errorf("%s: exit %d, %s%s", tc.file, code, out, errs)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "old.seccomppolicy", tile)
	write(t, "fence.seccomppolicy", "uint log_fd, uint dir_fd\nwrite: (in (arg 0) 2 log_fd dir_fd)\nclose: (ne (arg 0) log_fd)\ngetpid\n")
	for _, tc := range []struct {
		name, text string
		code       int
		want       []string
	}{
		{"the same", tile, 0, []string{"proven equal"}},
		{"said otherwise", "uint dir_fd, uint log_fd\ngetpid\nclose: (and (ne (arg 0) 2) (not (in (arg 0) dir_fd log_fd)))\nwrite: (in (arg 0) log_fd 2)\n", 0, []string{"proven equal"}},
		{"wider", strings.Replace(tile, "(eq (arg 0) 2) (eq", "(eq (arg 0) 2) (eq (arg 0) 1) (eq", 1), 1, []string{"Allowed more than before:\nwrite(1) on x86_64\n", "kill_process before, allow after", "\tbefore: if ", "\tafter:  if argument 0 is 2, 1 or log_fd\n"}},
		{"narrower", strings.Replace(tile, "getpid\n", "", 1), 1, []string{"Allowed less than before:\ngetpid() on x86_64\n", "allow before, kill_process after", "\tafter:  no rule, so kill_process\n"}},
		{"as two policies within each other", "uint dir_fd, uint log_fd\nwithin \"fence.seccomppolicy\"\nwrite: (in (arg 0) log_fd 2)\nclose: (not (in (arg 0) 2 dir_fd log_fd))\ngetpid\n", 0, []string{"proven equal"}},
		{"another default", tile + "default -> log\n", 1, []string{"write() on x86_64\n", "close(2) on x86_64\n", "calls without a rule, as call 0xffffffff() on x86_64\n", "kill_process before, log after"}},
	} {
		write(t, "new.seccomppolicy", tc.text)
		code, out, errs := call("diff", "-arch", "x86_64", "old.seccomppolicy", "new.seccomppolicy")
		if code != tc.code {
			t.Errorf("%s: exit %d, %s%s", tc.name, code, out, errs)
		}
		for _, want := range tc.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s%s", tc.name, want, out, errs)
			}
		}
	}
	if code, _, errs := call("diff", "old.seccomppolicy"); code != 2 || !strings.Contains(errs, "takes two policy files, found 1") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// TestDiffWider shows that only what became laxer counts, whatever became
// stricter beside it.
func TestDiffWider(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "old.seccomppolicy", tile)
	for _, tc := range []struct {
		name, text string
		code       int
		want       string
	}{
		{"the same", tile, 0, "proven no wider"},
		{"narrower", strings.Replace(tile, "getpid\n", "", 1), 0, "proven no wider"},
		{"wider", tile + "gettid\n", 1, "gettid() on x86_64\n"},
		{"both, in one call", strings.Replace(tile, "(eq (arg 0) 2) (eq (arg 0) log_fd)", "(eq (arg 0) 1) (eq (arg 0) log_fd)", 1), 1, "write(1) on x86_64\n"},
		{"an error in place of a kill", tile + "clone3 -> errno(ENOSYS)\n", 1, "kill_process before, errno(38) after"},
		{"a kill in place of a call", strings.Replace(tile, "getpid\n", "getpid -> errno(1)\n", 1), 0, "proven no wider"},
		{"another default", tile + "default -> log\n", 1, "kill_process before, log after"},
	} {
		write(t, "new.seccomppolicy", tc.text)
		code, out, errs := call("diff", "-wider", "-arch", "x86_64", "old.seccomppolicy", "new.seccomppolicy")
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d, %s%s", tc.name, code, out, errs)
		}
	}
}

// TestDiffLevels compares a policy with itself as it was when the levels of the
// Go runtime were others.
func TestDiffLevels(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", "noarg\ninclude go/netpoll go/crash\n")
	write(t, "netpoll.seccomppolicy", "uint go_epoll_fd\nepoll_ctl: (and (eq (arg 0) go_epoll_fd) (eq (arg 1) EPOLL_CTL_ADD))\n")
	write(t, "crash.seccomppolicy", "noarg\nwrite: (in (arg 0) 1 2)\nexit_group\n")
	code, out, errs := call("diff", "-wider", "-old-levels", ".", "-arch", "x86_64", "tile.seccomppolicy", "tile.seccomppolicy")
	if code != 1 || !strings.Contains(out, "epoll_ctl(0, 2) on x86_64\n") || strings.Contains(out, "write") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

// TestDiffUndecided has a call that cannot be decided stay beside a difference.
func TestDiffUndecided(t *testing.T) {
	p := &rule.Policy{Calls: []rule.Call{{Nr: 1}, {Nr: 2}, {Nr: 3}}}
	for _, first := range []error{&prove.Undecided{Reason: "too long"}, &prove.Counterexample{}} {
		results := []error{first, &prove.Undecided{Reason: "too long"}, &prove.Counterexample{}, nil}
		v := verdict{Result: "equal"}
		v.compare(p, p, func(a, b *rule.Policy) (prove.Stats, error) {
			err := results[0]
			results = results[1:]
			return prove.Stats{}, err
		})
		if v.Result != "different" || v.Reason != "too long" {
			t.Errorf("%v first: %+v", first, v)
		}
	}
}
