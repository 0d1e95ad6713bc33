package vm

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
)

// Compile loads the program that "tileseal compile" makes of a policy text
// for a: dialect tileseal, layout plain. name is the policy's file, for
// messages and to find the files it includes. params gives every parameter a
// value in its range, those of the Go runtime's levels (go_epoll_fd,
// go_event_fd, go_pid) included if the policy includes them.
//
// The error lists everything wrong with the text, a line each, as
// file:line:column: message.
//
// A package that calls Compile carries the compiler and its tables; it is for
// tests.
func Compile(name, text string, a arch.Arch, params map[string]int) (*Program, error) {
	if !a.Valid() {
		return nil, fmt.Errorf("vm: %v is not an architecture", a)
	}
	_, targets, errs := gen.Read(name, text, gen.Tileseal, []arch.Arch{a}, compile.Plain)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	t := targets[0]
	values := make([]uint64, len(t.Params))
	for i, p := range t.Params {
		v, ok := params[p.Name]
		if !ok {
			return nil, fmt.Errorf("vm: policy %s: parameter %s has no value", t.Name, p.Name)
		}
		if err := p.Check(int64(v)); err != nil {
			return nil, fmt.Errorf("vm: policy %s: %w", t.Name, err)
		}
		values[i] = uint64(v)
	}
	for _, given := range slices.Sorted(maps.Keys(params)) {
		if !slices.ContainsFunc(t.Params, func(p rule.Param) bool { return p.Name == given }) {
			return nil, fmt.Errorf("vm: policy %s has no parameter %s", t.Name, given)
		}
	}
	return load(t.Program.Fill(values), a)
}
