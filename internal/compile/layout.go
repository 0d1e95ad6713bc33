package compile

import "fmt"

// A Layout is a way of arranging a program.
type Layout int

const (
	Plain     Layout = iota // ours: a paragraph a call, any jump distance
	Classic                 // upstream until 2025
	Current                 // upstream since 2026
	Optimized               // ours: least instructions executed
)

var layouts = []string{Plain: "plain", Classic: "classic", Current: "current", Optimized: "optimized"}

func (l Layout) String() string { return layouts[l] }

// LayoutByName is the inverse of Layout.String.
func LayoutByName(name string) (Layout, error) {
	for l, n := range layouts {
		if n == name {
			return Layout(l), nil
		}
	}
	return 0, fmt.Errorf("unknown layout %q; there are plain, classic, current and optimized", name)
}

// Layouts lists all layouts.
func Layouts() []Layout {
	all := make([]Layout, len(layouts))
	for i := range all {
		all[i] = Layout(i)
	}
	return all
}
