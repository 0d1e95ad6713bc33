package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
)

// A waiver is a comment that waives findings of some rules about one entry.
type waiver struct {
	pos         gen.Pos
	code        string
	reason      string
	first, last int // lines of the entry; 0: there is none
	used        bool
}

var (
	waiving = regexp.MustCompile(`(?i)^#+\s*allow\s+(L[0-9]+(?:\s*,\s*L[0-9]+)*)\b\s*(.*)$`)
	codes   = regexp.MustCompile(`(?i)L[0-9]+`)
)

// waivers reads those of a text, and reports what is wrong with them.
func waivers(f *gen.File) (all []*waiver, errs gen.ErrorList) {
	for _, c := range gen.Comments(f.Text) {
		m := waiving.FindStringSubmatch(c.Text)
		if m == nil {
			continue
		}
		pos := gen.Pos{File: f.Name, Line: c.Line, Col: c.Col}
		fail := func(msg string) { errs = append(errs, &gen.Error{Pos: pos, Msg: msg}) }
		reason, colon := strings.CutPrefix(m[2], ":")
		if reason = strings.TrimSpace(reason); !colon || reason == "" {
			fail("a waiver needs a reason, behind a colon: # allow " + m[1] + ": REASON")
			continue
		}
		if c.First == 0 {
			fail("no entry follows this waiver; put it directly above one, or behind it")
			continue
		}
		for _, code := range codes.FindAllString(m[1], -1) {
			if !slices.Contains(Codes, code) {
				fail("there is no rule " + code + "; the rules are L1 to L10")
				continue
			}
			all = append(all, &waiver{pos: pos, code: code, reason: reason, first: c.First, last: c.Last})
		}
	}
	return all, errs
}

// waive gives findings the reasons that waive them. The list is what is wrong
// with the waivers of the policy's own file; whether they waive something is
// asked only if the policy could be checked whole.
func (c *checker) waive(whole bool) gen.ErrorList {
	var errs gen.ErrorList
	for i, f := range c.texts.files {
		all, list := waivers(f)
		for _, w := range all {
			for j := range c.found {
				if x := &c.found[j]; x.Code == w.code && x.Pos.File == f.Name && w.first <= x.Pos.Line && x.Pos.Line <= w.last {
					x.Reason, w.used = w.reason, true
				}
			}
		}
		if i > 0 {
			continue
		}
		errs = append(errs, list...)
		for _, w := range all {
			if whole && !w.used && c.checked(w) {
				errs = append(errs, &gen.Error{Pos: w.pos, Msg: "nothing here has to be allowed by " + w.code + "; remove the waiver"})
			}
		}
	}
	return errs
}

// checked reports whether the entry of a waiver is for one of the architectures
// that were checked.
func (c *checker) checked(w *waiver) bool {
	for _, e := range c.file.Entries {
		if e.Pos.Line < w.first || e.Pos.Line > w.last || e.On == nil {
			continue
		}
		return slices.ContainsFunc(c.targets, func(t gen.Target) bool {
			return slices.ContainsFunc(e.On, func(a arch.Arch) bool { return a == t.Arch })
		})
	}
	return true
}
