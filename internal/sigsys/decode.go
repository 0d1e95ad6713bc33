package sigsys

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/internal/proto"
)

// An Argument is one argument of a stopped call.
type Argument struct {
	proto.Arg
	Index int
	Value uint64 // as much of it as the kernel looks at
	// Text is the value as C might write it: AT_FDCWD, O_WRONLY|O_CREAT, 0640,
	// -1, 0xc000012345. A policy can use it, quoted, for what it compares with.
	Text  string
	Named bool // Text is made of names
}

// Arguments are those the call takes, decoded. ok is false if the report has
// none, or the call's prototype is not known.
func (r *Report) Arguments() (args []Argument, ok bool) {
	if r.Problem != "" || !r.HasArgs || r.X32() {
		return nil, false
	}
	name, ok := r.Arch.Name(r.Nr)
	if !ok {
		return nil, false
	}
	list, ok := proto.Of(r.Arch, name)
	for i, p := range list {
		a := Argument{Arg: p, Index: i, Value: r.Args[i]}
		if p.Bits == 32 {
			a.Value &= 1<<32 - 1
		}
		set := setOf(r.Arch, name, i, r.Args)
		a.Text, a.Named = set.text(r.Arch, a.Value, int(p.Bits))
		if a.Text == "" {
			a.Text, a.Named = number(a)
		}
		args = append(args, a)
	}
	return args, ok
}

// number is a value by its kind alone.
func number(a Argument) (text string, named bool) {
	signed := int64(a.Value)
	if a.Bits == 32 {
		signed = int64(int32(a.Value))
	}
	switch a.Kind {
	case proto.DirFD:
		if signed == -100 { // linux/fcntl.h
			return "AT_FDCWD", true
		}
		return strconv.FormatInt(signed, 10), false
	case proto.Pointer:
		if a.Value == 0 {
			return "NULL", true
		}
		return fmt.Sprintf("%#x", a.Value), false
	case proto.Mode:
		if a.Value == 0 {
			return "0", false
		}
		return fmt.Sprintf("0%o", a.Value), false
	case proto.Flags:
		return hexadecimal(a.Value), false
	case proto.Uint, proto.Size:
		return strconv.FormatUint(a.Value, 10), false
	case proto.ULong: // often an address
		if a.Value > 0xffff {
			return hexadecimal(a.Value), false
		}
		return strconv.FormatUint(a.Value, 10), false
	}
	return strconv.FormatInt(signed, 10), false
}

func hexadecimal(v uint64) string {
	if v == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", v)
}

// String is the call on one line, as in
//
//	openat(AT_FDCWD, 0xc000012345, O_RDONLY|O_CLOEXEC, 0) on x86_64
//
// An audit line has no arguments: "openat(...) on x86_64".
func (r *Report) String() string {
	switch {
	case r.Problem != "":
		return "unknown call"
	case r.X32():
		return fmt.Sprintf("%s (number %#x) on x86_64", r.Name(), r.Nr)
	}
	var texts []string
	args, ok := r.Arguments()
	switch {
	case ok:
		for _, a := range args {
			texts = append(texts, a.Text)
		}
	case r.HasArgs:
		for _, v := range r.Args {
			texts = append(texts, hexadecimal(v))
		}
	default:
		if r.takesArguments() {
			texts = []string{"..."}
		}
	}
	return fmt.Sprintf("%s(%s) on %s", r.Name(), strings.Join(texts, ", "), r.ArchName())
}

// takesArguments is false for calls known to take none.
func (r *Report) takesArguments() bool {
	name, ok := r.Arch.Name(r.Nr)
	if !ok {
		return true
	}
	list, ok := proto.Of(r.Arch, name)
	return !ok || len(list) > 0
}
