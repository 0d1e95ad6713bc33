package vm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/gen"
)

// ReadJSON loads a program as "tileseal compile -format json" prints it:
//
//	{"name": "tile", "params": ["log_fd"], "arch": "x86_64", "layout": "plain",
//	 "instr_cnt": 2, "insns": [[32, 0, 0, 16], [21, 0, 1, "$log_fd"], ...]}
//
// arch is a list if the program is for several architectures, as in
// ["x86_64", "i386"]: the first is the program's own, and [CallOf] makes the
// calls of the others.
//
// An instruction is [code, jt, jf, k], where k is a number, "$name" for the
// low word of a parameter, "$name>>32" for its high word, or
// {"sort": ["a", "b", 2], "i": 1} for the low word that is at index 1 once those
// of the parameters and numbers listed are sorted. params gives every
// parameter of the program a value, and nothing else: from -1 to 2^31-1, or
// anything if the program uses the high word. -1 is all ones. Where Populate
// refuses -1, because it would widen the policy, ReadJSON cannot know.
func ReadJSON(r io.Reader, params map[string]int) (*Program, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("vm: reading a program: %w", err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("vm: reading a program: %w", err)
	}
	set, err := f.Archs.Set()
	if err == nil && set.Len() == 0 {
		err = errors.New("it names no architecture")
	}
	if err != nil {
		return nil, fmt.Errorf("vm: %s: %w", f.label(), err)
	}
	insns, err := f.fill(params)
	if err != nil {
		return nil, fmt.Errorf("vm: %s: %w", f.label(), err)
	}
	return load(insns, set.All()[0])
}

// A file is the JSON form of a program.
type file struct {
	Name   string              `json:"name"`
	Params []string            `json:"params"`
	Archs  gen.ArchNames       `json:"arch"`
	Count  *int                `json:"instr_cnt"` // nil if absent
	Insns  [][]json.RawMessage `json:"insns"`
}

func (f *file) label() string {
	if f.Name == "" {
		return "program without a name"
	}
	return "program " + f.Name
}

// fill is the program with the operands that are parameters filled in.
func (f *file) fill(params map[string]int) ([]bpf.Insn, error) {
	if err := f.checkParams(params); err != nil {
		return nil, err
	}
	if f.Count != nil && *f.Count != len(f.Insns) {
		return nil, fmt.Errorf("instr_cnt is %d, but insns has %d instructions", *f.Count, len(f.Insns))
	}
	insns := make([]bpf.Insn, len(f.Insns))
	for pc, fields := range f.Insns {
		if len(fields) != 4 {
			return nil, fmt.Errorf("instruction %d has %d fields, want [code, jt, jf, k]", pc, len(fields))
		}
		in := &insns[pc]
		k, err := f.operand(fields[3], params)
		if err == nil {
			in.K = k
			err = errors.Join(number(fields[0], &in.Code), number(fields[1], &in.Jt), number(fields[2], &in.Jf))
		}
		if err != nil {
			return nil, fmt.Errorf("instruction %d: %w", pc, err)
		}
	}
	return insns, nil
}

// operand reads a number, a word of a parameter, or a member of a sorted set.
func (f *file) operand(raw json.RawMessage, params map[string]int) (uint32, error) {
	if raw[0] == '{' {
		return f.sorted(raw, params)
	}
	text, ok := symbol(raw)
	if !ok {
		var k uint32
		err := number(raw, &k)
		return k, err
	}
	name, high := strings.CutSuffix(text, highWord)
	name, ok = strings.CutPrefix(name, "$")
	if !ok || !slices.Contains(f.Params, name) {
		return 0, fmt.Errorf("operand %q is none of the parameters %q", text, f.Params)
	}
	v := int64(params[name])
	if high {
		v >>= 32
	}
	return uint32(v), nil
}

// sorted reads {"sort": ["a", "b", 2], "i": 1}: of these, sorted by their low
// words, the one at index 1.
func (f *file) sorted(raw json.RawMessage, params map[string]int) (uint32, error) {
	var set struct {
		Sort []json.RawMessage `json:"sort"`
		I    int               `json:"i"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return 0, err
	}
	var values []uint32
	for _, m := range set.Sort {
		var v uint32
		name, ok := symbol(m)
		switch {
		case ok && !slices.Contains(f.Params, name):
			return 0, fmt.Errorf("member %q is none of the parameters %q", name, f.Params)
		case ok:
			v = uint32(params[name])
		default:
			if err := number(m, &v); err != nil {
				return 0, err
			}
		}
		values = append(values, v)
	}
	if set.I < 0 || set.I >= len(values) {
		return 0, fmt.Errorf("a set of %d has no member %d", len(values), set.I)
	}
	slices.Sort(values)
	return values[set.I], nil
}

const highWord = ">>32"

// symbol is a JSON string.
func symbol(raw json.RawMessage) (text string, ok bool) {
	ok = raw[0] == '"' && json.Unmarshal(raw, &text) == nil
	return text, ok
}

// wide reports whether the program uses the high word of a parameter.
func (f *file) wide(name string) bool {
	return slices.ContainsFunc(f.Insns, func(fields []json.RawMessage) bool {
		if len(fields) != 4 {
			return false
		}
		text, ok := symbol(fields[3])
		return ok && text == "$"+name+highWord
	})
}

// number reads one number in the range of T. json.Unmarshal alone would take
// null for "leave it as it is".
func number[T uint8 | uint16 | uint32](raw json.RawMessage, v *T) error {
	if string(raw) == "null" {
		return errors.New("null is not a number")
	}
	return json.Unmarshal(raw, v)
}

// checkParams holds the values against the parameters the program names.
func (f *file) checkParams(params map[string]int) error {
	for _, name := range f.Params {
		v, ok := params[name]
		if !ok {
			return fmt.Errorf("parameter %s has no value", name)
		}
		if !f.wide(name) && (v < -1 || v > math.MaxInt32) {
			return fmt.Errorf("parameter %s is %d; it may be -1 to %d", name, v, math.MaxInt32)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !slices.Contains(f.Params, name) {
			return fmt.Errorf("no parameter %s; the program has %q", name, f.Params)
		}
	}
	return nil
}
