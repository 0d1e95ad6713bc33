package lint

import (
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// includes is what of L10 concerns includes: a file without which the policy
// means the same on every architecture. Levels of the Go runtime are never
// among them, because goruntime.Prepare is told which are included.
func (c *checker) includes() {
	for i, e := range c.file.Entries {
		if e.Kind != gen.IncludeEntry || strings.HasPrefix(e.Name, levelPrefix) || c.matters(i) {
			continue
		}
		for _, t := range c.targets {
			c.addOn(t.Arch, rule.Src(e.Pos), "L10", "include %q allows nothing that the rest of the policy does not; drop it", e.Name)
		}
	}
}

// matters reports whether the policy means something else without its i-th
// entry, an include, or nothing at all.
func (c *checker) matters(i int) bool {
	without := *c.file
	without.Entries = slices.Delete(slices.Clone(c.file.Entries), i, i+1)
	for _, t := range c.targets {
		res, errs := gen.Resolve(&without, t.Arch, c.layout)
		for _, e := range errs {
			if !e.Warning && !strings.Contains(e.Msg, "is never used") {
				return true
			}
		}
		if !slices.Equal(res.Levels, t.Levels) || !sameVerdicts(t.Policy, res.Policy) {
			return true
		}
	}
	return false
}
