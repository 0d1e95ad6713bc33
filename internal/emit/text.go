// Package emit writes a compiled policy in the formats people and programs
// read: Go, C, JSON, a listing, raw bytes.
package emit

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
)

// JSON is the program as data: every instruction is [code, jt, jf, k], and k
// is "$name" where a parameter is filled in, "$name>>32" for the high word of
// one that has 64 bits, and {"sort":["a","b",2],"i":1} for the one of several
// parameters and constants that comes second when they are sorted.
func JSON(t gen.Target) ([]byte, error) {
	var b strings.Builder
	name, err := json.Marshal(t.Name)
	if err != nil {
		return nil, err
	}
	archs, err := archJSON(t)
	if err != nil {
		return nil, err
	}
	params := make([]string, len(t.Params))
	for i, p := range t.Params {
		params[i] = fmt.Sprintf("%q", p.Name)
	}
	fmt.Fprintf(&b, "{\"name\": %s,\n \"params\": [%s],\n \"arch\": %s,\n \"layout\": %q,\n \"instr_cnt\": %d,\n \"insns\": [",
		name, strings.Join(params, ", "), archs, t.Program.Layout, len(t.Program.Insns))
	for i, in := range t.Program.Insns {
		if i > 0 {
			b.WriteString(",")
		}
		k := fmt.Sprint(in.K)
		if s := paramSymbol(t, in); s != "" {
			k = fmt.Sprintf("%q", s)
		}
		if in.Ref.Sort != nil {
			k = fmt.Sprintf(`{"sort": [%s], "i": %d}`, sortList(t, in, func(p string) string { return strconv.Quote(p) }), in.Ref.Index)
		}
		fmt.Fprintf(&b, "\n  [%d, %d, %d, %s]", in.Code, in.Jt, in.Jf, k)
	}
	b.WriteString("\n ]}\n")
	return []byte(b.String()), nil
}

// sortList is the members of a sorted operand, the parameters as name gives
// them.
func sortList(t gen.Target, in compile.Insn, name func(string) string) string {
	var list []string
	for _, x := range in.Ref.Sort {
		if x.Param >= 0 {
			list = append(list, name(t.Params[x.Param].Name))
		} else {
			list = append(list, fmt.Sprint(uint32(x.Value)))
		}
	}
	return strings.Join(list, ", ")
}

// ordinal names a place in a sorted list.
func ordinal(in compile.Insn) string {
	switch n := len(in.Ref.Sort); in.Ref.Index {
	case 0:
		return "the least of "
	case n - 1:
		return "the greatest of "
	}
	return fmt.Sprintf("number %d in order of ", in.Ref.Index+1)
}

// paramSymbol is how the data formats write an operand that is a parameter,
// "" where it is none.
func paramSymbol(t gen.Target, in compile.Insn) string {
	n := in.Ref.Param()
	switch {
	case n < 0, in.Ref.High && t.Params[n].Bits == 32:
		return ""
	case in.Ref.High:
		return "$" + t.Params[n].Name + ">>32"
	}
	return "$" + t.Params[n].Name
}

// Asm is the program as a listing, with the rule each part comes from.
func Asm(t gen.Target) []byte {
	insns := make([]bpf.Insn, len(t.Program.Insns))
	for i, in := range t.Program.Insns {
		insns[i] = in.Insn
	}
	symbol := func(pc int) string {
		in := t.Program.Insns[pc]
		if in.Ref.Sort != nil {
			return fmt.Sprintf("sort(%s)[%d]", sortList(t, in, func(p string) string { return "$" + p }), in.Ref.Index)
		}
		return paramSymbol(t, in)
	}
	note := func(pc int) string { return annotation(t, pc, func(s string) string { return s }) }
	head := fmt.Sprintf("; %s for %s, layout %v, %d instructions\n", t.Name, t.Target.Name, t.Program.Layout, len(insns))
	return []byte(head + bpf.List(insns, symbol, note))
}

// annotation explains one instruction, "" where it speaks for itself.
func annotation(t gen.Target, pc int, name func(string) string) string {
	in := t.Program.Insns[pc]
	switch in.Ref.Kind {
	case compile.Field:
		if in.K == bpf.OffArch {
			return "architecture"
		}
		return "number of the call"
	case compile.Arch:
		return strings.Join(auditNames(t, in.K), " and ")
	case compile.Number:
		if in.Call < 0 {
			return number(uint64(in.K))
		}
		return t.Calls[in.Call].Name + onArch(t, in)
	case compile.Load:
		word := ""
		if in.Ref.Cmp.Width == 64 {
			word = ", low word"
			if in.Ref.High {
				word = ", high word"
			}
		}
		call := ""
		if in.Call >= 0 {
			call = t.Calls[in.Call].Name + " "
		}
		return fmt.Sprintf("%sargument %d%s", call, in.Ref.Cmp.Arg, word)
	case compile.Value:
		if in.Ref.Sort != nil {
			return ordinal(in) + sortList(t, in, name)
		}
		return prose{t.Policy, name}.operand(in.Ref.Cmp.X)
	case compile.Verdict:
		return in.Ref.Act.String()
	}
	if isX32Guard(t, in) {
		return "number of x32"
	}
	return ""
}

// Raw is the program as the kernel reads it, struct sock_filter after struct
// sock_filter in the byte order of the architecture.
func Raw(t gen.Target, params []uint64) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if t.Target.BigEndian {
		order = binary.BigEndian
	}
	var out []byte
	for _, in := range t.Program.Fill(params) {
		out = order.AppendUint16(out, in.Code)
		out = append(out, in.Jt, in.Jf)
		out = order.AppendUint32(out, in.K)
	}
	return out
}
