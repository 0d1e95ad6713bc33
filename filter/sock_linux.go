package filter

import "golang.org/x/sys/unix"

// SockFilter is the instructions as install.Process takes them.
func (p *Program) SockFilter() []unix.SockFilter {
	out := make([]unix.SockFilter, len(p.insns))
	for i, in := range p.insns {
		out[i] = unix.SockFilter(in)
	}
	return out
}
