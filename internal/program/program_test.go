package program_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/program"
	"github.com/tileseal/tileseal/internal/rule"
)

// writes allows write and kills the rest, of x86_64.
var writes = []bpf.Insn{
	{Code: bpf.LdAbs, K: bpf.OffArch},
	{Code: bpf.Jeq, Jt: 0, Jf: 3, K: 0xc000003e},
	{Code: bpf.LdAbs, K: bpf.OffNr},
	{Code: bpf.Jeq, Jt: 0, Jf: 1, K: 1},
	{Code: bpf.RetK, K: 0x7fff0000},
	{Code: bpf.RetK, K: 0x80000000},
}

// TestRead reads one program in all its forms.
func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"little-endian bytes": string(program.Raw(writes, false)),
		"big-endian bytes":    string(program.Raw(writes, true)),
		"JSON": ` {"name": "w", "params": [], "arch": "x86_64", "instr_cnt": 6, "insns": [
			[32,0,0,4],[21,0,3,3221225534],[32,0,0,0],[21,0,1,1],[6,0,0,2147418112],[6,0,0,2147483648]]}`,
		"bare initialisers": `{ 0x20, 0, 0, 0x00000004 },
			{ 0x15, 0, 3, 0xc000003e },{ 0x20, 0, 0, 0 }, { 0x15, 0, 1, 1 },
			{ 0x06, 0, 0, 0x7fff0000 },
			{ 0x06, 0, 0, 0x80000000 },`,
		"macros": `
			#include <linux/filter.h> /* {1, 2, 3, 4} */
			#define X BPF_STMT(1, \
				2)
			static const char *name = "{ 1, 2, 3, 4 }"; // BPF_STMT(1, 2)
			static struct sock_filter filter[] = {
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
				BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, AUDIT_ARCH_X86_64, 0, 3),
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offsetof(struct seccomp_data, args[0]) - 4*sizeof(__u32))),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
				BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
				BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
			};
			static struct sock_fprog prog = { .len = sizeof filter / sizeof filter[0], .filter = filter };
			int main(void) { struct x y = {0}; return load(&prog); }`,
		"bare, guarded, with casts": `#ifndef W_H
			#define W_H
			(struct sock_filter){ 0x20, 0, 0, 4 }, { 0x15, 0, 3, 0xc000003e }, { 0x20, 0, 0, 0 }, { 0x15, 0, 1, 1 },
			{ 0x06, 0, 0, 0x7fff0000 }, (struct sock_filter) { 0x06, 0, 0, 0x80000000 }
			#endif`,
		"preprocessed": `enum { A, B, C }; enum d { E, F, G, H }; typedef struct { long long a, b; } align;
			struct sock_filter filter[] = {
			{ (unsigned short)(0x00|0x00|0x20), 0, 0, __builtin_offsetof (struct seccomp_data, arch) },
			{ (unsigned short)(0x05|0x10|0x00), 0, 3, (62|0x80000000|0x40000000) },
			{ (unsigned short)(0x00|0x00|0x20), 0, 0, (__builtin_offsetof (struct seccomp_data, nr)) },
			{ (unsigned short)(0x05|0x10|0x00), 0, 1, 1 }, { (unsigned short)(0x06|0x00), 0, 0, 0x7fff0000U },
			{ (unsigned short)(0x06|0x00), 0, 0, 0x80000000U }, };`,
		"designators": `struct sock_filter f[] = {
			{ .code = 0x20, .k = 4 }, { .code = 0x15, .jt = 0, .jf = 3, .k = 0xc000003eU },
			{ .code = 0x20 }, { .code = 0x15, .k = 1, .jf = 1 }, { .code = 6, .k = 0x7fff0000 }, { .code = 6, .k = 0x80000000, }, };`,
		"our C": `  const struct sock_filter filter[SECCOMP_W_LEN] = {
			{ 0x20,   0,   0, 0x00000004u }, /* 0: architecture */
			{ 0x15,   0,   3, 0xc000003eu }, /* 1 */ { 0x20, 0, 0, 0u }, { 0x15, 0, 1, 1u }, { 0x06, 0, 0, 0x7fff0000u },
			{ 0x06,   0,   0, 0x80000000u }, /* 5: kill_process */
		};`,
		"listing": `; a comment
			l0: ld [4] ; the architecture
			l1: jeq #0xc000003e, l2, l5
			l2: ld [0]
			l3: jeq #0x1, l4, l5
			l4: ret #0x7fff0000
			l5: ret #0x80000000`,
		"listing with names": `
			ld [4]
			jne #AUDIT_ARCH_X86_64, kill
			ld [0]
			jne #1, kill
			ret #SECCOMP_RET_ALLOW
			kill: ret #SECCOMP_RET_KILL_PROCESS`,
		"listing with distances": "ld [4]\njeq #0xc000003e, 0, 3\nld [0]\njeq #1, 0, 1\ninsn 6, 0, 0, #0x7fff0000\nret #0x80000000\n",
	} {
		got, err := program.Read(name, []byte(text))
		if want := swapped(writes, strings.HasPrefix(name, "listing with names")); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// swapped is writes with its jumps the other way round, where jne is used.
func swapped(p []bpf.Insn, really bool) []bpf.Insn {
	p = slices.Clone(p)
	for i, in := range p {
		if really && in.Code == bpf.Jeq {
			p[i].Jt, p[i].Jf = 0, in.Jf
		}
	}
	return p
}

// Ends of errors about what only a compiler can read.
const (
	unknown = " is no instruction in a form that is known here; if it is a macro, hand over what the preprocessor makes of it (cc -E -P)"
	choice  = "which instructions there are is up to the preprocessor; hand over what it makes of this (cc -E -P)"
)

// TestReadErrors shows each error and its place.
func TestReadErrors(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", "x: it is empty; a program has at least one instruction"},
		{"\x20\x00\x00\x00\x04\x00\x00\x00\x06", "x: offset 8: 1 bytes are left over; raw programs have 8 an instruction"},
		{"\x20\x00\x00\x00\x04\x00\x00\x00\x06\x01\x00\x00\x00\x00\x00\x00", "x: offset 8: opcode 0x0106 is none of classic BPF; these are no raw bytes of a program"},
		{`{"insns": [`, "x:1:12: unexpected end of JSON input"},
		{`{"insns": [[32,0,0]]}`, "x: instruction 0: 3 fields, want [code, jt, jf, k]"},
		{`{"params": ["fd"], "insns": [[21,0,0,"$fd"],[6,0,0,0]]}`, "x: the program has a parameter, fd, that is not filled in"},
		{"{ 0x20, 0, 0 },", "x:1:1: an instruction has four values, code, jt, jf and k; found 3"},
		{"{ 0x20, 0, 0, 4 },\n{ 0x06, 256, 0, 0 }", "x:2:9: 256 does not fit; it is at most 255"},
		{"{ 0x20, 0, 0, -1 }, { 6, 0, 0, 1UL<<32 }", "x:1:32: 1UL<<32 does not fit 32 bits"},
		{"BPF_STMT(BPF_RET, SECOMP_RET_ALLOW)", "x:1:19: SECOMP_RET_ALLOW is no constant known here"},
		{"BPF_STMT(BPF_RET)", "x:1:1: BPF_STMT takes 2 values, code and k; found 1"},
		{"BPF_JUMP(BPF_JMP|BPF_JEQ, __NR_read, 0, 1)", "x:1:27: __NR_read depends on the architecture, which is not known here"},
		{"{ 6, 0, 0, (unsigned int)log_fd }", "x:1:26: log_fd is no constant known here"},
		{"a[] = {{ 6, 0, 0, 0 }};\nb[] = {{ 6, 0, 0, 0 }};", "x:2:8: this is an instruction of a second array; a program is one"},
		{"a[] = {{ 6, 0, 0, 0 }", "x:1:7: this is not closed"},
		{"a[] = {\n{ 0x20, 0, 0, 0 },\n ALLOW(read),\nKILL,\n{ 6, 0, 0, 0 }};", "x:3:2: \"ALLOW(read)\"" + unknown},
		{"a[] = {\n LOAD, { 6, 0, 0, 0 }};", "x:2:2: \"LOAD\"" + unknown},
		{"a[] = {{ 6, 0, 0, 0 }, KILL };", "x:1:24: \"KILL\"" + unknown},
		{"a[] = {{ 0x20, 0, 0, 0 },\n{ 6 },\n{ 6, 0, 0, 0 }};", "x:2:1: \"{ 6 }\"" + unknown},
		{"a[] = {{ 0x20, 0, 0, 0 },\n[1] = { 6, 0, 0, 0 }};", "x:2:1: \"[1] =\"" + unknown},
		{"{ 0x20, 0, 0, 0 },\nBPF_STMT(6, 0)\nKILL", "x:3:1: \"KILL\"" + unknown},
		{"a[] = {{ 0x20, 0, 0, 0 },\n#ifdef X\n{ 6, 0, 0, 0 },\n#endif\n{ 6, 0, 0, 1 }};", "x:2:1: " + choice},
		{"a[] = {{ 6, 0, 0, 0 },\n # if 0 // no\n};", "x:2:2: " + choice},
		{"{ 0x20, 0, 0, 0 },\n#if X\n{ 6, 0, 0, 0 },\n#endif", "x:2:1: " + choice},
		{"ld [4]\nlda [0]\n", `x:2:1: "lda" is no instruction seccomp takes`},
		{"ld 4", `x:1:4: ld does not take "4"`},
		{"ld [64]\nret #0", "x: instruction 0 loads offset 64, past struct seccomp_data of 64 bytes"},
		{"jeq #1, no\nret #0", "x:1:9: label no is not defined"},
		{"a: ld [0]\njeq #1, a\nret #0", "x:2:9: a is above; jumps go forward"},
		{"jeq #1, far\n" + strings.Repeat("ld [0]\n", 256) + "far: ret #0", "x:1:9: far is 256 instructions on; a conditional jump skips at most 255, so go by way of a ja"},
		{"a: ld [0]\na: ret #0", "x:2:1: label a is defined twice"},
		{"jeq #$fd, 0, 0\nret #0", "x: the program has a parameter, fd, that is not filled in"},
		{"jeq #sort($a, $b)[2], 0, 0\nret #0", "x:1:19: 2: of 2 there is 0 to 1"},
		{"ret 1", `x:1:5: "1": an operand begins with #, as in #0x3`},
		{"insn 1, 2, 3", "x:1:1: write it as: insn CODE, JT, JF, #K"},
		{"insn 0x20, 256, 0, 0", `x:1:12: "256" is no number from 0 to 255`},
		{"; nothing\n", "x:1:1: there is no instruction"},
		{"ld [0]", "x: instruction 0 (ld [0]) is the last one; a program ends with ret"},
	} {
		_, err := program.Read("x", []byte(row.text))
		if typed := (*program.Error)(nil); !errors.As(err, &typed) || err.Error() != row.want {
			t.Errorf("%q:\n\t%v, want\n\t%s", row.text, err, row.want)
		}
	}
}

// TestNumbers has the names of calls mean those of the architecture given.
func TestNumbers(t *testing.T) {
	for a, nr := range map[arch.Arch]uint32{arch.X86_64: 1, arch.X86: 4, arch.AArch64: 64} {
		for _, text := range []string{"BPF_STMT(BPF_RET|BPF_K, __NR_write)", "ret #SYS_write"} {
			p, err := program.Parse("x", []byte(text), a)
			if err != nil || p.Insns[0].K != nr {
				t.Errorf("%v: %s: %v, %v", a, text, p, err)
			}
		}
	}
}

// TestListings prints every prebuilt program and reads it back: the same
// instructions, parameters open; and the same from our other texts.
func TestListings(t *testing.T) {
	files, err := filepath.Glob("../../policy/*" + gen.Ending)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	more, err := filepath.Glob("../../policy/gotile/archiver_*" + gen.Ending)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, layout := range []compile.Layout{compile.Plain, compile.Optimized} {
			_, targets, errs := gen.Read(file, string(text), gen.Tileseal, []arch.Arch{arch.X86_64}, layout)
			if errs.Err() != nil {
				t.Fatal(errs)
			}
			checkTarget(t, file, targets[0])
		}
	}
}

func checkTarget(t *testing.T, file string, target gen.Target) {
	t.Helper()
	want := gen.Provable(target.Program)
	js, err := emit.JSON(target)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]uint64, len(want.Params))
	for i := range values {
		values[i] = uint64(i) + 3
	}
	closed := want.Fill(values)
	fromJSON, err := program.Parse(file, js, 0)
	if err != nil {
		t.Fatal(err)
	}
	again := fromJSON.Text(nil)
	for form, text := range map[string]string{
		"JSON": string(js), "asm": string(emit.Asm(target)), "listing": again, "JSON again": string(fromJSON.JSON()),
		"raw": string(emit.Raw(target, values)),
	} {
		got, err := program.Parse(file, []byte(text), 0)
		if err != nil {
			t.Errorf("%s as %s: %v", file, form, err)
			continue
		}
		filled := make([]uint64, len(got.Params)) // by name: the order in a listing is another
		for i, p := range got.Params {
			filled[i] = values[slices.IndexFunc(want.Params, func(q rule.Param) bool { return q.Name == p.Name })]
		}
		if !reflect.DeepEqual(got.Fill(filled), closed) {
			t.Errorf("%s, layout %v, as %s reads back as another program", file, target.Program.Layout, form)
		}
	}
	if len(want.Params) == 0 {
		if got, err := program.Read(file, emit.C(target)); err != nil || !slices.Equal(got, closed) {
			t.Errorf("%s as C: %v", file, err)
		}
	}
}
