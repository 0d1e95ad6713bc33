package main

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/cexpr"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/vm"
)

// call reads a call made on from: its name or number, and its arguments.
func (s *subject) call(from arch.Arch, words []string, params map[int]uint64) (vm.Call, error) {
	c := vm.Call{Arch: from.Audit()}
	name := words[0]
	if nr, err := strconv.ParseUint(name, 0, 32); err == nil {
		c.Nr = uint32(nr)
		name, _ = from.Name(c.Nr)
	} else if nr, ok := from.Number(name); ok {
		c.Nr = nr
	} else {
		return c, fmt.Errorf("no system call %q on %s%s", name, gen.ArchName(from), gen.Suggest(name, callNames(from)))
	}
	if len(words) > 7 {
		return c, fmt.Errorf("%s with %d arguments; a system call has six at most", words[0], len(words)-1)
	}
	kinds, _ := proto.Of(from, name)
	for i, word := range words[1:] {
		v, err := s.argument(from, word, params)
		if err != nil {
			what := fmt.Sprintf("argument %d", i)
			if i < len(kinds) {
				what += fmt.Sprintf(" (%s)", kinds[i].Name)
			}
			if i < len(kinds) && kinds[i].Kind == proto.Pointer {
				return c, fmt.Errorf("%s of %s is a pointer, and a filter sees its address only: give one, as in 0x1000 or 0, not %s", what, name, word)
			}
			return c, fmt.Errorf("%s: %w", what, err)
		}
		c.Args[i] = v
	}
	return c, nil
}

func callNames(a arch.Arch) iter.Seq[string] {
	return func(yield func(string) bool) {
		a.Syscalls()(func(name string, _ uint32) bool { return yield(name) })
	}
}

var looksLikeText = regexp.MustCompile(`^["'/.]`)

// argument is the value of one argument, in a register of from's.
func (s *subject) argument(from arch.Arch, word string, params map[int]uint64) (uint64, error) {
	if i := slices.IndexFunc(s.Params, func(p rule.Param) bool { return p.Name == word }); i >= 0 {
		v, ok := params[i]
		if !ok {
			return 0, fmt.Errorf("parameter %s has no value; add -p %s=N", word, word)
		}
		return cut(from, v), nil
	}
	if looksLikeText.MatchString(word) {
		return 0, fmt.Errorf("a filter sees numbers, no text: give an address, as in 0x1000, not %s", word)
	}
	if v, err := strconv.ParseUint(word, 0, 64); err == nil {
		return fit(from, word, v)
	}
	if v, err := strconv.ParseInt(word, 0, 64); err == nil {
		return fit(from, word, uint64(v))
	}
	v, err := cexpr.Eval(word, constants{from})
	if err != nil {
		var at *cexpr.Error
		if errors.As(err, &at) {
			err = at.Err
		}
		return 0, fmt.Errorf("%s: %w", word, err)
	}
	return fit(from, word, v.V)
}

// fit is v if a register of a holds it, as it is or with its sign.
func fit(a arch.Arch, word string, v uint64) (uint64, error) {
	if a.Bits() == 32 && int64(v) != int64(int32(v)) && v>>32 != 0 {
		return 0, fmt.Errorf("%s does not fit a 32-bit register of %s", word, gen.ArchName(a))
	}
	return cut(a, v), nil
}

func cut(a arch.Arch, v uint64) uint64 {
	if a.Bits() == 32 {
		return uint64(uint32(v))
	}
	return v
}

// constants are the C constants of an architecture.
type constants struct{ arch arch.Arch }

func (c constants) Ident(name string) (cexpr.Value, error) {
	k, ok := cconst.Lookup(c.arch, name)
	if !ok {
		return cexpr.Value{}, fmt.Errorf("neither a number nor a constant of %s%s", gen.ArchName(c.arch),
			gen.Suggest(name, cconst.Names(c.arch)))
	}
	return cexpr.Of(k.Value, 8*k.Type.Size(), k.Type.Signed()), nil
}

func (c constants) Sizeof(typ string) (uint64, error) {
	n, ok := cconst.Sizeof(c.arch, typ)
	if !ok {
		return 0, fmt.Errorf("the size of %s is not known", typ)
	}
	return n, nil
}

// callText is a call made on a as a person writes it, with all arguments that it
// takes and those beyond that are not zero.
func callText(a arch.Arch, c vm.Call) string {
	name, known := a.Name(c.Nr)
	if !known {
		name = fmt.Sprintf("call %#x", c.Nr)
	}
	args, _ := proto.Of(a, name)
	n := len(args)
	for i, v := range c.Args {
		if v != 0 {
			n = max(n, i+1)
		}
	}
	texts := make([]string, n)
	for i, v := range c.Args[:n] {
		if texts[i] = fmt.Sprint(v); v > 0xffff {
			texts[i] = fmt.Sprintf("%#x", v)
		}
	}
	return fmt.Sprintf("%s(%s) on %s", name, strings.Join(texts, ", "), gen.ArchName(a))
}
