//go:build linux && amd64 && !(libseccomp && cgo)

package main

import (
	"errors"

	"github.com/tileseal/tileseal/internal/bpf"
)

const libseccompAbsent = "built without the tag libseccomp, or without cgo"

func libseccompVersion() string { return "no libseccomp" }

func libseccomp(*policy) []builder {
	return []builder{{name: "libseccomp-golang", why: libseccompAbsent}}
}

func (p *policy) scmpKnows() (known *policy, missing []string) { return p, nil }

func buildLibseccomp(*policy, int) ([]bpf.Insn, error) { return nil, errors.New(libseccompAbsent) }
