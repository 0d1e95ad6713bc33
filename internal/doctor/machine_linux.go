package doctor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/install"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/sandbox"
	"golang.org/x/sys/unix"
)

// machine is what the kernel says and does.
func machine(self []string) []Fact {
	return slices.Concat(kernel(), process(), filters(), telling(self), speed(), compat(), logging(), limits())
}

func kernel() []Fact {
	const topic = "kernel"
	var u unix.Utsname
	err := os.NewSyscallError("uname", unix.Uname(&u))
	name, nativeErr := native()
	return []Fact{
		fact(topic, "release", unix.ByteSliceToString(u.Release[:]), "asked uname", err),
		fact(topic, "machine", unix.ByteSliceToString(u.Machine[:]), "asked uname", err),
		fact(topic, "architecture of this program", name, "constant", nativeErr),
	}
}

// process is the state that this process, and whatever it starts, is in already.
func process() []Fact {
	const topic, file = "this process", "/proc/self/status"
	text, err := os.ReadFile(file)
	status := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.TrimSpace(value)
	}
	read := func(name, field string) Fact {
		err := err
		if _, ok := status[field]; !ok && err == nil {
			err = fmt.Errorf("%s has no line %s", file, field)
		}
		return fact(topic, name, status[field], "read "+file, err)
	}
	mode := read("seccomp", "Seccomp")
	if word, ok := map[string]string{"0": "none", "1": "strict", "2": "filter"}[mode.Value]; ok {
		mode.Value = word
	}
	noNew := read("no_new_privs", "NoNewPrivs")
	if noNew.Unknown == "" {
		noNew.Value = yes(noNew.Value == "1")
	}
	facts := []Fact{mode, read("filters", "Seccomp_filters"), noNew, read("speculative store bypass", "Speculation_Store_Bypass")}
	var caps uint64
	eff := read("CAP_SYS_ADMIN", "CapEff")
	if _, err := fmt.Sscanf(eff.Value, "%x", &caps); eff.Unknown == "" && err == nil {
		eff.Value = yes(caps&(1<<unix.CAP_SYS_ADMIN) != 0)
	}
	return append(facts, eff)
}

var flagNames = []struct {
	flag uint32
	name string
}{
	{unix.SECCOMP_FILTER_FLAG_TSYNC, "TSYNC"}, {unix.SECCOMP_FILTER_FLAG_LOG, "LOG"}, {unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW, "SPEC_ALLOW"},
	{unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, "NEW_LISTENER"}, {unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH, "TSYNC_ESRCH"},
	{unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, "WAIT_KILLABLE_RECV"},
}

// filters is what the kernel answers to questions.
func filters() []Fact {
	const topic = "filters"
	f, err := install.Probe()
	facts := []Fact{fact(topic, "supported", "yes", "asked seccomp", err)}
	if err != nil {
		return facts
	}
	var names, missing []string
	for _, n := range flagNames {
		if slices.Contains(f.Flags, n.flag) {
			names = append(names, n.name)
		} else {
			missing = append(missing, n.name)
		}
	}
	facts = append(facts, Fact{Topic: topic, Name: "flags", Value: strings.Join(names, " "), How: "asked seccomp"})
	if len(missing) > 0 {
		facts = append(facts, Fact{Topic: topic, Name: "flags missing", Value: strings.Join(missing, " "), How: "asked seccomp"})
	}
	if len(f.Actions) == 0 {
		return append(facts, fact(topic, "actions", "", "", errors.New("the kernel cannot be asked (SECCOMP_GET_ACTION_AVAIL)")))
	}
	var actions []string
	for _, a := range f.Actions {
		actions = append(actions, rule.Action(a).Kind().String())
	}
	for i, a := range actions {
		actions[i], _, _ = strings.Cut(a, "(")
	}
	return append(facts, Fact{Topic: topic, Name: "actions", Value: strings.Join(actions, " "), How: "asked seccomp"})
}

// telling tries what run -explain and learn stand on, with this executable, which
// asks for its help and ends.
func telling(self []string) []Fact {
	const topic, name = "filters", "telling of calls (run -explain, learn)"
	err := tell(self)
	if err != nil {
		return []Fact{{Topic: topic, Name: name, Value: "no: " + err.Error(), How: "tried"}}
	}
	return []Fact{{Topic: topic, Name: name, Value: "yes", How: "tried"}}
}

func tell(self []string) error {
	plan, err := sandbox.NewPlan(nil, nil, sandbox.Record)
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	pr, err := plan.Start(&sandbox.Command{Path: "/proc/self/exe", Args: []string{self[0], "-h"}, Stdout: int(null.Fd()), Self: self}, nil)
	if err != nil {
		return err
	}
	calls := 0
	if err := pr.Listen(func(sandbox.Call) { calls++ }); err != nil {
		return err
	}
	if _, err := pr.Wait(); err != nil {
		return err
	}
	if calls == 0 {
		return errors.New("the program made calls, and none was told")
	}
	return nil
}

// logging is where the kernel's lines about filters go.
func logging() []Fact {
	const topic = "logging"
	word := func(name, file string) Fact {
		text, err := os.ReadFile(file)
		return fact(topic, name, strings.TrimSpace(string(text)), "read "+file, err)
	}
	f, err := os.OpenFile("/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err == nil {
		f.Close()
	}
	return []Fact{
		word("actions logged", "/proc/sys/kernel/seccomp/actions_logged"),
		fact(topic, "kernel log can be read", yes(err == nil), "tried", nil),
	}
}

// The kernel's limits on filters (BPF_MAXINSNS, include/uapi/linux/bpf_common.h;
// MAX_INSNS_PER_PATH, kernel/seccomp.c).
const (
	maxInsns     = 4096
	maxPathInsns = 32768
)

func limits() []Fact {
	const topic = "limits"
	var r unix.Rlimit
	err := os.NewSyscallError("getrlimit", unix.Getrlimit(unix.RLIMIT_NOFILE, &r))
	return []Fact{
		{Topic: topic, Name: "instructions of a filter", Value: fmt.Sprint(maxInsns), How: "constant"},
		{Topic: topic, Name: "instructions of a thread's filters, with 4 for each", Value: fmt.Sprint(maxPathInsns), How: "constant"},
		fact(topic, "open files, as the Go runtime raised it", fmt.Sprintf("%d, at most %d", r.Cur, r.Max), "asked getrlimit", err),
	}
}
