package internal_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/internal/trust"
)

// allowed is the one direction in which packages import each other: to each
// package of the module, what it may import of the module. The order is that
// of the layers, leaves first.
var allowed = []struct{ pkg, imports string }{
	{"arch", ""},
	{"internal/bpf", ""},
	{"internal/textdiff", ""},
	{"internal/rule", ""},
	{"internal/cexpr", ""},
	{"internal/mktables", ""},
	{"internal/proto", "arch"},
	{"internal/cconst", "arch"},
	{"internal/compile", "internal/bpf internal/rule"},
	{"internal/prove", "internal/bpf internal/rule"},
	{"filter", "arch internal/bpf internal/compile internal/prove internal/rule"},
	{"internal/profile", "arch internal/compile internal/rule"},
	{"goruntime/baseline", ""},
	{"goruntime", ""},
	{"internal/gen", "arch goruntime/baseline internal/cconst internal/cexpr internal/compile internal/proto internal/prove internal/rule"},
	{"internal/emit", "arch goruntime/baseline internal/bpf internal/cconst internal/compile internal/gen internal/proto internal/prove internal/rule"},
	{"internal/emit/everything", ""},
	{"internal/program", "arch internal/bpf internal/cconst internal/cexpr internal/emit internal/prove internal/rule"},
	{"internal/decompile", "arch internal/bpf internal/prove internal/rule"},
	{"policy", ""},
	{"policy/gotile", "goruntime"},
	{"install", "internal/bpf internal/rule"},
	{"vm", "arch internal/bpf internal/compile internal/gen internal/rule"},
	{"internal/trust", ""},
	{"internal/hunts", "internal/trust"},
	{"internal/cover", "internal/trust"},
	{"internal/mutants", "internal/trust"},
	{"internal/peers", "arch internal/bpf"},
	{"internal/kernels", "arch internal/bpf internal/compile internal/gen internal/kernels/console internal/peers internal/trust"},
	{"internal/kernels/console", ""},
	{"internal/kernels/init", "internal/kernels/console"},
	{"internal/kernels/meter", "internal/kernels/console"},
	{"internal/sigsys", "arch internal/cconst internal/proto internal/rule"},
	{"internal/lint", "arch internal/cconst internal/compile internal/gen internal/proto internal/prove internal/rule"},
	{"internal/view", "arch internal/bpf internal/gen internal/profile internal/prove internal/rule vm"},
	{"internal/graph", "internal/bpf internal/rule internal/view"},
	{"internal/page", "arch internal/gen internal/proto internal/prove internal/rule internal/sigsys internal/view"},
	{"internal/sandbox", "arch internal/compile internal/gen internal/prove internal/rule"},
	{"internal/learn", "arch goruntime/baseline internal/cconst internal/cexpr internal/compile internal/gen internal/proto internal/rule internal/sandbox internal/sigsys"},
	{"internal/doctor", "arch goruntime/baseline install internal/rule internal/sandbox"},
	{"internal/policytext", "arch internal/cconst internal/compile internal/gen internal/proto internal/prove internal/rule"},
	{"internal/oci", "arch internal/cconst internal/gen internal/policytext internal/proto internal/prove internal/rule"},
	{"internal/minijail", "arch internal/cconst internal/gen internal/policytext internal/rule"},
	{"cmd/tileseal", "arch goruntime/baseline internal/bpf internal/cconst internal/cexpr internal/compile internal/decompile internal/doctor internal/emit internal/gen internal/graph internal/learn internal/lint internal/minijail internal/oci internal/page internal/policytext internal/profile internal/program internal/proto internal/prove internal/rule internal/sandbox internal/sigsys internal/textdiff internal/view vm"},
}

// tests are packages that only tests use; they may import any other.
var tests = []string{"internal/kerneltest", "internal/policytest", "goruntime/internal"}

// TestImports holds the import graph to that, and what the module takes from
// outside to x/sys and x/net.
func TestImports(t *testing.T) {
	may := map[string][]string{}
	for _, a := range allowed {
		may[a.pkg] = strings.Fields(a.imports)
	}
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], trust.Module)
		if slices.ContainsFunc(tests, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") }) {
			continue
		}
		list, known := may[pkg]
		if seen[pkg] = true; !known && pkg != "internal" {
			t.Errorf("%s has no row in this test; say what it may import", pkg)
		}
		for _, imp := range words[1:] {
			name, ours := strings.CutPrefix(imp, trust.Module)
			switch {
			case ours && !slices.Contains(list, name):
				t.Errorf("%s must not import %s", pkg, name)
			case !ours && strings.Contains(imp, ".") && !strings.HasPrefix(imp, "golang.org/x/sys/") && !strings.HasPrefix(imp, "golang.org/x/net/"):
				t.Errorf("%s imports %s; the module takes x/sys and x/net only", pkg, imp)
			}
		}
	}
	for pkg := range may {
		if !seen[pkg] {
			t.Errorf("%s is gone; drop its row", filepath.FromSlash(pkg))
		}
	}
}

// TestPolicyImports is the promise of the policies: beside the standard library a
// daemon that imports one gets x/sys/unix, and gotile adds goruntime alone.
func TestPolicyImports(t *testing.T) {
	for pkg, want := range map[string]string{
		"policy":        "golang.org/x/sys/unix",
		"policy/gotile": trust.Module + "goruntime golang.org/x/sys/unix",
	} {
		cmd := exec.Command("go", "list", "-f", `{{join .Imports " "}}`, "./"+pkg)
		cmd.Dir = ".."
		out, err := cmd.Output()
		std := func(path string) bool { return !strings.Contains(path, ".") }
		if got := strings.Join(slices.DeleteFunc(strings.Fields(string(out)), std), " "); err != nil || got != want {
			t.Errorf("%s imports %q (%v), want %q", pkg, got, err, want)
		}
	}
}
