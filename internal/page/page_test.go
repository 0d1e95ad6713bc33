package page_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/graph"
	"github.com/tileseal/tileseal/internal/page"
	"github.com/tileseal/tileseal/internal/view"
)

// A subject is a policy of the repository on one architecture.
type subject struct {
	file   string
	arch   arch.Arch
	layout compile.Layout
}

var subjects = []subject{
	{"examples/daemon/recorder.seccomppolicy", arch.X86_64, compile.Optimized},
	{"internal/emit/everything/everything.seccomppolicy", arch.X86_64, compile.Plain},
	{"internal/emit/everything/everything.seccomppolicy", arch.S390X, compile.Optimized},
	{"internal/emit/everything/everything.seccomppolicy", arch.X86, compile.Optimized},
	{"internal/emit/everything/sorted.seccomppolicy", arch.AArch64, compile.Optimized},
	{"policy/archiver_writer.seccomppolicy", arch.X86_64, compile.Classic},
}

func (s subject) name() string {
	return gen.PolicyName(filepath.Base(s.file)) + " " + s.arch.String() + " " + s.layout.String()
}

// make is the program and its page.
func (s subject) make(t *testing.T, withGraph bool) (*view.Program, []byte) {
	t.Helper()
	path := filepath.Join("..", "..", filepath.FromSlash(s.file))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, targets, errs := gen.Read(filepath.Base(s.file), string(text), gen.Tileseal, []arch.Arch{s.arch}, s.layout)
	if errs.Err() != nil {
		t.Fatal(errs)
	}
	p := view.Of(targets[0])[0]
	sources := []page.Source{{Name: f.Name, Text: f.Text}}
	for _, level := range targets[0].Levels {
		text, _ := baseline.Fragment(level)
		sources = append(sources, page.Source{Name: "go/" + level, Text: string(text)})
	}
	var svg []byte
	if withGraph {
		w, err := p.Weigh(nil, false)
		if err != nil {
			t.Fatal(err)
		}
		if svg, err = graph.Of(p, w).SVG(); err != nil {
			t.Logf("the page is tested without a graph: %v", err)
		}
	}
	html, err := page.HTML(p, f, sources, svg)
	if err != nil {
		t.Fatal(err)
	}
	return p, html
}

func TestHTML(t *testing.T) {
	for _, s := range subjects {
		t.Run(s.name(), func(t *testing.T) {
			p, html := s.make(t, false)
			if _, again := s.make(t, false); !bytes.Equal(html, again) {
				t.Error("the page differs from one time to the next")
			}
			text := string(html)
			if got := strings.Count(text, `<button type="button" class="insn"`); got != len(p.Insns) {
				t.Errorf("%d instructions listed, the program has %d", got, len(p.Insns))
			}
			for _, c := range p.Policy.Calls {
				if !strings.Contains(text, ">"+c.Name+"</th>") {
					t.Errorf("no verdict on %s", c.Name)
				}
			}
			// Whatever a browser might fetch: attributes that load, and CSS.
			if found := regexp.MustCompile(`(?i)<link|<img|<iframe|\ssrc=|@import|url\(|https?:`).FindString(text); found != "" {
				t.Errorf("the page may load something from elsewhere: %q", found)
			}
			// Every reference within the page has what it refers to.
			for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(text, -1) {
				if !strings.Contains(text, `id="`+m[1]+`"`) {
					t.Errorf("nothing has the id %s", m[1])
				}
			}
		})
	}
}

// TestEscapes shows that what a policy says cannot become markup or script.
func TestEscapes(t *testing.T) {
	text := "# x: </script><script>alert(1)</script><b>.\nuint fd\nwrite: (eq (arg 0) fd) # </code><img src=x>\n"
	f, targets, errs := gen.Read("</title>x.seccomppolicy", text, gen.Tileseal, []arch.Arch{arch.X86_64}, compile.Plain)
	if errs.Err() != nil {
		t.Fatal(errs)
	}
	html, err := page.HTML(view.Of(targets[0])[0], f, []page.Source{{Name: f.Name, Text: text}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"alert(1)</script>", "<img", "<b>", "</title>x"} {
		if bytes.Contains(html, []byte(bad)) {
			t.Errorf("the page has %q as it stands in the policy", bad)
		}
	}
	if got := bytes.Count(html, []byte("</script>")); got != 1 {
		t.Errorf("%d scripts end, want 1", got)
	}
}
