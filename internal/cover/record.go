package main

import (
	"fmt"

	"github.com/tileseal/tileseal/internal/trust"
)

const about = `What a policy's proof, and its way into the kernel, rest on: of the packages that decide, how many statements the
tests run. Those of ` + "`install`" + ` run in children, because a process that has sealed itself stays so; children count as well,
but for those that die of the filter, as they should. Each package is held to ` + "95 %" + `, and each block that does not run to
a reason.`

// record fills in what a run has shown.
func record(r *trust.Record, sums []sum, open []block, why map[int]string) {
	packages := trust.Table{Head: []string{"package", "statements", "run by its tests", "percent"}}
	var all sum
	for _, s := range sums {
		packages.Rows = append(packages.Rows, []string{"`" + s.pkg + "`", fmt.Sprint(s.statements), fmt.Sprint(s.covered), s.percent()})
		all.statements += s.statements
		all.covered += s.covered
	}
	blocks := trust.Table{Title: "What does not run, and why:", Head: []string{"function", "the first line of the block", "reason"}}
	for i, b := range open {
		blocks.Rows = append(blocks.Rows, []string{"`" + b.file + "`: `" + b.fn + "`", "`" + b.text + "`", why[i]})
	}
	r.Result = fmt.Sprintf("%s of %d statements run (%s), by tests in their short form; what the other %d are for is said below",
		all.percent(), all.statements, each(sums), all.statements-all.covered)
	r.Tables = []trust.Table{packages}
	if len(open) > 0 {
		r.Tables = append(r.Tables, blocks)
	}
	r.Notes = []string{
		"A statement that runs may still be wrong: whether a test would notice is what mutants are for.",
		"Files for other systems and architectures are not counted, nor is what a test of another package runs.",
	}
}

// each says the least percentage there is.
func each(sums []sum) string {
	least := sums[0]
	for _, s := range sums[1:] {
		if s.covered*least.statements < least.covered*s.statements {
			least = s
		}
	}
	return "no package has less than " + least.percent()
}
