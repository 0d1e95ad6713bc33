package main

import (
	"fmt"
	"io"
	"os"

	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/textdiff"
)

// fmtExamples follow the flags in the verb's help.
const fmtExamples = `
Only the layout changes, never the meaning. With -l or -d, and without -w, the
exit status is 1 if a file is not in that form. Of several files none is written
if one has errors. Texts of the dialects classic and current are upstream's, and
have no form here.
`

// formatted is a file and its canonical form.
type formatted struct{ name, old, text string }

func runFmt(c *command) error {
	write := c.Bool("w", false, "write the files in place, rather than to standard output")
	list := c.Bool("l", false, "list the files that are not in canonical form")
	diff := c.Bool("d", false, "show how the files would change, as diff -u does")
	usage := c.Usage
	c.Usage = func() {
		usage()
		fmt.Fprint(c.Output(), fmtExamples)
	}
	c.Func("dialect", "how the text is read: tileseal, the only one that has a canonical form", func(s string) error {
		if s != gen.Tileseal.String() {
			return fmt.Errorf("fmt formats dialect tileseal only")
		}
		return nil
	})
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.NArg() == 0 && *write {
		return c.misuse("tileseal: -w goes with files")
	}
	files, err := c.formatAll()
	if err != nil {
		return err
	}
	changed := false
	for _, f := range files {
		if !*write && !*list && !*diff {
			fmt.Fprint(c.stdout, f.text)
		}
		if f.text == f.old {
			continue
		}
		changed = true
		if *list {
			fmt.Fprintln(c.stdout, f.name)
		}
		if *diff {
			fmt.Fprint(c.stdout, textdiff.Unified(f.name+".orig", f.old, f.name, f.text))
		}
		if *write {
			if err := writeFile(f.name, []byte(f.text)); err != nil {
				return err
			}
		}
	}
	if changed && !*write && (*list || *diff) {
		return errDifferent
	}
	return nil
}

// formatAll formats the files given, or standard input.
func (c *command) formatAll() ([]formatted, error) {
	if c.NArg() == 0 {
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, err
		}
		out, errs := gen.Format("standard input", string(text))
		return []formatted{{"standard input", string(text), out}}, errs.Err()
	}
	var files []formatted
	var all gen.ErrorList
	for _, name := range c.Args() {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out, errs := gen.Format(name, string(text))
		all = append(all, errs...)
		files = append(files, formatted{name, string(text), out})
	}
	return files, all.Err()
}
