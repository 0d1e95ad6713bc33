// Command generate writes the Go files of package ready, for x86_64 and in the
// layout that is its argument.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
)

func main() {
	if err := run(os.Args[1], filepath.Join("..", "..", "testdata", "performance"), "."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes a file of dir for each policy of texts.
func run(layout, texts, dir string) error {
	l, err := compile.LayoutByName(layout)
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(texts, "*"+gen.Ending))
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, targets, errs := gen.Read(name, string(text), gen.Tileseal, []arch.Arch{arch.X86_64}, l)
		if err := errs.Err(); err != nil {
			return err
		}
		files, err := emit.Go("ready", f, targets, nil)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, strings.ToLower(gen.PolicyName(name))+"_amd64.go")
		if err := os.WriteFile(file, files[0].Text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
