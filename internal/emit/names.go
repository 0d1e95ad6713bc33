package emit

import (
	"go/token"
	"slices"
	"strings"
)

// goName is the CamelCase of a name with underscores, FD in capitals
// wherever it stands for a descriptor: logfile_fd is LogfileFD, rx_fd0 RxFD0.
func goName(name string) string {
	var b strings.Builder
	for _, part := range strings.Split(name, "_") {
		if digits, ok := strings.CutPrefix(part, "fd"); ok && strings.Trim(digits, "0123456789") == "" {
			b.WriteString("FD" + digits)
		} else if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// goLocal is the name of an unexported thing: goName with a small beginning.
func goLocal(name string) string {
	first, rest, _ := strings.Cut(strings.TrimLeft(name, "_"), "_")
	return strings.ToLower(first) + goName(rest)
}

// policyIdent is what a policy is called in Go: without upstream's leading
// fd_ and trailing _tile.
func policyIdent(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '.' {
			return '_'
		}
		return r
	}, name)
	return strings.TrimSuffix(strings.TrimPrefix(name, "fd_"), "_tile")
}

// taken are names a Populate function uses for itself.
var taken = []string{"out", "rt", "p", "unix", "goruntime", "int", "int32", "uint32", "uint64", "panic"}

// paramIdent is the name of a parameter in Go.
func paramIdent(name string) string {
	id := goLocal(name)
	if token.IsKeyword(id) || slices.Contains(taken, id) {
		id += "Param"
	}
	return id
}
