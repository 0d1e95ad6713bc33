package profile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

const straceTable = `hello from the program
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.54    0.000064           1        35         3 read
 38.46    0.000040           8         5           write
  0.00    0.000000           0         1           syscall_0x1ff
------ ----------- ----------- --------- --------- ----------------
100.00    0.000104           2        41         3 total
goodbye
`

const perfTable = ` Summary of events:

 app (4711), 86 events, 95.6%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   read                  35      3     0.070     0.001     0.002     0.010      9.10%
   write                  4      0     0.020     0.001     0.005     0.010     12.00%

 app (4712), 4 events, 4.4%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   write                  1      0     0.005     0.005     0.005     0.005      0.00%

`

func TestParse(t *testing.T) {
	plain := []Call{{Name: "read", Count: 35}, {Name: "write", Count: 5}}
	six := []uint64{5, 1 << 40, 64, 0, 0, 0}
	for _, tc := range []struct {
		name, text string
		want       Profile
	}{
		{"strace", straceTable, Profile{Calls: plain}},
		{"strace twice", straceTable + straceTable, Profile{Calls: []Call{{Name: "read", Count: 70}, {Name: "write", Count: 10}}}},
		{"perf", perfTable, Profile{Calls: plain}},
		{"perf without errors", "syscall calls total min avg max stddev\n---- ----\nread 35 0.1 0.1 0.1 0.1 9%\nwrite 5 0.1 0.1 0.1 0.1 9%\n", Profile{Calls: plain}},
		{"list", `[{"nr": 1, "args": [5, 1099511627776, 64, 0, 0, 0], "n": 70}, {"name": "fsync", "n": 5}]`,
			Profile{Calls: []Call{{"write", six, 70}, {"fsync", nil, 5}}}},
		{"object", `{"arch": "aarch64", "params": {"log": 5}, "calls": [{"nr": 64, "n": 70}]}`,
			Profile{Calls: []Call{{"write", nil, 70}}, Params: map[string]int64{"log": 5}}},
		{"empty list", "\n []\n", Profile{}},
	} {
		got, err := Parse("p", []byte(tc.text))
		if err != nil || !reflect.DeepEqual(*got, tc.want) {
			t.Errorf("%s: %+v, %v; want %+v", tc.name, got, err, tc.want)
		}
	}
}

func TestErrors(t *testing.T) {
	head, _, _ := strings.Cut(straceTable, " 61.54")
	for _, tc := range []struct{ text, want string }{
		{"", "p:1: no profile: neither JSON nor a table of strace -c or perf trace -s"},
		{"read 5\n", "p:1: no profile: neither JSON nor a table of strace -c or perf trace -s"},
		{head + "1.0 0.1 0 4 wirte\n", `p:4: no architecture has a system call "wirte"`},
		{head + "1.0 0.1 0 many read\n", `p:4: "many" where the number of calls belongs; use the columns the tool prints by itself`},
		{head + "1.0 4 read\n", "p:4: a row of 3 columns; the table of calls was cut short or has columns of your own choice"},
		{"[\n{\"name\": \"wirte\"}]", `p:2: no architecture has a system call "wirte"`},
		{"[\n{\"nr\": 9999}]", "p:2: no system call has number 9999 on x86_64"},
		{"[\n{\"nr\": 1, \"name\": \"write\"}]", `p:2: a call has either "name" or "nr"`},
		{"[\n\n{\"nr\": 1, \"n\": -1}]", "p:3: write was made -1 times; a count is not negative"},
		{"[{\"nr\": 1,\n\"args\": [1]}]", "p:2: write with 1 arguments; list all six, or none"},
		{"[{\"nr\": 1, \"m\": 1}]", `p:1: json: unknown field "m"`},
		{"{\"call\": []}", `p:1: unknown member "call"; there are "arch", "params" and "calls"`},
		{"{\"calls\": 5}", `p:1: "calls" is a list`},
		{"{\"calls\": [],\n\"arch\": \"vax\"}", `p:2: `},
		{"{\"calls\": [{\"nr\": 1}],\n\"arch\": \"x86\"}", `p:2: "arch" comes before "calls"`},
		{"[\n{\"nr\": 1},\n", "p:3: the text ends in the middle"},
		{"[\n{\"nr\": ]\n", "p:2: "},
		{"[]\n[]", "p:2: text after the end of the profile"},
	} {
		_, err := Parse("p", []byte(tc.text))
		var typed *Error
		if !errors.As(err, &typed) || !strings.HasPrefix(err.Error(), tc.want) || !strings.HasSuffix(tc.want, ": ") && err.Error() != tc.want {
			t.Errorf("%q: %v, want %s", tc.text, err, tc.want)
		}
	}
}

func TestWeights(t *testing.T) {
	p := &rule.Policy{
		Target: rule.Target{Audit: arch.AArch64.Audit()},
		Params: []rule.Param{{Name: "log", Bits: 32, Min: -1, Max: 1<<31 - 1}},
	}
	prof := &Profile{Calls: []Call{{"write", nil, 7}, {"open", nil, 3}}, Params: map[string]int64{"log": -1}}
	got, err := prof.Weights(p, compile.All)
	want := compile.Weights{Objective: compile.All, Calls: []compile.Seen{{Nr: 64, Count: 7}}, Params: []uint64{1<<64 - 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	prof.Params["log"] = -2
	if _, err := prof.Weights(p, compile.All); err == nil || err.Error() != "profile: parameter log is -2; it may be -1 to 2147483647" {
		t.Errorf("error %v", err)
	}
	delete(prof.Params, "log")
	if got, err := prof.Weights(p, compile.Unc); err != nil || got.Params != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestStrace reads what the strace of this machine prints.
func TestStrace(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skipf("no strace here: %v", err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if msg, err := exec.Command(strace, "-f", "-c", "-o", out, "cat", "/dev/null").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v\n%s", err, msg)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse("out", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, c := range p.Calls {
		if c.Name == "execve" && c.Count == 1 {
			return
		}
	}
	t.Errorf("no single execve in %+v", p.Calls)
}
