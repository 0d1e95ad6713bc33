//go:build linux

package policy_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytest"
	"golang.org/x/sys/unix"
)

// TestGoldens compares the programs with the digests and listings checked in.
func TestGoldens(t *testing.T) { policytest.Goldens(t, "policy", policies(t)) }

// upstreamDigests is the table of the programs that upstream's generators and
// gcc made of the same rules: layout, policy, architecture.
const upstreamDigests = "upstream.digests"

// inBothLayouts is a policy that is tested in both layouts and not prebuilt.
const inBothLayouts = "test_sandbox"

// eras are the layouts that upstream has had.
var eras = []compile.Layout{compile.Classic, compile.Current}

// The programs equal upstream's, on every architecture where upstream has one:
// those the compiler makes, and those that Populate writes on this machine.
func TestUpstream(t *testing.T) {
	want := policytest.ReadTable(t, upstreamDigests)
	have := policytest.Table{}
	for i, p := range policies(t) {
		digests(have, p)
		target, native := native(t, p), policytest.Table{}
		native.Set(len(target.Program.Insns), populated(t, table[i], target), p.Layout.String(), p.Name, target.Target.Name)
		for name, digest := range native {
			if want, ok := want[name]; ok && digest != want {
				t.Errorf("%s: what Populate writes has digest %s, upstream's %s", name, digest, want)
			}
		}
	}
	for _, layout := range eras {
		file := filepath.Join("..", "testdata", inBothLayouts+gen.Ending)
		digests(have, policytest.ReadFile(t, file, layout, policytest.Archs...))
	}
	for name, digest := range want {
		switch got, ok := have[name]; {
		case !ok:
			t.Errorf("%s: %s has it, but there is no such program here", name, upstreamDigests)
		case got != digest:
			t.Errorf("%s: digest %s, upstream's %s", name, got, digest)
		}
	}
	if len(want) < 100 {
		t.Errorf("%s has %d programs only", upstreamDigests, len(want))
	}
	t.Logf("%d of %d programs held against upstream's", len(want), len(have))
}

// digests adds the programs of a policy to a table.
func digests(table policytest.Table, p *policytest.Policy) {
	for _, target := range p.Targets {
		digest := policytest.Digest(policytest.Lines(policytest.Open(target.Program)))
		table.Set(len(target.Program.Insns), digest, p.Layout.String(), p.Name, target.Target.Name)
	}
}

// populated is the digest of what Populate writes. Its parameters are values
// that occur nowhere else, and wherever they do the parameter's name is put.
func populated(t *testing.T, r row, target gen.Target) string {
	t.Helper()
	const mark = 0x5ea1f0
	var fd []int
	for i := range target.Params {
		fd = append(fd, mark+i)
	}
	out := make([]unix.SockFilter, r.length)
	r.call(out, fd)
	prog := make([]bpf.Insn, len(out))
	for pc, in := range out {
		prog[pc] = bpf.Insn(in)
	}
	return policytest.Digest(policytest.Lines(prog, func(pc int) string {
		if n := int(prog[pc].K) - mark; 0 <= n && n < len(fd) {
			return target.Params[n].Name
		}
		return ""
	}))
}

// TestUpstreamDigests makes the table anew from upstream's programs, where they
// lie beside the checkout.
func TestUpstreamDigests(t *testing.T) {
	ours := map[string]bool{}
	for _, p := range policies(t) {
		ours[p.Layout.String()+" "+p.Name] = true
	}
	table := policytest.Table{}
	for _, layout := range eras {
		ours[layout.String()+" "+inBothLayouts] = true
		for _, g := range upstreamPrograms(t, layout) {
			for name, program := range g.Arch {
				a, err := arch.ByName(name)
				if err != nil {
					t.Fatal(err)
				}
				ourName := ourName(g.Name, a)
				if program.Error != "" || !ours[layout.String()+" "+ourName] {
					continue
				}
				table.Set(len(program.Insns), policytest.Digest(program.lines(t)), layout.String(), ourName, gen.ArchName(a))
			}
		}
	}
	policytest.Golden(t, upstreamDigests, []byte(table.String()))
}

// An upstreamProgram is a policy as upstream made it: instructions [code, jt,
// jf, k], k a number or "$param".
type upstreamProgram struct {
	Name string
	Arch map[string]upstreamInsns
}

type upstreamInsns struct {
	Insns [][4]any
	Error string
}

// upstreamPrograms reads the programs of one era, or skips.
func upstreamPrograms(t *testing.T, era compile.Layout) []upstreamProgram {
	t.Helper()
	name := filepath.Join(policytest.Root(t), "..", "shared", "goldens", era.String()+".json")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("upstream's programs are not beside this checkout: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Policies []upstreamProgram }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Policies
}

// ourName is what upstream's policy of that name is called here. Upstream has
// a policy of its own for pidns on aarch64; here it is a guard in one.
func ourName(upstream string, a arch.Arch) string {
	name := strings.TrimSuffix(strings.TrimPrefix(upstream, "fd_"), "_tile")
	switch {
	case name == "pidns" && a == arch.AArch64:
		return ""
	case name == "pidns_arm64" && a == arch.AArch64:
		return "pidns"
	}
	return name
}

// lines is the program as digests take it.
func (p upstreamInsns) lines(t *testing.T) []byte {
	t.Helper()
	prog := make([]bpf.Insn, len(p.Insns))
	names := make([]string, len(p.Insns))
	for pc, in := range p.Insns {
		var field [3]float64
		for i := range field {
			field[i] = in[i].(float64)
		}
		prog[pc] = bpf.Insn{Code: uint16(field[0]), Jt: uint8(field[1]), Jf: uint8(field[2])}
		switch k := in[3].(type) {
		case float64:
			prog[pc].K = uint32(k)
		case string:
			names[pc] = strings.TrimPrefix(k, "$")
		default:
			t.Fatalf("instruction %d is %v", pc, in)
		}
	}
	return policytest.Lines(prog, func(pc int) string { return names[pc] })
}
