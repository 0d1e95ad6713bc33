package program

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/emit"
	"github.com/tileseal/tileseal/internal/rule"
)

// readJSON reads what "tileseal compile -format json" prints.
func readJSON(name string, data []byte) (*Program, error) {
	open, err := emit.ReadJSON(data)
	if err != nil {
		bad := &Error{Name: name, Offset: -1, Msg: err.Error()}
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			bad.Line, bad.Col = at(string(data), int(min(syntax.Offset, int64(len(data)))))
		}
		return nil, bad
	}
	if len(open.Insns) == 0 {
		return nil, &Error{Name: name, Offset: -1, Msg: "it has no instructions, in insns"}
	}
	var params []rule.Param
	for _, name := range open.Params {
		params = append(params, param(name))
	}
	filled, err := open.Provable(params)
	if refused := (*bpf.Error)(nil); err != nil && !errors.As(err, &refused) {
		return nil, &Error{Name: name, Offset: -1, Msg: err.Error()}
	}
	p := &Program{Program: *filled, Name: open.Name, Archs: open.Archs}
	p.widen()
	return p, nil
}

// param is a parameter of which nothing is known.
func param(name string) rule.Param { return rule.Param{Name: name, Bits: 32, Min: -1, Max: 1<<31 - 1} }

// widen gives parameters of which the high word is used 64 bits.
func (p *Program) widen() {
	for _, in := range p.Insns {
		if s := in.Slot; s != nil && s.Sort == nil && s.High {
			p.Params[s.Param].Bits, p.Params[s.Param].Max = 64, 1<<64-1
		}
	}
}

// paramIndex is the index of a parameter, new if it was not mentioned before.
func (p *Program) paramIndex(name string) int {
	if i := slices.IndexFunc(p.Params, func(q rule.Param) bool { return q.Name == name }); i >= 0 {
		return i
	}
	p.Params = append(p.Params, param(name))
	return len(p.Params) - 1
}

// JSON is a program as "tileseal compile -format json" prints one, for the
// architectures of Archs.
func (p *Program) JSON() []byte {
	var b bytes.Buffer
	arch, name := any(p.Archs), p.Name
	if len(p.Archs) == 1 {
		arch = p.Archs[0]
	}
	params := []string{}
	for _, q := range p.Params {
		params = append(params, q.Name)
	}
	fmt.Fprintf(&b, "{\"name\": %s,\n \"params\": %s,\n \"arch\": %s,\n \"instr_cnt\": %d,\n \"insns\": [",
		marshal(name), marshal(params), marshal(arch), len(p.Insns))
	for pc, in := range p.Insns {
		if pc > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n  [%d, %d, %d, %s]", in.Code, in.Jt, in.Jf, p.operandJSON(pc))
	}
	b.WriteString("\n ]}\n")
	return b.Bytes()
}

func (p *Program) operandJSON(pc int) string {
	in := p.Insns[pc]
	switch {
	case in.Slot == nil:
		return fmt.Sprint(in.K)
	case in.Slot.Sort == nil:
		return marshal(p.Symbol(pc))
	}
	var list []any
	for _, x := range in.Slot.Sort {
		if x.Param >= 0 {
			list = append(list, p.Params[x.Param].Name)
		} else {
			list = append(list, uint32(x.Value))
		}
	}
	return fmt.Sprintf(`{"sort": %s, "i": %d}`, marshal(list), in.Slot.Index)
}

// marshal is a string, a number or a list of them, in JSON.
func marshal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // there is none for such values
	}
	return strings.TrimSuffix(b.String(), "\n")
}
