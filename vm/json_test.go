package vm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tileseal/tileseal/arch"
)

const tile = `{"name": "tile", "params": ["a_fd", "b_fd"], "arch": "aarch64", "layout": "plain", "instr_cnt": 4,
	"insns": [[32, 0, 0, 16], [21, 1, 0, "$b_fd"], [6, 0, 0, 2147483648], [6, 0, 0, 2147418112]]}`

func TestReadJSON(t *testing.T) {
	p, err := ReadJSON(strings.NewReader(tile), map[string]int{"a_fd": 3, "b_fd": 4})
	if err != nil {
		t.Fatal(err)
	}
	const want = "l0: ld [16]\nl1: jeq #0x4, l3, l2\nl2: ret #0x80000000\nl3: ret #0x7fff0000\n"
	if p.Arch() != arch.AArch64 || p.String() != want {
		t.Errorf("%v\n%v", p.Arch(), p)
	}
	p, err = ReadJSON(strings.NewReader(tile), map[string]int{"a_fd": 3, "b_fd": -1})
	if err != nil || !strings.Contains(p.String(), "jeq #0xffffffff") {
		t.Errorf("-1: %v\n%v", err, p)
	}
}

// TestReadJSONSeveral runs a program for several architectures on each.
func TestReadJSONSeveral(t *testing.T) {
	const several = `{"name": "tile", "params": [], "arch": ["x86_64", "i386"], "insns": [
		[32, 0, 0, 4], [21, 1, 0, 3221225534], [21, 1, 2, 1073741827], [6, 0, 0, 2147418112], [6, 0, 0, 2147221504], [6, 0, 0, 2147483648]]}`
	p, err := ReadJSON(strings.NewReader(several), nil)
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[arch.Arch]Action{arch.X86_64: Allow, arch.X86: Log, arch.AArch64: KillProcess} {
		c, err := CallOf(a, "read")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Run(c); got != want {
			t.Errorf("%v: %v, want %v", c, got, want)
		}
	}
	if c := p.Call("read"); c.Arch != arch.X86_64.Audit() {
		t.Errorf("the program's own calls are %v", c)
	}
}

func TestReadJSONHighWord(t *testing.T) {
	text := strings.Replace(tile, "[32, 0, 0, 16]", `[21, 0, 0, "$b_fd\u003e>32"]`, 1) // as encoding/json writes it
	for _, row := range []struct {
		value int
		want  string
	}{
		{7, "l0: jeq #0x0, l1, l1\nl1: jeq #0x7, l3, l2"},
		{-1, "l0: jeq #0xffffffff, l1, l1\nl1: jeq #0xffffffff, l3, l2"},
		{math.MaxInt, fmt.Sprintf("l0: jeq #%#x, l1, l1\nl1: jeq #%#x, l3, l2", uint32(math.MaxInt>>31>>1), uint32(math.MaxInt&math.MaxUint32))},
	} {
		p, err := ReadJSON(strings.NewReader(text), map[string]int{"a_fd": 3, "b_fd": row.value})
		if err != nil || !strings.HasPrefix(p.String(), row.want) {
			t.Errorf("%d: %v\n%v", row.value, err, p)
		}
	}
}

// FuzzReadJSON: whatever the text, there is a program or an error, and never both.
func FuzzReadJSON(f *testing.F) {
	f.Add(tile)
	f.Add(strings.Replace(tile, "[32, 0, 0, 16]", "[]", 1))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadJSON(strings.NewReader(text), map[string]int{"a_fd": 3, "b_fd": 4})
		if (p == nil) != (err != nil) {
			t.Errorf("%v, %v", p, err)
		}
	})
}

func TestReadJSONErrors(t *testing.T) {
	both := map[string]int{"a_fd": 3, "b_fd": 4}
	for _, row := range []struct {
		old, new string // what to change in tile
		params   map[string]int
		want     string
	}{
		{"", "", map[string]int{"a_fd": 3}, "vm: program tile: parameter b_fd has no value"},
		{"", "", map[string]int{"a_fd": 3, "b_fd": 4, "c_fd": 5}, `vm: program tile: no parameter c_fd; the program has ["a_fd" "b_fd"]`},
		{"", "", map[string]int{"a_fd": -2, "b_fd": 4}, "vm: program tile: parameter a_fd is -2; it may be -1 to 2147483647"},
		{"$b_fd", "$c_fd", both, `vm: program tile: instruction 1: operand "$c_fd" is none of the parameters ["a_fd" "b_fd"]`},
		{"$b_fd", "b_fd", both, `vm: program tile: instruction 1: operand "b_fd" is none of the parameters ["a_fd" "b_fd"]`},
		{"[32, 0, 0, 16]", "[32, 0, 16]", both, "vm: program tile: instruction 0 has 3 fields, want [code, jt, jf, k]"},
		{"[32, 0, 0, 16]", "[]", both, "vm: program tile: instruction 0 has 0 fields, want [code, jt, jf, k]"},
		{"[32, 0, 0, 16]", "[32, 0, 0, null]", both, "vm: program tile: instruction 0: null is not a number"},
		{"[32, 0, 0, 16]", "[null, 0, 0, 16]", both, "vm: program tile: instruction 0: null is not a number"},
		{"[32, 0, 0, 16]", "[32, 0, 0, 4294967296]", both, "vm: program tile: instruction 0: json: cannot unmarshal number 4294967296 into Go value of type uint32"},
		{"[32, 0, 0, 16]", "[32, 256, 0, 16]", both, "vm: program tile: instruction 0: json: cannot unmarshal number 256 into Go value of type uint8"},
		{"[32, 0, 0, 16]", "[32, 0, 0, 17]", both, "vm: instruction 0 loads offset 17, which is not a multiple of 4"},
		{`"instr_cnt": 4`, `"instr_cnt": 5`, both, "vm: program tile: instr_cnt is 5, but insns has 4 instructions"},
		{`"aarch64"`, `["aarch64", "aarch46"]`, both, `vm: program tile: arch: unknown architecture "aarch46"; use libseccomp's name of it, such as x86_64`},
		{`"aarch64"`, `["aarch64", "s390x"]`, both, "vm: program tile: arch: add s390x to aarch64: architectures differ in byte order"},
		{`"aarch64"`, `["arm", "arm"]`, both, "vm: program tile: arch: add arm to arm: already present"},
		{`"aarch64"`, `[]`, both, "vm: program tile: it names no architecture"},
		{`"arch": "aarch64", `, "", both, "vm: program tile: it names no architecture"},
		{`"aarch64"`, `7`, both, "vm: reading a program: json: cannot unmarshal number into Go struct field file.arch of type string"},
		{`"aarch64"`, `"aarch46"`, both, `vm: program tile: arch: unknown architecture "aarch46"; use libseccomp's name of it, such as x86_64`},
		{`"name": "tile", `, "", nil, "vm: program without a name: parameter a_fd has no value"},
		{"]]}", "]]} {", both, "vm: reading a program: invalid character '{' after top-level value"},
	} {
		text := strings.Replace(tile, row.old, row.new, 1)
		if _, err := ReadJSON(strings.NewReader(text), row.params); err == nil || err.Error() != row.want {
			t.Errorf("%s for %s:\ngot  %v\nwant %s", row.new, row.old, err, row.want)
		}
	}
	broken := errors.New("broken pipe")
	if _, err := ReadJSON(iotest.ErrReader(broken), nil); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// TestGoldens loads every real program of ../shared/goldens. Each of them kills
// the process for a foreign architecture.
func TestGoldens(t *testing.T) {
	n := 0
	for _, name := range []string{"classic.json", "current.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "shared", "goldens", name))
		if errors.Is(err, os.ErrNotExist) {
			t.Skipf("%v: the goldens are not beside this checkout", err)
		}
		var file struct {
			Policies []struct {
				Name   string
				Params []string
				Arch   map[string]struct{ Insns json.RawMessage }
			}
		}
		if err := errors.Join(err, json.Unmarshal(text, &file)); err != nil {
			t.Fatal(err)
		}
		for _, policy := range file.Policies {
			params := map[string]int{}
			for i, name := range policy.Params {
				params[name] = 10 + i
			}
			for _, a := range slices.Sorted(maps.Keys(policy.Arch)) {
				if len(policy.Arch[a].Insns) == 0 {
					continue // does not compile there
				}
				list, _ := json.Marshal(policy.Params)
				doc := fmt.Sprintf(`{"name": %q, "params": %s, "arch": %q, "insns": %s}`, policy.Name, list, a, policy.Arch[a].Insns)
				p, err := ReadJSON(strings.NewReader(doc), params)
				if err != nil {
					t.Error(err)
					continue
				}
				n++
				Test(t, p, []Case{{Call: Call{Arch: arch.PPC.Audit()}, Want: KillProcess}})
			}
		}
	}
	t.Logf("%d programs", n)
	if n < 100 {
		t.Errorf("%d programs, want more than 100", n)
	}
}
