//go:build linux

package install_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"golang.org/x/sys/unix"
)

const (
	killProcess = unix.SECCOMP_RET_KILL_PROCESS
	killThread  = unix.SECCOMP_RET_KILL_THREAD
	trap        = unix.SECCOMP_RET_TRAP
)

func jeq(k uint32, jt, jf uint8) unix.SockFilter {
	return unix.SockFilter{Code: bpf.Jeq, Jt: jt, Jf: jf, K: k}
}

func verdict(k uint32) unix.SockFilter { return unix.SockFilter{Code: ret, K: k} }

func TestStaging(t *testing.T) {
	ldArch := unix.SockFilter{Code: ldAbs, K: bpf.OffArch}
	ldNr := unix.SockFilter{Code: ldAbs, K: bpf.OffNr}
	const a, b = 0xc000003e, 0x40000003
	for _, tt := range []struct {
		name         string
		filter, want []unix.SockFilter
	}{
		{"no architecture",
			[]unix.SockFilter{ldNr, jeq(1, 0, 1), allow, verdict(killProcess)},
			[]unix.SockFilter{ldNr, jeq(1, 0, 1), allow, verdict(trap)}},
		{"one kill for all",
			[]unix.SockFilter{ldArch, jeq(a, 0, 3), ldNr, jeq(1, 0, 1), allow, verdict(killProcess)},
			[]unix.SockFilter{
				ldArch, jeq(a, 1, 0), verdict(killProcess), {Code: bpf.LdImm},
				ldArch, jeq(a, 0, 3), ldNr, jeq(1, 0, 1), allow, verdict(trap)}},
		{"two architectures",
			[]unix.SockFilter{ldArch, jeq(a, 2, 0), jeq(b, 1, 0), verdict(killThread | 9), ldNr, jeq(1, 0, 1), allow, verdict(killThread)},
			[]unix.SockFilter{
				ldArch, jeq(a, 2, 0), jeq(b, 1, 0), verdict(killThread | 9), {Code: bpf.LdImm},
				ldArch, jeq(a, 2, 0), jeq(b, 1, 0), verdict(trap), ldNr, jeq(1, 0, 1), allow, verdict(trap)}},
		{"foreign calls are not killed",
			[]unix.SockFilter{ldArch, jeq(a, 1, 0), verdict(unix.SECCOMP_RET_ERRNO | 1), verdict(killProcess)},
			[]unix.SockFilter{ldArch, jeq(a, 1, 0), verdict(unix.SECCOMP_RET_ERRNO | 1), verdict(trap)}},
		{"empty", nil, nil},
		{"invalid", []unix.SockFilter{ldArch, jeq(a, 0, 9)}, []unix.SockFilter{ldArch, jeq(a, 0, 9)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was := slices.Clone(tt.filter)
			if got := install.Staging(tt.filter); !slices.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			if !slices.Equal(tt.filter, was) {
				t.Error("the filter itself has changed")
			}
		})
	}
}

// The kernel's view: a native call is trapped, an i386 one killed.
func TestStagingKernel(t *testing.T) {
	if arch.Native() != arch.X86_64 {
		t.Skip("only amd64 has calls of two architectures in one process")
	}
	staged := install.Staging([]unix.SockFilter{
		{Code: ldAbs, K: bpf.OffArch},
		jeq(arch.X86_64.Audit(), 0, 3),
		{Code: ldAbs, K: bpf.OffNr},
		jeq(unix.SYS_GETPPID, 0, 1),
		allow,
		verdict(killProcess),
	})
	prog := make([]bpf.Insn, len(staged))
	for i, in := range staged {
		prog[i] = bpf.Insn(in)
	}
	judged := func(pcs []int) uint32 { return prog[pcs[0]].K }
	call := []kerneltest.Call{{Nr: unix.SYS_GETPPID}}
	if got := judged(kerneltest.Judge(t, arch.X86_64, prog, call)); got != unix.SECCOMP_RET_ALLOW {
		t.Errorf("the allowed call: %#x", got)
	}
	if got := judged(kerneltest.Judge80(t, prog, call)); got != killProcess {
		t.Errorf("its number in an i386 call: %#x", got)
	}
	call[0].Nr++
	if got := judged(kerneltest.Judge(t, arch.X86_64, prog, call)); got != trap {
		t.Errorf("another call: %#x", got)
	}
}

// What it is for: Go says where.
func TestStagingStack(t *testing.T) {
	forEach(t, func(t *testing.T, child string) {
		r := run(t, child, "staging")
		r.want(t, "", "exit 2")
		for _, want := range []string{"SIGSYS: bad system call", "main.denied1(", "main.staging("} {
			if !strings.Contains(r.stderr, want) {
				t.Errorf("no %q in:\n%s", want, r.stderr)
			}
		}
	})
}
