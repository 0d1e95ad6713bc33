package emit

import (
	"crypto/sha256"
	"fmt"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/cconst"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

// fields is an instruction as a composite literal of unix.SockFilter.
func (w *goWriter) fields(in compile.Insn) string {
	var s string
	switch in.Code {
	case bpf.LdAbs:
		s = "Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS"
	case bpf.And:
		s = "Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K"
	case bpf.Ja:
		s = "Code: unix.BPF_JMP | unix.BPF_JA"
	case bpf.RetK:
		s = "Code: unix.BPF_RET | unix.BPF_K"
	default:
		s = "Code: unix.BPF_JMP | unix." + jumpConst[in.Code] + " | unix.BPF_K"
		s += fmt.Sprintf(", Jt: %d, Jf: %d", in.Jt, in.Jf)
	}
	return s + ", K: " + w.operand(in)
}

var jumpConst = map[uint16]string{bpf.Jeq: "BPF_JEQ", bpf.Jgt: "BPF_JGT", bpf.Jge: "BPF_JGE", bpf.Jset: "BPF_JSET"}

// operand is K, by its symbol where it has one.
func (w *goWriter) operand(in compile.Insn) string {
	switch in.Ref.Kind {
	case compile.Arch:
		if w.sym.audit {
			return auditArch
		}
		return auditIdent(w.Target, in.K)
	case compile.Load:
		if w.sym.words {
			return fmt.Sprintf("%d + %s", in.K&^7, map[bool]string{false: lowWord, true: highWord}[in.Ref.High])
		}
	case compile.Number:
		if in.Call >= 0 && w.Calls[in.Call].Nr == in.K {
			return w.number(w.Calls[in.Call], archsOf(w.Target)[partOf(w.Target, in.Call)])
		}
	case compile.Verdict:
		return verdictConst(in.Ref.Act)
	case compile.Mask:
		if !in.Ref.High {
			return w.constant(in.Ref.Cmp.MaskText, uint64(in.K))
		}
	case compile.Value:
		if x := in.Ref.Cmp.X; x.Param < 0 && !in.Ref.High && in.Ref.Sort == nil && uint32(x.Value) == in.K {
			return w.constant(x.Text, uint64(in.K))
		}
	}
	return number(uint64(in.K))
}

// number writes small values in decimal and larger ones in hexadecimal.
func number(v uint64) string {
	if v < 1<<12 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}

// number is the number of a call of a by its name in x/sys/unix, else by a named
// constant of the file's own. Calls of another architecture than the file is for
// are numbers there, with their names in the comments.
func (w *goWriter) number(c rule.Call, a arch.Arch) string {
	if a != w.Target.Arch {
		return number(uint64(c.Nr))
	}
	if id, ok := cconst.SysConst(w.Target.Arch, c.Name); ok {
		return "unix." + id
	}
	return w.define("Sys_"+c.Name, number(uint64(c.Nr)), fmt.Sprintf("%s, Linux %s", c.Name, arch.KernelRelease))
}

// define adds a constant of the file's own and is its name.
func (w *goWriter) define(name, value, source string) string {
	id := strings.TrimSuffix(w.array, "Program") + goName(strings.TrimLeft(name, "_"))
	for _, c := range w.consts {
		if c.name == id {
			return id
		}
	}
	w.consts = append(w.consts, namedConst{id, value, source})
	return id
}

var (
	cast   = regexp.MustCompile(`\( *(unsigned|unsigned int|uint|int) *\) *`)
	symbol = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// constant is a value by the names it was written with, if those are joined
// by nothing but | and casts; else the number. It is the number too if the names
// mean another value on the architecture the file is for.
func (w *goWriter) constant(text string, v uint64) string {
	parts := strings.Split(cast.ReplaceAllString(text, ""), "|")
	found := make([]cconst.Const, len(parts))
	meant := uint64(0)
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
		c, ok := cconst.Lookup(w.Target.Arch, parts[i])
		if !ok || !symbol.MatchString(parts[i]) || c.Value > 1<<32-1 {
			return number(v)
		}
		found[i] = c
		meant |= c.Value
	}
	if meant != v {
		return number(v)
	}
	for i, c := range found {
		p := parts[i]
		switch {
		case c.Unix && strings.HasPrefix(p, "SIG"): // a typed constant
			parts[i] = "uint32(unix." + p + ")"
		case c.Unix:
			parts[i] = "unix." + p
		default:
			parts[i] = w.define(p, number(c.Value), p+", "+c.Source)
		}
	}
	return strings.Join(parts, " | ")
}

func verdictConst(a rule.Action) string {
	id := map[rule.Action]string{
		rule.KillProcess: "KILL_PROCESS", rule.KillThread: "KILL_THREAD", rule.Trap: "TRAP", rule.Errno: "ERRNO",
		rule.UserNotif: "USER_NOTIF", rule.Trace: "TRACE", rule.Log: "LOG", rule.Allow: "ALLOW",
	}[a.Kind()]
	s := "unix.SECCOMP_RET_" + id
	if a.Data() != 0 {
		s += fmt.Sprintf(" | %d", a.Data())
	}
	return s
}

// comment says what one instruction does, its jumps with the places they go
// to.
func (w *goWriter) comment(pc int, in compile.Insn) string {
	what := annotation(w.Target, pc, w.param)
	if in.Ref.Kind == compile.Arch && w.sym.audit {
		what = "this architecture"
	}
	switch in.Code {
	case bpf.LdAbs:
		return "load " + strings.TrimPrefix(what, w.callName(in)+" ")
	case bpf.And:
		return "keep the bits of " + in.Ref.Cmp.MaskText
	case bpf.Ja:
		return fmt.Sprintf("go to %d", pc+1+int(in.K))
	case bpf.RetK:
		return what
	}
	op := map[uint16]string{bpf.Jeq: "==", bpf.Jgt: ">", bpf.Jge: ">=", bpf.Jset: "&"}[in.Code]
	if what == "" {
		what = number(uint64(in.K))
	}
	if in.Ref.High {
		what = "high word of " + what
	}
	return fmt.Sprintf("%s %s ? %d : %d", op, what, pc+1+int(in.Jt), pc+1+int(in.Jf))
}

func (w *goWriter) callName(in compile.Insn) string {
	if in.Call < 0 {
		return ""
	}
	return w.Calls[in.Call].Name
}

// param is what a parameter is called in the comments of the generated file.
func (w *goWriter) param(name string) string {
	if m := runtimeMethod(name); m != "" {
		return "rt." + m
	}
	return paramIdent(name)
}

func verbShort(a rule.Action) string {
	if a == rule.Allow {
		return "allowed"
	}
	return a.String()
}

// sources is where the rules for a call were written.
func (w *goWriter) sources(c rule.Call) string {
	var at []string
	for _, k := range c.Cases {
		file := k.Src.File
		if !strings.HasPrefix(file, "go/") {
			file = filepath.Base(file)
		}
		at = append(at, fmt.Sprintf("%s:%d", file, k.Src.Line))
	}
	return strings.Join(at, ", ")
}

// digest identifies the texts a program was made from.
func digest(texts []string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d\n%s", len(t), t)
	}
	return fmt.Sprintf("sha256:%x", h.Sum(nil)[:16])
}

func isGoName(s string) bool { return token.IsIdentifier(s) && token.IsExported(s) }
