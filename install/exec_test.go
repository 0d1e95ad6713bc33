//go:build linux

package install_test

import (
	"strings"
	"testing"
)

func TestExec(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, tt := range []struct {
			name     string
			args     []string
			out, end string
		}{
			{"argv and envv", []string{"getppid", child, "hello"}, "hello A=1,B=2\n", "exit 0"},
			{"filter stays", []string{"getppid", child, "getppid"}, "", "killed"},
			{"execve denied", []string{"execve", child, "hello"}, "", "killed"},
			// The program seals itself, under a filter that is there already.
			{"outer filter", []string{"getpgid", child, "seal", "new"}, "sealed\n", "killed"},
			{"outer filter works", []string{"getppid", child, "twice", "neither"}, "sealed\n", "exit 0"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				run(t, child, append([]string{"exec"}, tt.args...)...).want(t, tt.out, tt.end)
			})
		}
	})
}

// A program that cannot be started leaves no filter behind if that can be
// known before, and says so if not.
func TestExecFails(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		for _, tt := range []struct{ name, path, out string }{
			{"missing", "/no/such/program", "error: install: nothing installed: exec /no/such/program: no such file or directory\n"},
			{"not executable", "/proc/self/status", "error: install: nothing installed: exec /proc/self/status: permission denied\n"},
			{"a directory", "/", "error: install: filter installed, program not started: execve: permission denied\n"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				r := run(t, child, "exec", "getppid", tt.path)
				r.want(t, tt.out, "exit 1")
				if strings.Contains(r.stdout, "touched") {
					t.Error(r.stdout)
				}
			})
		}
	})
}
