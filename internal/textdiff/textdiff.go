// Package textdiff shows how two texts differ, by lines.
package textdiff

import (
	"fmt"
	"slices"
	"strings"
)

// around is how many equal lines are shown before and after a difference.
const around = 3

// Unified is how text b differs from text a, in the form of diff -u, the texts
// named as given. It is empty if they are equal. The time it takes grows with
// the product of the numbers of lines that lie between the first and the last
// difference.
func Unified(aName, a, bName, b string) string {
	if a == b {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", aName, bName)
	for _, h := range hunks(edits(lines(a), lines(b))) {
		h.write(&out)
	}
	return out.String()
}

func lines(s string) []string {
	all := strings.SplitAfter(s, "\n")
	if last := len(all) - 1; all[last] == "" {
		return all[:last]
	}
	all[len(all)-1] += "\n\\ No newline at end of file\n"
	return all
}

// An edit is a line of either text: ' ' of both, '-' of a, '+' of b.
type edit struct {
	sign byte
	line string
}

// edits turns a into b, keeping as many lines as can be kept.
func edits(a, b []string) []edit {
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	var all []edit
	for _, l := range a[:start] {
		all = append(all, edit{' ', l})
	}
	all = append(all, middle(a[start:len(a)-end], b[start:len(b)-end])...)
	for _, l := range a[len(a)-end:] {
		all = append(all, edit{' ', l})
	}
	return all
}

// middle is edits for what lies between the first and the last difference.
func middle(a, b []string) []edit {
	kept := make([][]int, len(a)+1) // of a[i:] and b[j:], the most that can be kept
	for i := range kept {
		kept[i] = make([]int, len(b)+1)
	}
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if x == y {
				kept[i][j] = kept[i+1][j+1] + 1
			} else {
				kept[i][j] = max(kept[i+1][j], kept[i][j+1])
			}
		}
	}
	var all []edit
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			all = append(all, edit{' ', a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || kept[i+1][j] >= kept[i][j+1]):
			all = append(all, edit{'-', a[i]})
			i++
		default:
			all = append(all, edit{'+', b[j]})
			j++
		}
	}
	return all
}

// A hunk is some differences and the equal lines around them.
type hunk struct {
	a, b  int // lines of each text before it
	edits []edit
}

func hunks(all []edit) []hunk {
	var out []hunk
	var h hunk
	end := 0 // of the hunk before, in all
	for i := 0; i < len(all); i++ {
		if all[i].sign == ' ' {
			continue
		}
		last := i
		for j := i; j < len(all) && j <= last+2*around+1; j++ {
			if all[j].sign != ' ' {
				last = j
			}
		}
		start := max(end, i-around)
		h.a, h.b = count(h.a, all[end:start], '+'), count(h.b, all[end:start], '-')
		i, end = last, min(len(all), last+1+around)
		h.edits = all[start:end]
		out = append(out, h)
		h.a, h.b = count(h.a, h.edits, '+'), count(h.b, h.edits, '-')
	}
	return out
}

// count is n and how many lines of edits have another sign than not.
func count(n int, edits []edit, not byte) int {
	for _, e := range edits {
		if e.sign != not {
			n++
		}
	}
	return n
}

func (h hunk) write(out *strings.Builder) {
	fmt.Fprintf(out, "@@ -%s +%s @@\n", span(h.a, count(0, h.edits, '+')), span(h.b, count(0, h.edits, '-')))
	for _, e := range h.edits {
		fmt.Fprintf(out, "%c%s", e.sign, e.line)
	}
}

// span names n lines after the first before of a text.
func span(before, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", before)
	case 1:
		return fmt.Sprint(before + 1)
	}
	return fmt.Sprintf("%d,%d", before+1, n)
}
