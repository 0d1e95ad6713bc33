package lint

import (
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
)

// dirfds is what of L10 concerns directories: a rule that compares one looks
// as if it confined the path that follows it, and does not.
func (c *checker) dirfds() {
	for _, call := range c.target.Calls {
		for _, k := range call.Cases {
			args := c.directories(call, k)
			if len(args) > 0 {
				c.add(k.Src, "L10", "%s compares a directory (%s), which confines no path: an absolute one ignores it, and .. leaves it; confine the process (Landlock, a mount namespace), or say why the path is no danger",
					call.Name, strings.Join(args, ", "))
			}
		}
	}
}

// directories lists the arguments of a call that are directories, that a case
// which lets the call through compares, and that a path follows.
func (c *checker) directories(call rule.Call, k rule.Case) (list []string) {
	if !lets(k.Action) {
		return nil
	}
	alone := rule.Call{Name: call.Name, Nr: call.Nr, Cases: []rule.Case{k}}
	args, _ := proto.Of(c.target.Arch, call.Name)
	for i, a := range args {
		path := i+1 < len(args) && args[i+1].Kind == proto.Pointer
		if a.Kind == proto.DirFD && path && c.compares(k.When, i) && c.passes(alone, rule.Not{X: c.null(i + 1)}) {
			list = append(list, "argument "+strconv.Itoa(i))
		}
	}
	return list
}

// compares reports whether a condition holds an argument against a
// directory's descriptor: anything but AT_FDCWD, which promises nothing.
func (c *checker) compares(x rule.Expr, arg int) bool {
	cwd, _ := cconst.Lookup(c.target.Arch, "AT_FDCWD")
	found := false
	rule.Walk(x, func(x *rule.Cmp) {
		if x.Arg == arg && (x.X.Param >= 0 || uint32(x.X.Value) != uint32(cwd.Value)) {
			found = true
		}
	})
	return found
}

// null is the condition that a pointer is NULL.
func (c *checker) null(arg int) rule.Expr {
	bits := c.target.Policy.Target.Bits
	return &rule.Cmp{Op: rule.Eq, Arg: arg, Width: bits, Mask: ^uint64(0) >> (64 - bits), X: rule.Operand{Param: -1}}
}
