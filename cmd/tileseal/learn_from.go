package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/learn"
	"github.com/tileseal/tileseal/internal/sandbox"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// prepare looks at what starts the program.
func (l *learner) prepare(startup []string) error {
	if l.isGo = l.isGo || slices.Contains(startup, "go"); l.isGo {
		if err := l.trace.Go(); err != nil {
			return err
		}
	}
	if l.whole || startup == nil {
		l.start = learn.NewStart(nil)
		return nil
	}
	s, err := sandbox.NewStarter(startup)
	if err != nil {
		return err
	}
	l.start = learn.NewStart(s)
	return nil
}

// fromCommand runs it.
func (l *learner) fromCommand() error {
	args := l.Args()
	e, err := l.executable(args)
	if err != nil {
		return err
	}
	l.title = "learned from: " + quoted(args)
	if err := l.prepare(e.startup); err != nil {
		return err
	}
	plan, err := sandbox.NewPlan(nil, nil, sandbox.Record)
	if err != nil {
		return err
	}
	stdout := 1
	if l.out == "" {
		stdout = 2
	}
	pr, err := plan.Start(e.command(stdout), nil)
	if err != nil {
		return notStarted(l.command, err)
	}
	if err := pr.Listen(func(c sandbox.Call) { l.add(learn.FromKernel(c)) }); err != nil {
		return err
	}
	end, err := pr.Wait()
	if err != nil {
		return notStarted(l.command, err)
	}
	if end.Status != 0 {
		how := fmt.Sprintf("exit status %d", end.Status)
		if end.Signal != "" {
			how = end.Signal
		}
		fmt.Fprintf(l.stderr, "tileseal: the command ended with %s; what it does when it succeeds may be missing\n", how)
	}
	return nil
}

// quoted is a command line on one line, as a shell takes it unless a word has what
// cannot be printed.
func quoted(args []string) string {
	words := slices.Clone(args)
	for i, w := range words {
		switch {
		case strings.ContainsFunc(w, func(r rune) bool { return !strconv.IsPrint(r) }):
			words[i] = strconv.Quote(w)
		case w == "" || strings.ContainsAny(w, " \"'\\`$&|;<>()[]{}*?~#!"):
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// fromFiles reads what others recorded.
func (l *learner) fromFiles() error {
	l.title = "learned from: " + quoted(slices.Concat(l.straces, l.audits))
	var startup []string
	if len(l.straces) > 0 && *l.arch == arch.Native() {
		if startup = []string{"libc", "loader"}; l.isGo {
			startup = []string{"go"}
		}
	}
	if err := l.prepare(startup); err != nil {
		return err
	}
	for _, name := range l.straces {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		l.start.Traced()
		read, skipped, err := learn.Strace(f, *l.arch, l.add)
		f.Close()
		if err := l.told(name, read, skipped, "a line that strace printed", err); err != nil {
			return err
		}
	}
	l.start = learn.NewStart(nil) // audit lines are of denied calls
	for _, name := range l.audits {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		reports, err := sigsys.Read(f)
		f.Close()
		var read, skipped int
		if err == nil {
			read, skipped = learn.Reported(reports, l.add)
		}
		if err := l.told(name, read, skipped, "a report", err); err != nil {
			return err
		}
	}
	return nil
}

// told says what could not be read of a file.
func (l *learner) told(name string, read, skipped int, what string, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case read == 0:
		return fmt.Errorf("%s: %s with a call of %s was not found", name, what, gen.ArchName(*l.arch))
	case skipped > 0:
		fmt.Fprintf(l.stderr, "tileseal: %s: %s left out, which the tables of %s do not know\n", name, counted(skipped, "call", "calls"), gen.ArchName(*l.arch))
	}
	return nil
}
