package proto

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// widthDiffs are the arguments for which the table of Firedancer's own
// generator, which the layout "current" follows, has another width than the
// kernel's definitions.
var widthDiffs = []string{
	"io_uring_enter 5", // argsz is a size_t; the table has 32 bits
	"preadv2 2",        // vlen is unsigned long, as writev's, which has 64 bits there
	"pwritev2 2",       // the same
}

// TestWidths compares that table with the prototypes on 64-bit architectures:
// the number of arguments, and each width. In the table a call is followed by
// a letter for each argument, i for 32 bits and l for 64.
func TestWidths(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "goldens", "GENERATOR.md"))
	if err != nil {
		t.Skip("not compared with the widths of layout current: ", err)
	}
	_, section, _ := strings.Cut(string(text), "\n## 5.")
	section, _, _ = strings.Cut(section, "\n## 6.")
	var words []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "    ") {
			words = append(words, strings.Fields(line)...)
		}
	}
	if len(words) != 2*45 {
		t.Fatalf("%d words in the table, want 45 pairs", len(words))
	}
	for _, a := range []arch.Arch{arch.X86_64, arch.AArch64} {
		var diffs []string
		for pair := range slices.Chunk(words, 2) {
			call, widths := pair[0], pair[1]
			args, ok := Of(a, call)
			if !ok {
				if call != "poll" || a != arch.AArch64 {
					t.Errorf("%v: no prototype of %s", a, call)
				}
				continue
			}
			if len(args) != len(widths) {
				t.Errorf("%v: %s takes %d arguments, there %s", a, call, len(args), widths)
				continue
			}
			for i, w := range widths {
				if (args[i].Bits == 64) != (w == 'l') {
					diffs = append(diffs, fmt.Sprintf("%s %d", call, i))
				}
			}
		}
		slices.Sort(diffs)
		if !slices.Equal(diffs, widthDiffs) {
			t.Errorf("%v: widths differ for %q, want %q", a, diffs, widthDiffs)
		}
	}
}
