package lint

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// levelPrefix begins the names of the Go runtime's levels, in include entries and
// in the places of their rules.
const levelPrefix = "go/"

// texts are the files a policy is made of.
type texts struct {
	files  []*gen.File        // the policy's own first
	levels map[string]gen.Pos // where each level is included
}

// readAll reads the files that a policy includes. What cannot be read has been
// reported by gen.
func readAll(f *gen.File) texts {
	t := texts{levels: map[string]gen.Pos{}}
	t.read(f)
	return t
}

func (t *texts) read(f *gen.File) {
	t.files = append(t.files, f)
	for _, e := range f.Entries {
		if e.Kind != gen.IncludeEntry && e.Kind != gen.WithinEntry {
			continue
		}
		if strings.HasPrefix(e.Name, levelPrefix) {
			if _, ok := t.levels[e.Name]; !ok {
				t.levels[e.Name] = e.Pos
			}
			continue
		}
		name := filepath.ToSlash(filepath.Join(filepath.Dir(f.Name), filepath.FromSlash(e.Name)))
		text, err := os.ReadFile(name)
		if err != nil || t.file(name) != nil {
			continue
		}
		included, _ := gen.Parse(name, string(text), gen.Tileseal)
		t.read(included)
	}
}

func (t *texts) file(name string) *gen.File {
	for _, f := range t.files {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// place is where a finding about a rule belongs: at the rule or, if that is in a
// level, where the level is included. A level included by another is placed
// where any is.
func (t *texts) place(at rule.Src) (pos gen.Pos, level string) {
	if !strings.HasPrefix(at.File, levelPrefix) {
		return gen.Pos(at), ""
	}
	pos, ok := t.levels[at.File]
	if !ok {
		pos = gen.Pos{File: t.files[0].Name, Line: 1, Col: 1}
	}
	return pos, at.File
}
