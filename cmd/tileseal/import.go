package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/minijail"
	"github.com/tileseal/tileseal/internal/oci"
	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

// An importing is a policy of another notation on its way to being a text.
type importing struct {
	*command
	file    string
	machine oci.Machine
	archs   []arch.Arch // asked for; nil: those of the file
	lenient bool
}

func runImport(c *command) error {
	i := &importing{command: c, machine: oci.Machine{Arch: arch.Native(), Caps: oci.DefaultCaps()}}
	from := ""
	c.Func("from", "the notation: oci (a seccomp profile of the OCI runtime specification, or moby's form of it), or minijail (default what FILE looks like)", func(s string) error {
		if from = s; s != "oci" && s != "minijail" {
			return fmt.Errorf("there are oci and minijail")
		}
		return nil
	})
	archs := c.archsFlag("the architectures the text is for, the machine's first, instead of those of the file")
	c.Func("cap", "moby: a `capability` the container has beside docker's default ones, as in CAP_SYS_PTRACE; none drops those", func(s string) error {
		return i.capability(s)
	})
	i.machine.Kernel, _ = oci.ParseVersion(arch.KernelRelease)
	c.Func("kernel", "moby: the `version` of the kernel (default that of the tables, "+arch.KernelRelease+")", func(s string) error {
		var ok bool
		if i.machine.Kernel, ok = oci.ParseVersion(s); !ok {
			return fmt.Errorf("a version is written as in 6.1")
		}
		return nil
	})
	c.BoolVar(&i.lenient, "lenient", false, "leave out what only concerns loading the filter, unknown calls, and what cannot be tested; a comment lists it")
	if err := c.parse(true); err != nil {
		return err
	}
	i.file = c.Arg(0)
	if c.given("arch") {
		i.archs = *archs
		i.machine.Arch = i.archs[0]
	}
	data, err := os.ReadFile(i.file)
	if err != nil {
		return err
	}
	if from == "oci" || from == "" && strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		return i.oci(data)
	}
	return i.minijail(data)
}

func (i *importing) capability(s string) error {
	switch {
	case s == "none":
		i.machine.Caps = nil
	case !strings.HasPrefix(s, "CAP_"):
		return fmt.Errorf("a capability is written as in CAP_SYS_ADMIN")
	default:
		i.machine.Caps = append(i.machine.Caps, s)
	}
	return nil
}

func (i *importing) oci(data []byte) error {
	profile, errs := oci.Read(i.file, data)
	if err := errs.Err(); err != nil {
		return err
	}
	head := []string{i.name() + ": imported from " + filepath.Base(i.file) + ", a seccomp profile of the OCI runtime specification."}
	if profile.Selective() {
		head = append(head, fmt.Sprintf("Selected for %s, Linux %d.%d, with the capabilities", gen.ArchName(i.machine.Arch), i.machine.Kernel.Major, i.machine.Kernel.Minor))
		head = append(head, wrapped(i.machine.Caps)...)
	}
	profile = profile.For(i.machine)
	if i.archs == nil {
		i.archs = profile.Archs
	}
	for _, a := range i.archs {
		if !slices.Contains(profile.Archs, a) {
			return fmt.Errorf("%s: the profile is for %s, not for %s", i.file, gen.NamesOf(profile.Archs), gen.ArchName(a))
		}
	}
	doubts := profile.Doubts()
	var ps []*rule.Policy
	for _, a := range i.archs {
		p, more, list := profile.Meaning(i.name(), a)
		ps, errs = append(ps, p), append(errs, list...)
		doubts = append(doubts, more...)
	}
	head = append(head, narrowed)
	left, list := i.settle(doubts)
	if errs = append(errs, list...); errs.Err() != nil {
		return errs
	}
	return i.write(append(head, left...), ps)
}

// settle makes doubts errors, or with -lenient lines of comment.
func (i *importing) settle(doubts []oci.Doubt) (lines []string, errs gen.ErrorList) {
	for _, d := range doubts {
		if i.lenient {
			line := fmt.Sprintf("Line %d: %s; %s.", d.Pos.Line, d.Msg, d.Lenient)
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
			continue
		}
		e := &gen.Error{Pos: d.Pos, Msg: d.Msg + "; with -lenient it is " + d.Lenient}
		if !slices.ContainsFunc(errs, func(f *gen.Error) bool { return *e == *f }) {
			errs = append(errs, e)
		}
	}
	return lines, errs
}

// name is that of the policy: the file's without what follows the first dot.
func (i *importing) name() string {
	name, _, _ := strings.Cut(filepath.Base(i.file), ".")
	return name
}

func (i *importing) write(head []string, ps []*rule.Policy) error {
	for _, p := range ps {
		if p.Default == rule.KillThread {
			head = append(head, "kill_thread ends one thread and leaves the process without it; install.Process refuses it.")
			break
		}
	}
	text, err := policytext.Write(head, ps)
	if err != nil {
		if unsaid := (*policytext.Unsaid)(nil); errors.As(err, &unsaid) {
			return unsaid.ErrorList
		}
		return err
	}
	_, err = io.WriteString(i.stdout, text)
	return err
}

// wrapped is words on as few lines as they fit.
func wrapped(words []string) []string {
	var lines []string
	for _, w := range words {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+len(w) < 90 {
			lines[last] += " " + w
			continue
		}
		lines = append(lines, w)
	}
	return lines
}

func (i *importing) minijail(data []byte) error {
	if i.given("cap") || i.given("kernel") {
		return i.misuse("tileseal: -cap and -kernel go with profiles of moby")
	}
	policy, errs := minijail.Read(i.file, data, os.ReadFile)
	if err := errs.Err(); err != nil {
		return errs
	}
	if i.archs == nil {
		i.archs = []arch.Arch{i.machine.Arch}
	}
	var ps []*rule.Policy
	for _, a := range i.archs {
		p, list := policy.Meaning(i.name(), a)
		ps, errs = append(ps, p), append(errs, list...)
	}
	if err := errs.Err(); err != nil {
		return errs
	}
	head := []string{i.name() + ": imported from " + filepath.Base(i.file) + ", a policy of minijail.", narrowed}
	if at, ok := policy.Ambiguous(); ok {
		head = append(head, fmt.Sprintf("%s:%d is read as minijail0 does: the call is allowed if the condition holds, and fails if it does not.", filepath.Base(at.File), at.Line),
			"To compile_seccomp_policy it fails if the condition holds.")
	}
	return i.write(head, ps)
}

// narrowed is what every imported text says of its comparisons.
const narrowed = "Arguments are compared as the kernel reads them: those of 32 bits without the high word."
