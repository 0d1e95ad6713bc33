package trust

import (
	"bytes"
	"fmt"
	"strings"
)

const head = `# What was tried against tileseal

<!-- Made by internal/trust of docs/trust/*.json; DO NOT EDIT. -->

A security library is believed for what was tried against it. Each section is the record of a run, with the command
that makes it again. What a filter cannot stop, whoever made it, is in [SECURITY.md](../SECURITY.md).

`

// Page is docs/trust.md of the records there are.
func Page(root string) ([]byte, error) {
	var b, sections bytes.Buffer
	b.WriteString(head)
	b.WriteString("| | command | date | result |\n|---|---|---|---|\n")
	for _, name := range names {
		r, err := Load(root, name)
		if err != nil {
			return nil, err
		}
		if r == nil {
			continue
		}
		fmt.Fprintf(&b, "| [%s](#%s) | `%s` | %s | %s |\n", r.Title, anchor(r.Title), r.Command, r.Date, cell(r.Result))
		sections.WriteString("\n")
		r.section(&sections)
	}
	b.Write(sections.Bytes())
	return b.Bytes(), nil
}

func (r *Record) section(b *bytes.Buffer) {
	fmt.Fprintf(b, "## %s\n\n`%s`, %s, on %s", r.Title, r.Command, r.Date, r.On)
	if r.Took != "" {
		fmt.Fprintf(b, "; took %s", r.Took)
	}
	fmt.Fprintf(b, "\n\n%s\n\n**%s**\n", strings.TrimSpace(r.About), r.Result)
	for _, t := range r.Tables {
		b.WriteString("\n")
		t.write(b)
	}
	for i, note := range r.Notes {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- %s\n", note)
	}
}

// Markdown is the table alone.
func (t *Table) Markdown() string {
	var b bytes.Buffer
	t.write(&b)
	return b.String()
}

func (t *Table) write(b *bytes.Buffer) {
	if t.Title != "" {
		fmt.Fprintf(b, "%s\n\n", t.Title)
	}
	line := func(cells []string) {
		for _, c := range cells {
			fmt.Fprintf(b, "| %s ", cell(c))
		}
		b.WriteString("|\n")
	}
	line(t.Head)
	b.WriteString(strings.Repeat("|---", len(t.Head)) + "|\n")
	for _, row := range t.Rows {
		line(row)
	}
}

// cell keeps a text from ending its cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(s)
}

// anchor is where a heading can be linked to, as GitHub names it.
func anchor(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c == ' ' || c == '-':
			b.WriteByte('-')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		}
	}
	return b.String()
}
