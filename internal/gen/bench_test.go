package gen

import (
	"os"
	"testing"

	"github.com/tileseal/tileseal/internal/compile"
)

// BenchmarkRead reads and compiles the largest prebuilt policy for three
// architectures; with errors, every constant in it gets a suggestion.
func BenchmarkRead(b *testing.B) {
	text, err := os.ReadFile("../../policy/snapct.seccomppolicy")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("good", func(b *testing.B) {
		for b.Loop() {
			Read("p", string(text), Tileseal, allArchs, compile.Current)
		}
	})
	b.Run("signature missing", func(b *testing.B) {
		for b.Loop() {
			Read("p", "noarg\n"+string(text), Tileseal, allArchs, compile.Current)
		}
	})
}
