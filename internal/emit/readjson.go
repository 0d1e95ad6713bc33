package emit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/prove"
	"github.com/tileseal/tileseal/internal/rule"
)

// An Open program is one read from its data form, parameters still open.
type Open struct {
	Name   string              `json:"name"`
	Params []string            `json:"params"`
	Arch   string              `json:"-"` // the first of Archs, "" if there is none
	Archs  gen.ArchNames       `json:"arch"`
	Count  int                 `json:"instr_cnt"`
	Insns  [][]json.RawMessage `json:"insns"`
}

// ReadJSON reads a program as JSON writes it.
func ReadJSON(text []byte) (*Open, error) {
	o := &Open{Count: -1}
	if err := json.Unmarshal(text, o); err != nil {
		return nil, err
	}
	if len(o.Archs) > 0 {
		o.Arch = o.Archs[0]
	}
	if o.Count >= 0 && o.Count != len(o.Insns) {
		return nil, fmt.Errorf("instr_cnt is %d, but insns has %d instructions", o.Count, len(o.Insns))
	}
	return o, nil
}

// Provable is the program in the form the prover takes, its parameters those
// of ps of the same name.
func (o *Open) Provable(ps []rule.Param) (*prove.Program, error) {
	for _, name := range o.Params {
		if !slices.ContainsFunc(ps, func(p rule.Param) bool { return p.Name == name }) {
			return nil, fmt.Errorf("the policy has no parameter %s", name)
		}
	}
	out := &prove.Program{Insns: make([]prove.Insn, len(o.Insns)), Params: ps}
	plain := make([]bpf.Insn, len(o.Insns))
	for pc, fields := range o.Insns {
		in, err := o.insn(fields, ps)
		if err != nil {
			return nil, fmt.Errorf("instruction %d: %w", pc, err)
		}
		out.Insns[pc], plain[pc] = in, in.Insn
	}
	return out, bpf.Check(plain)
}

func (o *Open) insn(fields []json.RawMessage, ps []rule.Param) (in prove.Insn, err error) {
	if len(fields) != 4 {
		return in, fmt.Errorf("%d fields, want [code, jt, jf, k]", len(fields))
	}
	for i, to := range []any{&in.Code, &in.Jt, &in.Jf} {
		if err := json.Unmarshal(fields[i], to); err != nil {
			return in, err
		}
	}
	var set struct {
		Sort []json.RawMessage `json:"sort"`
		I    int               `json:"i"`
	}
	var name string
	switch fields[3][0] {
	case '"':
		if err := json.Unmarshal(fields[3], &name); err != nil {
			return in, err
		}
		bare, ok := strings.CutPrefix(name, "$")
		if !ok {
			return in, fmt.Errorf("operand %q is neither a number nor a $parameter", name)
		}
		bare, high := strings.CutSuffix(bare, ">>32")
		n, err := paramNamed(ps, bare)
		in.Slot = &prove.Slot{Param: n, High: high}
		return in, err
	case '{':
		if err := json.Unmarshal(fields[3], &set); err != nil {
			return in, err
		}
		in.Slot = &prove.Slot{Index: set.I}
		for _, raw := range set.Sort {
			x, err := member(raw, ps)
			if err != nil {
				return in, err
			}
			in.Slot.Sort = append(in.Slot.Sort, x)
		}
		if set.I < 0 || set.I >= len(set.Sort) {
			return in, fmt.Errorf("a set of %d has no member %d", len(set.Sort), set.I)
		}
		return in, nil
	}
	return in, json.Unmarshal(fields[3], &in.K)
}

// member is one of a set: a parameter's name, or a number.
func member(raw json.RawMessage, ps []rule.Param) (rule.Operand, error) {
	var name string
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &name); err != nil {
			return rule.Operand{}, err
		}
		n, err := paramNamed(ps, name)
		return rule.Operand{Param: n}, err
	}
	var v uint32
	err := json.Unmarshal(raw, &v)
	return rule.Operand{Param: -1, Value: uint64(v)}, err
}

func paramNamed(ps []rule.Param, name string) (int, error) {
	n := slices.IndexFunc(ps, func(p rule.Param) bool { return p.Name == name })
	if n < 0 {
		return 0, fmt.Errorf("there is no parameter %s", name)
	}
	return n, nil
}
