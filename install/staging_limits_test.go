//go:build linux

package install_test

import (
	"slices"
	"testing"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/bpf"
	"golang.org/x/sys/unix"
)

// What only begins like a test of the architecture gets no prologue, and a test of
// as many as a jump can cross does.
func TestStagingLimits(t *testing.T) {
	ldArch := unix.SockFilter{Code: ldAbs, K: bpf.OffArch}
	chain := func(n int) []unix.SockFilter {
		filter := []unix.SockFilter{ldArch}
		for a := range n {
			filter = append(filter, jeq(uint32(a), 0, 0))
		}
		return append(filter, verdict(killProcess))
	}
	for _, tt := range []struct {
		name   string
		filter []unix.SockFilter
		longer int // by so many instructions
	}{
		{"no architecture is known", chain(0), 0},
		{"one", chain(1), 4},
		{"as many as a jump crosses", chain(255), 258},
		{"one more", chain(256), 0},
		{"a jump right behind the end", []unix.SockFilter{ldArch, jeq(1, 0, 1), verdict(killProcess)}, 0},
	} {
		got := install.Staging(tt.filter)
		if n := len(got) - len(tt.filter); n != tt.longer {
			t.Errorf("%s: %d instructions longer, want %d", tt.name, n, tt.longer)
			continue
		}
		if tt.longer > 0 {
			kill := got[tt.longer-2]
			if first := got[1]; first.Jt != uint8(tt.longer-3) || kill != verdict(killProcess) {
				t.Errorf("%s: begins with %v, %v; kills with %v", tt.name, got[0], first, kill)
			}
		}
		if last := got[len(got)-1]; !slices.Equal(got[tt.longer:len(got)-1], tt.filter[:len(tt.filter)-1]) || last != verdict(trap) {
			t.Errorf("%s: the filter itself becomes %v", tt.name, got[tt.longer:])
		}
	}
}
