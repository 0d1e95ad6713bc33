package oci

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// maxErrno is the greatest errno the kernel returns (MAX_ERRNO,
// include/linux/err.h).
const maxErrno = 4095

// Read reads a profile: the seccomp object, or a whole config.json that has one
// in linux. Fields that do not exist are errors, for a misspelt one would open
// what it was to close.
func Read(name string, text []byte) (*Profile, gen.ErrorList) {
	t := &textual{name: name, text: text}
	n := t.tree()
	if n == nil {
		return nil, t.errs
	}
	if n.get("ociVersion") != nil {
		linux := n.get("linux")
		if linux == nil || linux.get("seccomp") == nil {
			n.fail("this configuration has no linux.seccomp")
			return nil, t.errs
		}
		n = linux.get("seccomp")
	}
	p := t.profile(n)
	return p, t.errs
}

func (t *textual) profile(n *node) *Profile {
	p := new(Profile)
	errno := n.get("defaultErrnoRet")
	ignore := func(what string) func(*node) {
		return func(n *node) { p.Ignored = append(p.Ignored, Ignored{what, n.pos()}) }
	}
	n.fields("a profile", map[string]func(*node){
		"defaultAction":   func(n *node) { p.Default = t.action(n, errno) },
		"defaultErrnoRet": nil,
		"defaultErrno":    func(n *node) { t.errnoName(n, errno) },
		"architectures": func(n *node) {
			n.each("architectures", func(n *node) { p.Archs = append(p.Archs, t.arch(n)) })
		},
		"archMap": func(n *node) {
			n.each("archMap", func(n *node) { p.ArchMap = append(p.ArchMap, t.archMap(n)) })
		},
		"flags": func(n *node) {
			n.each("flags", func(n *node) {
				if done := oneOf(n, "flag", flags); !done {
					p.Ignored = append(p.Ignored, Ignored{"the flag " + n.text(), n.pos()})
				}
			})
		},
		"listenerPath":     ignore("listenerPath"),
		"listenerMetadata": ignore("listenerMetadata"),
		"syscalls": func(n *node) {
			n.each("syscalls", func(n *node) { p.Rules = append(p.Rules, t.rule(n)) })
		},
	})
	switch {
	case n.value != '{':
	case !n.has("defaultAction"):
		n.fail("a profile has a defaultAction")
	case p.Archs != nil && p.ArchMap != nil:
		n.get("archMap").fail("a profile has architectures or archMap, not both")
	}
	return p
}

// action is an action with its errno, EPERM unless the profile says otherwise.
func (t *textual) action(n, errno *node) rule.Action {
	a := oneOf(n, "action", actions)
	takes := a == rule.Errno || a == rule.Trace
	switch {
	case errno == nil || errno.value == nil:
		if takes {
			return a | 1
		}
	case !takes:
		errno.fail("%s takes no errno", n.text())
	default:
		return a | rule.Action(errno.number("an errno", maxErrno))
	}
	return a
}

// errnoName is podman's name for an errno beside its number, on x86.
func (t *textual) errnoName(n, number *node) {
	c, ok := cconst.Lookup(arch.X86_64, n.text())
	if !ok || number == nil || number.value != json.Number(strconv.FormatUint(c.Value, 10)) {
		n.fail("the name of an errno stands beside the same errno as a number")
	}
}

func (t *textual) arch(n *node) arch.Arch { return oneOf(n, "architecture", archNames()) }

func (t *textual) archMap(n *node) (m ArchMap) {
	n.fields("an archMap", map[string]func(*node){
		"architecture": func(n *node) { m.Machine = t.arch(n) },
		"subArchitectures": func(n *node) {
			n.each("subArchitectures", func(n *node) { m.Sub = append(m.Sub, t.arch(n)) })
		},
	})
	return m
}

func (t *textual) rule(n *node) Rule {
	r := Rule{Pos: n.pos()}
	name := func(n *node) {
		if s := n.str("the name of a call"); s != "" {
			r.Names = append(r.Names, Name{s, n.pos()})
		}
	}
	errno := n.get("errnoRet")
	n.fields("a rule", map[string]func(*node){
		"names":    func(n *node) { n.each("names", name) },
		"name":     func(n *node) { name(n) },
		"action":   func(n *node) { r.Action = t.action(n, errno) },
		"errnoRet": nil,
		"errno":    func(n *node) { t.errnoName(n, errno) },
		"args": func(n *node) {
			n.each("args", func(n *node) { r.Args = append(r.Args, t.arg(n)) })
		},
		"comment":  func(n *node) {},
		"includes": func(n *node) { r.Includes = t.selector(n) },
		"excludes": func(n *node) { r.Excludes = t.selector(n) },
	})
	switch {
	case n.value != '{':
	case n.get("name") != nil && n.get("name").text() != "" && n.get("names") != nil && len(n.get("names").elems) > 0:
		n.get("name").fail("a rule has a name or names, not both")
	case len(r.Names) == 0:
		n.fail("a rule has names")
	case !n.has("action"):
		n.fail("a rule has an action")
	}
	return r
}

func (t *textual) arg(n *node) (a Arg) {
	a.Pos = n.pos()
	n.fields("an argument's condition", map[string]func(*node){
		"index":    func(n *node) { a.Index = int(n.number("the index of an argument", 5)) },
		"value":    func(n *node) { a.Value = n.number("a value", 1<<64-1) },
		"valueTwo": func(n *node) { a.ValueTwo = n.number("a value", 1<<64-1) },
		"op":       func(n *node) { a.Op = oneOf(n, "operator", ops) },
	})
	for _, key := range []string{"index", "value", "op"} {
		if n.value == '{' && !n.has(key) {
			n.fail("an argument's condition has index, value and op; %s is missing", key)
		}
	}
	if two := n.get("valueTwo"); two != nil && a.ValueTwo != 0 && a.Op != policytext.MaskedEQ {
		two.fail("valueTwo goes with SCMP_CMP_MASKED_EQ; %s takes one value", opName(a.Op))
	}
	return a
}

func (t *textual) selector(n *node) *Selector {
	s := new(Selector)
	n.fields("a selector", map[string]func(*node){
		"caps": func(n *node) {
			n.each("caps", func(n *node) { s.Caps = append(s.Caps, n.str("a capability")) })
		},
		"arches": func(n *node) {
			n.each("arches", func(n *node) { s.Archs = append(s.Archs, t.mobyArch(n)) })
		},
		"minKernel": func(n *node) {
			v, ok := ParseVersion(n.text())
			if s.Kernel = v; !ok && n.value != "" {
				n.fail("minKernel is a version, as in 4.8")
			}
		},
	})
	return s
}

func (t *textual) mobyArch(n *node) string {
	s := n.str("an architecture")
	known := slices.ContainsFunc(arch.All(), func(a arch.Arch) bool { return mobyArch(a) == s })
	if s != "" && !known {
		n.fail("there is no architecture %q; they are named as in amd64, arm64, x86", s)
	}
	return s
}
