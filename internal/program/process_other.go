//go:build !linux

package program

import (
	"errors"

	"github.com/tileseal/tileseal/internal/bpf"
)

// OfProcess is of Linux only.
func OfProcess(pid int) ([][]bpf.Insn, error) {
	return nil, errors.New("processes have seccomp filters on Linux only")
}
