package learn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/sandbox"
)

// What starts a program is left out: from the command's first call, or an execve, up
// to the first call that is another. A process that was forked has started.
func TestStart(t *testing.T) {
	starter, err := sandbox.NewStarter([]string{"libc"})
	if err != nil {
		t.Skip(err)
	}
	for _, tt := range []struct {
		name   string
		traced bool
		calls  string // process and name, with + if it is the program's
	}{
		{"command", false, "1 brk, 1 brk, 1 getppid+, 1 brk+"},
		{"fork", false, "1 brk, 1 getppid+, 2 brk+, 2 getppid+"},
		{"fork and exec", false, "1 getppid+, 2 brk+, 2 execve+, 2 brk, 2 getppid+, 2 brk+, 1 brk+"},
		{"traced", true, "1 execve, 1 brk, 1 getppid+, 1 brk+, 1 execve+, 1 brk"},
		{"attached", true, "1 brk+, 1 getppid+, 1 execve+, 1 brk, 1 getppid+"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := NewStart(starter)
			if tt.traced {
				start.Traced()
			}
			for i, s := range strings.Split(tt.calls, ", ") {
				var c Call
				var name string
				if _, err := fmt.Sscan(s, &c.PID, &name); err != nil {
					t.Fatal(err)
				}
				name, want := strings.CutSuffix(name, "+")
				c.Arch = arch.Native()
				c.Nr, _ = c.Arch.Number(name)
				if got := start.Over(&c); got != want {
					t.Errorf("call %d, %s: %v", i, s, got)
				}
			}
		})
	}
}
