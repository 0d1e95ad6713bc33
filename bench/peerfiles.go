//go:build linux && amd64

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/gen"
	peerfiles "github.com/tileseal/tileseal/internal/peers"
	"gvisor.dev/gvisor/pkg/seccomp"
)

// writePeers writes what the peers make of the policies for each architecture,
// for those who measure them where the peers are not. All peers have to be
// there: a file without one would be taken for the peer's failure.
func writePeers(texts, dir string) error {
	if !strings.ContainsAny(libseccompVersion(), "0123456789") {
		return errors.New("-peers wants every peer: build with -tags libseccomp, and with cgo")
	}
	for _, a := range peerfiles.Archs {
		list, err := peerPrograms(a, texts)
		if err != nil {
			return err
		}
		if err := peerfiles.Write(dir, a, list); err != nil {
			return err
		}
	}
	return nil
}

// peerPrograms are the programs of all peers and policies for an architecture.
// There are no workloads in them, as for a policy on its first day.
func peerPrograms(a arch.Arch, texts string) ([]peerfiles.Program, error) {
	var list []peerfiles.Program
	for _, name := range peerfiles.Policies {
		p, err := readPolicyOn(a, name, texts)
		if errs := gen.ErrorList(nil); errors.As(err, &errs) {
			list = append(list, peerfiles.Program{Policy: name, Maker: peerfiles.Any, Why: strings.TrimPrefix(errs[0].Error(), texts+"/")})
			continue
		}
		if err != nil {
			return nil, err
		}
		for level := 1; level <= 2; level++ {
			list = append(list, libseccompFile(p, level))
		}
		list = append(list, gvisorFile(p))
	}
	return list, nil
}

func libseccompFile(p *policy, level int) peerfiles.Program {
	f := peerfiles.Program{Policy: p.name, Maker: fmt.Sprintf("libseccomp, level %d", level), Version: libseccompVersion()}
	known, missing := p.scmpKnows()
	if missing != nil {
		f.Note = fmt.Sprintf("without %d of the %d calls, which this version does not know", len(missing), len(p.Calls))
	}
	prog, err := buildLibseccomp(known, level)
	return filed(f, known, prog, err)
}

// gvisorArchs are what gVisor is built for.
var gvisorArchs = []arch.Arch{arch.X86_64, arch.AArch64}

// gvisorFile takes the program of gVisor as built for amd64. Of what its packages
// have for arm64 alone a program holds one number, the architecture's.
func gvisorFile(p *policy) peerfiles.Program {
	f := peerfiles.Program{Policy: p.name, Maker: "gVisor, optimized", Version: gvisorVersion()}
	if !slices.Contains(gvisorArchs, p.arch) {
		f.Why = fmt.Sprintf("gVisor does not know %v", p.arch)
		return f
	}
	meant := *p
	meant.Policy, f.Note = p.sparingX32()
	prog, err := buildGVisor(p, nil)
	for i, in := range prog {
		if in.Code == bpf.Jeq && in.K == seccomp.LINUX_AUDIT_ARCH {
			prog[i].K = p.arch.Audit()
		}
	}
	return filed(f, &meant, prog, err)
}

// filed completes a file with its program, if that means what it is to mean.
func filed(f peerfiles.Program, p *policy, prog []bpf.Insn, err error) peerfiles.Program {
	if err != nil {
		f.Why = err.Error()
		return f
	}
	if wrong := p.differences(contender{prog: prog}); wrong != "" {
		f.Note = strings.TrimPrefix(f.Note+"; "+wrong, "; ")
	}
	f.Code = peerfiles.Encode(prog)
	return f
}
