package program_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/program"
)

// FuzzParse: whatever the text, it is a program or a typed error with a place in it.
// A program is the same again by way of its listing and of JSON.
func FuzzParse(f *testing.F) {
	f.Add(program.Raw(writes, false))
	f.Add(program.Raw(writes, true))
	for _, s := range []string{
		`{"params": ["a", "b"], "arch": ["x86_64", "i386"], "insns": [[21,0,0,"$a>>32"],[21,0,0,{"sort":["a","b",2],"i":1}],[6,0,0,0]]}`,
		"struct sock_filter f[] = { BPF_STMT(BPF_LD|BPF_W|BPF_ABS, 0), { .code = 6, .k = -1 }, };",
		"{ 0x20, 0, 0, 4 }, { 6, 0, 0, 0 },",
		"a: ld [4]\njeq #$a, b\njset #sort($a, $b, 2)[1], 0, b\nldx M[3]\nb: ret a ; c\n",
		"insn 0x94, 1, 2, #3\ninsn 0x20, 0, 0, #$a\nja 4000000000\nst M[1]\nadd x\nneg",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := program.Parse("x", data, arch.X86_64)
		if err != nil {
			typed := (*program.Error)(nil)
			if !errors.As(err, &typed) || typed.Line == 0 && typed.Offset > len(data) {
				t.Fatalf("%#v", err)
			}
			return
		}
		values := make([]uint64, 8+len(p.Params))
		for i := range values {
			values[i] = uint64(i) << 31
		}
		for _, text := range []string{p.Text(nil), string(p.JSON())} {
			again, err := program.Parse("x", []byte(text), 0)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if len(p.Params) == 0 && !slices.Equal(again.Fill(nil), p.Fill(nil)) {
				t.Fatalf("reads back as %v, was %v", again.Fill(nil), p.Fill(nil))
			}
			if len(again.Insns) != len(p.Insns) {
				t.Fatalf("%d instructions, were %d", len(again.Insns), len(p.Insns))
			}
		}
	})
}

// FuzzListing: whatever the bytes, the listing of the instructions they are is read as
// the same bytes, and Read gives out what the kernel takes only.
func FuzzListing(f *testing.F) {
	f.Add(program.Raw(writes, false))
	f.Add(program.Raw([]bpf.Insn{{Code: bpf.LdAbs, Jt: 1, K: 4}, {Code: bpf.Ja, K: 1 << 31}, {Code: bpf.Tax, K: 1}, {Code: bpf.Jeq | bpf.SrcX, Jt: 9, K: 1}}, false))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:len(data)/8*8]
		for i := 1; i < len(data); i += 8 {
			data[i] = 0 // no opcode is above 0xff
		}
		p, err := program.Parse("x", data, 0)
		if err != nil || p.BigEndian {
			return
		}
		text := p.Text(nil)
		again, err := program.Parse("x", []byte(text), 0)
		if err != nil || !slices.Equal(program.Raw(again.Fill(nil), false), data) {
			t.Fatalf("%v: %s", err, text)
		}
		if insns, err := program.Read("x", data); (err == nil) != (bpf.Check(p.Fill(nil)) == nil) || err == nil && !slices.Equal(insns, p.Fill(nil)) {
			t.Fatalf("%v: %s", err, text)
		}
	})
}
