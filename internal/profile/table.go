package profile

import (
	"slices"
	"strconv"
	"strings"
)

// A table is the columns of one tool's output: where the rows start and end,
// and which words of a row are the name and the count.
type table struct {
	head  string // the word that only its head line has
	ends  func(row []string) bool
	name  func(row []string) string
	count func(row []string) string
}

// tables are the two that are known. A row of strace is
//
//	35.00    0.000070           2        35         3 read
//
// in which the errors may be missing; after the last row comes one for the
// total. A row of perf trace is
//
//	read                  35      3     0.070     0.001     0.002     0.010      9.10%
//
// and an empty line ends the table.
var tables = []table{
	{
		"usecs/call",
		func(row []string) bool { return len(row) > 0 && row[len(row)-1] == "total" },
		func(row []string) string { return row[len(row)-1] },
		func(row []string) string { return row[3] },
	},
	{
		"stddev",
		func(row []string) bool { return len(row) == 0 },
		func(row []string) string { return row[0] },
		func(row []string) string { return row[1] },
	},
}

// parseTables adds up the tables in text.
func parseTables(file string, text []byte) (*Profile, error) {
	counts := map[string]int64{}
	var order []string
	var in *table
	found := false
	for i, line := range strings.Split(string(text), "\n") {
		row := strings.Fields(line)
		if in == nil {
			if t := slices.IndexFunc(tables, func(t table) bool { return slices.Contains(row, t.head) }); t >= 0 {
				in, found = &tables[t], true
			}
			continue
		}
		switch {
		case in.ends(row):
			in = nil
			continue
		case len(row) == 0, strings.HasPrefix(row[0], "--"), strings.HasPrefix(row[0], "("):
			continue // rules, and the units under perf's head
		case strings.HasPrefix(row[len(row)-1], "syscall_"):
			continue // strace for numbers it has no name for
		}
		name, n, err := in.parse(row)
		if err != "" {
			return nil, &Error{file, i + 1, err}
		}
		if _, ok := counts[name]; !ok {
			order = append(order, name)
		}
		counts[name] += n
	}
	if !found {
		return nil, &Error{file, 1, "no profile: neither JSON nor a table of strace -c or perf trace -s"}
	}
	p := &Profile{}
	for _, name := range order {
		p.Calls = append(p.Calls, Call{Name: name, Count: counts[name]})
	}
	return p, nil
}

// parse reads one row. err is what is wrong with it, or "".
func (t *table) parse(row []string) (name string, n int64, err string) {
	if len(row) < 5 {
		return "", 0, "a row of " + strconv.Itoa(len(row)) + " columns; the table of calls was cut short or has columns of your own choice"
	}
	name = t.name(row)
	n, bad := strconv.ParseInt(t.count(row), 10, 64)
	switch {
	case bad != nil || n < 0:
		return "", 0, strconv.Quote(t.count(row)) + " where the number of calls belongs; use the columns the tool prints by itself"
	case !known(name):
		return "", 0, "no architecture has a system call " + strconv.Quote(name)
	}
	return name, n, ""
}
