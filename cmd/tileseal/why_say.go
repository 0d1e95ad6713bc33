package main

import (
	"fmt"
	"io"
	"strings"
)

// say writes an answer as text.
func (a *answer) say(out io.Writer) {
	head := a.Call
	if a.Problem != "" {
		head = "unknown call: " + a.Problem
	}
	if a.Count > 1 {
		head += fmt.Sprintf(", %d times", a.Count)
	}
	fmt.Fprintln(out, head)
	line := func(format string, args ...any) { fmt.Fprintf(out, "\t"+format+"\n", args...) }
	if a.Maker != nil {
		by := fmt.Sprintf("by %s, %s", a.Maker.Func, a.Maker.At)
		if a.Through != "" {
			by += ", through " + a.Through
		}
		line("%s", by)
	}
	context := []string{string(a.Source)}
	if a.Line > 0 {
		context = append(context, fmt.Sprintf("line %d", a.Line))
	}
	for _, k := range []string{"goroutine", "comm", "exe", "pid", "code", "data"} {
		if v, ok := a.Context[k]; ok && k == "goroutine" {
			context = append(context, v)
		} else if ok {
			context = append(context, k+" "+v)
		}
	}
	line("%s", strings.Join(context, ", "))
	for _, n := range a.Notes {
		line("%s", n)
	}
	if a.Judgment != nil {
		a.Judgment.say(line)
	}
}

// say writes a judgment, a line at a time.
func (j *judgment) say(line func(format string, args ...any)) {
	if j.Killed != "" {
		return // said among the notes
	}
	if len(j.Entries) == 0 {
		line("no entry of %s, or of what it includes, is about it: %s", j.File, j.Verdict)
	}
	for _, e := range j.Entries {
		switch e.Holds {
		case "yes":
			line("%s decides: %s", e.At, e.Action)
		case "no":
			line("%s does not apply (%s):", e.At, e.Action)
		default:
			line("%s may apply (%s):", e.At, e.Action)
		}
		for _, w := range e.Why {
			line("\t%s", w)
		}
	}
	switch {
	case j.Verdict == "allow":
		line("%s allows this call; the filter that did not was another, or was made from another text", j.File)
	case j.Verdict == "depends":
		line("verdict: depends on what is not known")
	case len(j.Entries) > 0:
		line("verdict: %s", j.Verdict)
	}
	if j.Advice != nil {
		j.Advice.say(j.File, line)
	}
}

func (a *advice) say(file string, line func(format string, args ...any)) {
	switch {
	case a.At != "":
		line("to allow it, put in place of %s", a.At)
	case a.Entry != "":
		line("to allow it, add to %s", file)
	}
	if a.Entry != "" {
		line("\t%s", a.Entry)
	}
	if len(a.Levels) > 0 {
		line("levels of the Go runtime that allow it, if it is theirs: include %s", strings.Join(a.Levels, " "))
	}
	for _, n := range a.Notes {
		line("%s", n)
	}
}
