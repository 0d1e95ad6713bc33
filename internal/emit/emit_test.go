package emit

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

// everything is the policy that uses every form of the language.
func everything(t *testing.T, a arch.Arch) gen.Target {
	t.Helper()
	return compiled(t, "everything", a, compile.Plain)
}

func compiled(t *testing.T, policy string, a arch.Arch, layout compile.Layout) gen.Target {
	t.Helper()
	name := filepath.Join("everything", policy+gen.Ending)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, targets, errs := gen.Read(name, string(text), gen.Tileseal, []arch.Arch{a}, layout)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	return targets[0]
}

var values = []uint64{3, 10, 20, 7<<32 | 5, 1<<64 - 1, 4}

// TestC compiles the C header and compares the program it writes.
func TestC(t *testing.T) {
	testC(t, "everything", compile.Plain, values)
	testC(t, "sorted", compile.Optimized, []uint64{9, 3, 20, 7<<32 | 5})
}

func testC(t *testing.T, policy string, layout compile.Layout, values []uint64) {
	gcc, err := exec.LookPath("gcc")
	if err != nil || arch.Native() != arch.X86_64 {
		t.Skip("no gcc for x86_64 here")
	}
	target := compiled(t, policy, arch.X86_64, layout)
	dir := t.TempDir()
	call := ""
	for i, v := range values {
		call += fmt.Sprintf(", %#xull", v)
		if target.Params[i].Bits == 32 {
			call = strings.TrimSuffix(call, "ull")
			call = call[:strings.LastIndex(call, ",")] + fmt.Sprintf(", %#xu", uint32(v))
		}
	}
	main := `#include <stdio.h>
#include "policy.h"
int main(void) {
  struct sock_filter f[SECCOMP_NAME_LEN];
  if (populate_seccomp_name(SECCOMP_NAME_LEN - 1, f` + call + `) != -1) return 1;
  if (populate_seccomp_name(SECCOMP_NAME_LEN, f` + call + `) != 0) return 2;
  fwrite(f, sizeof f, 1, stdout);
  return 0;
}
`
	main = strings.NewReplacer("NAME", strings.ToUpper(policy), "seccomp_name", "seccomp_"+policy).Replace(main)
	for name, text := range map[string][]byte{"policy.h": C(target), "main.c": []byte(main)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "main")
	if out, err := exec.Command(gcc, "-Wall", "-Wextra", "-Werror", "-o", bin, filepath.Join(dir, "main.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := exec.Command(bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := Raw(target, values); !bytes.Equal(got, want) {
		t.Errorf("the header writes\n%x\nwant\n%x", got, want)
	}
}

// TestRaw reads the bytes back in the byte order of the architecture.
func TestRaw(t *testing.T) {
	target := everything(t, arch.AArch64)
	raw := Raw(target, values)
	for pc, want := range target.Program.Fill(values) {
		b := raw[8*pc:]
		got := bpf.Insn{Code: binary.LittleEndian.Uint16(b), Jt: b[2], Jf: b[3], K: binary.LittleEndian.Uint32(b[4:])}
		if got != want {
			t.Errorf("instruction %d is %v, want %v", pc, got, want)
		}
	}
	target.Target.BigEndian = true
	if big := Raw(target, values); big[0] != 0 || big[1] != 0x20 || big[7] != 4 {
		t.Errorf("big-endian program begins %x", big[:8])
	}
}

// TestJSON reads the data form back.
func TestJSON(t *testing.T) {
	target := everything(t, arch.X86_64)
	text, err := JSON(target)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Name, Arch, Layout string
		Params             []string
		InstrCnt           int `json:"instr_cnt"`
		Insns              [][4]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "everything" || got.Arch != "x86_64" || got.Layout != "plain" || got.InstrCnt != len(got.Insns) {
		t.Errorf("head is %s %s %s %d, %d instructions", got.Name, got.Arch, got.Layout, got.InstrCnt, len(got.Insns))
	}
	var symbols []string
	for pc, in := range got.Insns {
		if s, ok := in[3].(string); ok {
			symbols = append(symbols, s)
		} else if in[3] != float64(target.Program.Insns[pc].K) {
			t.Errorf("instruction %d: k is %v", pc, in[3])
		}
	}
	want := "$log_fd $first_fd $last_fd $log_fd $size>>32 $size>>32 $size $size>>32 $size>>32 $size $dir_fd $dir_fd"
	if strings.Join(symbols, " ") != want {
		t.Errorf("parameters are\n%s, want\n%s", strings.Join(symbols, " "), want)
	}
}

func TestNames(t *testing.T) {
	for _, tc := range []struct{ in, exported, local string }{
		{"archiver_writer", "ArchiverWriter", "archiverWriter"},
		{"logfile_fd", "LogfileFD", "logfileFD"},
		{"rx_fd0", "RxFD0", "rxFD0"},
		{"solcap_fd_0", "SolcapFD0", "solcapFD0"},
		{"sockfd", "Sockfd", "sockfd"},
		{"pid_namespace", "PidNamespace", "pidNamespace"},
		{"etc_resolv_conf", "EtcResolvConf", "etcResolvConf"},
		{"__WALL", "WALL", "WALL"},
	} {
		if got := goName(tc.in); got != tc.exported {
			t.Errorf("goName(%q) = %s, want %s", tc.in, got, tc.exported)
		}
	}
	for in, want := range map[string]string{"fd_repair_tile": "Repair", "fd_genesi_tile": "Genesi", "snapin_tile_vinyl": "SnapinTileVinyl", "my-job": "MyJob", "quic": "Quic"} {
		if got := goName(policyIdent(in)); got != want {
			t.Errorf("policy %s is %s in Go, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"logfile_fd": "logfileFD", "type": "typeParam", "out": "outParam", "rt": "rtParam"} {
		if got := paramIdent(in); got != want {
			t.Errorf("parameter %s is %s in Go, want %s", in, got, want)
		}
	}
}

// TestBadFileName refuses names that make no Go function.
func TestBadFileName(t *testing.T) {
	f, errs := gen.Parse("1 tile"+gen.Ending, "noarg\ngetpid\n", gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := Go("policy", f, nil, nil); err == nil || !strings.Contains(err.Error(), "only letters, digits and _") {
		t.Errorf("error %v", err)
	}
}
