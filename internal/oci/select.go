package oci

import (
	"slices"

	"github.com/tileseal/tileseal/arch"
)

// A Machine is what the rules of a profile are selected for.
type Machine struct {
	Arch   arch.Arch
	Caps   []string // the container's bounding set
	Kernel Version
}

// DefaultCaps are the capabilities of a container of which nothing else is said
// (moby, daemon/pkg/oci/caps/defaults.go).
func DefaultCaps() []string {
	return []string{
		"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
		"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
	}
}

// Selective reports whether the profile depends on the machine.
func (p *Profile) Selective() bool {
	return p.ArchMap != nil || slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.Includes != nil || r.Excludes != nil })
}

// For is the profile as moby hands it to the runtime on a machine: with a list
// of architectures, the machine's first, and the rules that are for it.
func (p *Profile) For(m Machine) *Profile {
	q := &Profile{Default: p.Default, Archs: []arch.Arch{m.Arch}, Ignored: p.Ignored}
	add := func(archs []arch.Arch) {
		for _, a := range archs {
			if !slices.Contains(q.Archs, a) {
				q.Archs = append(q.Archs, a)
			}
		}
	}
	add(p.Archs)
	for _, am := range p.ArchMap {
		if am.Machine == m.Arch {
			add(am.Sub)
		}
	}
	for _, r := range p.Rules {
		if r.Includes.includes(m) && !r.Excludes.excludes(m) {
			r.Includes, r.Excludes = nil, nil
			q.Rules = append(q.Rules, r)
		}
	}
	return q
}

func (s *Selector) includes(m Machine) bool {
	if s == nil {
		return true
	}
	for _, c := range s.Caps {
		if !slices.Contains(m.Caps, c) {
			return false
		}
	}
	return (len(s.Archs) == 0 || slices.Contains(s.Archs, mobyArch(m.Arch))) && !m.Kernel.less(s.Kernel)
}

// excludes reports whether any of what s names is true of m.
func (s *Selector) excludes(m Machine) bool {
	if s == nil {
		return false
	}
	has := func(c string) bool { return slices.Contains(m.Caps, c) }
	return slices.Contains(s.Archs, mobyArch(m.Arch)) || slices.ContainsFunc(s.Caps, has) ||
		s.Kernel != Version{} && !m.Kernel.less(s.Kernel)
}
