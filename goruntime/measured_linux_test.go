package goruntime

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/internal/measured"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"golang.org/x/sys/unix"
)

// usualDecimal is usual, as a child takes it.
var usualDecimal = strconv.FormatUint(uint64(usual), 10)

// Sealed by the generated archiver_writer for tiles written in Go, as a daemon
// seals itself.
func TestStressTile(t *testing.T) {
	testStress(t, "./internal/tile", 20*time.Second, nil)
}

// Sealed by archiver_writer for tiles written in Go, compiled from its text and
// the fragments as they are now.
func TestStressFragments(t *testing.T) {
	name := filepath.Join("..", "policy", "gotile", "archiver_writer.seccomppolicy")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, errs := gen.Parse(name, string(text), gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	testStress(t, childPkg, 3*time.Second, func(t *testing.T, a arch.Arch, r wire.Reply) []unix.SockFilter {
		targets, errs := gen.Compile(file, []arch.Arch{a}, compile.Plain)
		if err := errs.Err(); err != nil {
			t.Fatal(err)
		}
		values := map[string]int{"go_epoll_fd": r.EpollFD, "go_event_fd": r.EventFD, "go_pid": r.PID,
			"logfile_fd": r.Log, "archive_fd": r.Archive}
		var params []uint64
		for _, p := range targets[0].Params {
			v, ok := values[p.Name]
			if !ok {
				t.Fatalf("no value for parameter %s", p.Name)
			}
			params = append(params, uint64(v))
		}
		return sockFilter(targets[0].Program.Fill(params))
	}, "stress", usualDecimal)
}

// Sealed by the measured rows themselves, without the fragments and without the
// compiler: a failure here is one of the measurements.
func TestStressMeasured(t *testing.T) {
	levels := measured.Load(t)
	testStress(t, childPkg, 3*time.Second, func(t *testing.T, a arch.Arch, r wire.Reply) []unix.SockFilter {
		rows := tileRows(t, a)
		for i, name := range levelNames {
			if usual&(1<<i) != 0 {
				rows = append(rows, levels[name][a.GOARCH()]...)
			}
		}
		return assemble(t, a, rows, map[string]uint32{
			"epfd": uint32(r.EpollFD), "evfd": uint32(r.EventFD), "pid": uint32(r.PID),
			"log": uint32(r.Log), "archive": uint32(r.Archive),
		})
	}, "stress", usualDecimal)
}

// tileRows are the calls of archiver_writer besides write to standard error: write
// to the two files, fsync of the log.
func tileRows(t *testing.T, a arch.Arch) []measured.Row {
	t.Helper()
	var rows []measured.Row
	for _, r := range [][2]string{{"write", "log"}, {"write", "archive"}, {"fsync", "log"}} {
		nr, ok := a.Number(r[0])
		if !ok {
			t.Fatalf("no number for %s on %v", r[0], a)
		}
		rows = append(rows, measured.Row{Syscall: r[0], Nr: nr, Args: map[int]measured.Constraint{0: {Var: r[1]}}})
	}
	return rows
}

// assemble turns rows into a filter, one block of code a row: a call that some
// row allows is allowed, every other one is killed.
func assemble(t *testing.T, a arch.Arch, rows []measured.Row, vars map[string]uint32) []unix.SockFilter {
	t.Helper()
	prog := []bpf.Insn{
		{Code: bpf.LdAbs, K: bpf.OffArch},
		{Code: bpf.Jeq, K: a.Audit(), Jt: 1},
		{Code: bpf.RetK, K: unix.SECCOMP_RET_KILL_PROCESS},
	}
	for _, r := range rows {
		block := oneOf(bpf.OffNr, uint64(r.Nr))
		for _, n := range slices.Sorted(maps.Keys(r.Args)) {
			c := r.Args[n]
			values := c.Values(t, vars)
			block = append(block, oneOf(bpf.ArgWord(n, false, a.BigEndian()), values...)...)
			if c.Mask(a.Bits())>>32 != 0 {
				// No row has two values that differ in the high word.
				block = append(block, oneOf(bpf.ArgWord(n, true, a.BigEndian()), values[0]>>32)...)
			}
		}
		block = append(block, bpf.Insn{Code: bpf.RetK, K: unix.SECCOMP_RET_ALLOW})
		for i := range block {
			if block[i].Code == bpf.Ja { // leaves the block
				block[i].K = uint32(len(block) - i - 1)
			}
		}
		prog = append(prog, block...)
	}
	return sockFilter(append(prog, bpf.Insn{Code: bpf.RetK, K: unix.SECCOMP_RET_KILL_PROCESS}))
}

// oneOf loads a word and goes on if it is the low word of one of values. Else it
// leaves the block by a jump that assemble aims.
func oneOf(off uint32, values ...uint64) []bpf.Insn {
	code := []bpf.Insn{{Code: bpf.LdAbs, K: off}}
	for i, v := range values {
		code = append(code, bpf.Insn{Code: bpf.Jeq, K: uint32(v), Jt: uint8(len(values) - i)})
	}
	return append(code, bpf.Insn{Code: bpf.Ja})
}

func sockFilter(prog []bpf.Insn) []unix.SockFilter {
	filter := make([]unix.SockFilter, len(prog))
	for i, in := range prog {
		filter[i] = unix.SockFilter(in)
	}
	return filter
}
