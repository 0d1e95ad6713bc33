package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// A family is the constants that an argument of some calls is one of, or a set
// of.
type family struct {
	calls []string
	arg   int
	names *regexp.Regexp
	set   bool
}

var families = []family{
	{[]string{"open"}, 1, regexp.MustCompile(`^O_`), true},
	{[]string{"openat", "open_by_handle_at"}, 2, regexp.MustCompile(`^O_`), true},
	{[]string{"mmap", "mmap2"}, 3, regexp.MustCompile(`^MAP_`), true},
	{[]string{"fcntl", "fcntl64"}, 1, regexp.MustCompile(`^F_`), false},
	{[]string{"ioctl"}, 1, regexp.MustCompile(`^(TIOC|TCGET|TCSET|TCSBRK|TCXONC|TCFLSH|FIO|SIOC|BLK|TUN)`), false},
	{[]string{"kill", "tkill", "pidfd_send_signal"}, 1, regexp.MustCompile(`^SIG[A-Z0-9]`), false},
	{[]string{"tgkill"}, 2, regexp.MustCompile(`^SIG[A-Z0-9]`), false},
	{[]string{"rt_sigaction"}, 0, regexp.MustCompile(`^SIG[A-Z0-9]`), false},
	{[]string{"rt_sigprocmask"}, 0, regexp.MustCompile(`^SIG_`), false},
	{[]string{"socket", "socketpair"}, 1, regexp.MustCompile(`^SOCK_`), true},
	{[]string{"accept4"}, 3, regexp.MustCompile(`^SOCK_`), true},
}

func familyOf(call string, arg int) (family, bool) {
	for _, f := range families {
		if f.arg == arg && slices.Contains(f.calls, call) {
			return f, true
		}
	}
	return family{}, false
}

// in lists the constants of the family that a value is, or is made of.
func (f family) in(a arch.Arch, value uint64) []string {
	var names []string
	for name := range cconst.Names(a) {
		if !f.names.MatchString(name) {
			continue
		}
		c, _ := cconst.Lookup(a, name)
		switch v := c.Value & (1<<32 - 1); {
		case v != 0 && v == value, v != 0 && f.set && v&value == v:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// number is a value that a policy gives as a number rather than by name.
var number = regexp.MustCompile(`^\s*(0[xX][0-9a-fA-F]+|[0-9_]+)[uUlL]*\s*$`)

// constants is what of L10 concerns constants: a number that is a constant on
// one architecture and none, or another, on the next.
func (c *checker) constants() {
	type use struct {
		at    rule.Src
		call  string
		arg   int
		value uint64
		text  string
	}
	var uses []use
	on := map[use][]arch.Arch{}
	for _, t := range c.targets {
		for _, call := range t.Calls {
			for _, k := range call.Cases {
				rule.Walk(k.When, func(x *rule.Cmp) {
					u := use{k.Src, call.Name, x.Arg, x.X.Value & (1<<32 - 1), x.X.Text}
					if x.X.Param < 0 && number.MatchString(u.text) && !slices.Contains(on[u], t.Arch) {
						if on[u] == nil {
							uses = append(uses, u)
						}
						on[u] = append(on[u], t.Arch)
					}
				})
			}
		}
	}
	for _, u := range uses {
		f, ok := familyOf(u.call, u.arg)
		if !ok || u.value == 0 {
			continue
		}
		first := on[u][0]
		names := f.in(first, u.value)
		for _, a := range on[u][1:] {
			if others := f.in(a, u.value); !slices.Equal(names, others) {
				c.addOn(a, u.at, "L10", "%s is %s on %s and %s on %s; name the constants", strings.TrimSpace(u.text),
					only(names, others), gen.ArchName(first), only(others, names), gen.ArchName(a))
			}
		}
	}
}

// only says which names are not among others.
func only(names, others []string) string {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(others, n) })
	if len(names) == 0 {
		return "no such constant"
	}
	return strings.Join(names, ", ")
}
