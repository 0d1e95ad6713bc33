package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/profile"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
	"github.com/tileseal/tileseal/vm"
)

var update = flag.Bool("update", false, "write the graphs in testdata anew")

func programs(t *testing.T, file string, a arch.Arch, l compile.Layout) *view.Program {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	_, targets, errs := gen.Read(filepath.Base(file), string(text), gen.Tileseal, []arch.Arch{a}, l)
	if errs.Err() != nil {
		t.Fatal(errs)
	}
	return view.Of(targets[0])[0]
}

func graphOf(t *testing.T, p *view.Program, seen *profile.Profile) *Graph {
	t.Helper()
	w, err := p.Weigh(seen, false)
	if err != nil {
		t.Fatal(err)
	}
	return Of(p, w)
}

func TestDOT(t *testing.T) {
	seen := &profile.Profile{Calls: []profile.Call{{Name: "write", Count: 9}, {Name: "getpid", Count: 1}}}
	for _, tc := range []struct {
		golden string
		layout compile.Layout
		seen   *profile.Profile
	}{
		{"plain.dot", compile.Plain, nil},
		{"optimized.dot", compile.Optimized, nil},
		{"profile.dot", compile.Plain, seen},
	} {
		p := programs(t, "testdata/small.seccomppolicy", arch.X86_64, tc.layout)
		got := graphOf(t, p, tc.seen).DOT()
		golden := filepath.Join("testdata", tc.golden)
		if *update {
			if err := os.WriteFile(golden, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what it was (go test -update writes it anew):\n%s", golden, got)
		}
	}
}

// TestSameAsProgram takes random calls through graphs: they end at the verdict
// that the program gives, having come by the questions the program asked.
func TestSameAsProgram(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, name := range []string{"everything", "sorted"} {
		for _, a := range []arch.Arch{arch.X86_64, arch.S390X} {
			for _, l := range []compile.Layout{compile.Plain, compile.Optimized} {
				p := programs(t, "../emit/everything/"+name+gen.Ending, a, l)
				g := graphOf(t, p, nil)
				for range 500 {
					call := vm.Call{Nr: p.Policy.Calls[r.IntN(len(p.Policy.Calls))].Nr, Arch: a.Audit()}
					for i := range call.Args {
						call.Args[i] = uint64(r.IntN(12)) << (32 * r.IntN(2))
					}
					params := map[int]uint64{}
					for i := range p.Params {
						params[i] = uint64(r.IntN(6))
					}
					trace, err := p.Trace(call, params)
					if err != nil {
						t.Fatal(err)
					}
					if got := follow(t, g, p, trace); got != trace.Verdict.String() {
						t.Fatalf("%s on %v: the graph says %s, the program %v", call, a, got, trace.Verdict)
					}
				}
			}
		}
	}
}

// follow answers the questions of a graph by what a program did.
func follow(t *testing.T, g *Graph, p *view.Program, trace *view.Trace) string {
	taken := map[int]bool{} // whether the jump at an instruction was
	asked := map[int]bool{}
	for i, s := range trace.Steps[:len(trace.Steps)-1] {
		yes, no := p.Next(s.PC)
		asked[s.PC], taken[s.PC] = true, trace.Steps[i+1].PC == yes && yes != no
	}
	n := g.Nodes[0]
	for n.Kind != Verdict {
		if !asked[n.PCs[0]] {
			t.Fatalf("the graph asks l%d, the program does not", n.PCs[0])
		}
		answer := 1
		if slices.ContainsFunc(n.PCs, func(pc int) bool { return taken[pc] }) {
			answer = 0
		}
		n = n.Ways[answer].To
	}
	return n.Text
}

// TestWeights: what comes to a node goes on from it, all of it ends, and one way
// is hot from the beginning to a verdict.
func TestWeights(t *testing.T) {
	p := programs(t, "../emit/everything/everything"+gen.Ending, arch.X86_64, compile.Optimized)
	g := graphOf(t, p, nil)
	ends, hot := 0.0, 0
	for _, n := range g.Nodes {
		sum := 0.0
		for _, way := range n.Ways {
			if sum += way.Weight; way.Hot && !(n.Hot && way.To.Hot) {
				t.Errorf("a hot way leads from l%d to l%d", n.PCs[0], way.To.PCs[0])
			}
		}
		if n.Kind != Verdict && math.Abs(sum-n.Weight) > 1e-9 {
			t.Errorf("l%d weighs %g, and what goes on %g", n.PCs[0], n.Weight, sum)
		}
		if n.Kind == Verdict {
			if ends += n.Weight; n.Hot {
				hot++
			}
		}
	}
	if math.Abs(ends-1) > 1e-9 || hot != 1 {
		t.Errorf("%g of the calls end, %d of the verdicts are hot", ends, hot)
	}
}

// TestForeign is a program with opcodes no compiled one has.
func TestForeign(t *testing.T) {
	insns := []bpf.Insn{
		{Code: bpf.LdAbs, K: bpf.OffNr},
		{Code: bpf.Rsh, K: 3},
		{Code: bpf.Jset, K: 1, Jt: 1},
		{Code: bpf.RetA},
		{Code: bpf.RetK, K: uint32(rule.Allow)},
	}
	p, err := view.Foreign(`a "b" \c`, arch.X86_64, &prove.Program{Insns: prove.Concrete(insns)})
	if err != nil {
		t.Fatal(err)
	}
	g := graphOf(t, p, nil)
	var texts []string
	for _, n := range g.Nodes {
		texts = append(texts, n.Text)
	}
	if want := []string{"rsh #0x3", "A & 1", "allow", "A"}; !slices.Equal(texts, want) {
		t.Errorf("nodes %q, want %q", texts, want)
	}
	if !strings.HasPrefix(string(g.DOT()), `digraph "a \"b\" \\c" {`) {
		t.Errorf("DOT begins %.40q", g.DOT())
	}
}

func TestSVG(t *testing.T) {
	p := programs(t, "testdata/small.seccomppolicy", arch.X86_64, compile.Plain)
	g := graphOf(t, p, nil)
	if _, err := exec.LookPath("dot"); err != nil {
		t.Skip("SKIPPED: graphviz's dot is not installed, so no drawing was made; install the package graphviz")
	}
	svg, err := g.SVG()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(svg, []byte("<svg")) {
		t.Errorf("it begins %.60q", svg)
	}
	text := ""
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			text += string(c)
		}
	}
	for _, n := range g.Nodes {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), n.Text) {
			t.Errorf("%q is nowhere in the drawing", n.Text)
		}
	}
}

func TestNoGraphviz(t *testing.T) {
	p := programs(t, "testdata/small.seccomppolicy", arch.X86_64, compile.Plain)
	t.Setenv("PATH", t.TempDir())
	if _, err := graphOf(t, p, nil).SVG(); !errors.Is(err, ErrNoGraphviz) || !strings.Contains(err.Error(), "package graphviz") {
		t.Errorf("without graphviz: %v", err)
	}
}

func TestWrap(t *testing.T) {
	for in, want := range map[string]string{
		"call is read":                  "call is read",
		"argument 0 is A_LONG|B_LONGER": "argument 0 is A_LONG|/B_LONGER",
		"one two three four five six":   "one two three four/five six",
	} {
		if got := strings.Join(wrap(in, 22), "/"); got != want {
			t.Errorf("%q is wrapped %q, want %q", in, got, want)
		}
	}
}
