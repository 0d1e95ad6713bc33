package goruntime

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/rule"
	"golang.org/x/sys/unix"
)

// A scene is a child that prepares, is sealed by a policy, and goes through one
// of its acts.
type scene struct {
	params string   // the policy's own parameters, as in "uint pipe_w"
	policy string   // its text below them; the child prepares for its levels
	lacks  string   // a call whose rules are taken out again
	levels Levels   // what the child prepares for beside them
	act    string   // the act and its arguments
	flags  string   // of the child
	env    []string // beside the usual
	path   string   // the child; empty: the usual one

	change func(*exec.Cmd)        // changes how the child is started
	start  func(*exec.Cmd)        // is called once it is
	on     map[string]func(actor) // what happens when the child says a line
}

// An actor is a child on its stage.
type actor struct {
	*exec.Cmd
	params map[string]int // the values of the policy's parameters
}

// An outcome is what became of a child.
type outcome struct {
	refusal string // what Prepare refused
	status  unix.WaitStatus
	said    string // on standard error
}

// small is what every child needs that says something.
const small = "include go/core go/crash\n"

// survives holds a child against a policy that it is to survive.
func (s scene) survives(t *testing.T, goarch string) {
	t.Helper()
	o := s.play(t, goarch)
	if o.refusal != "" || !exited(wire.ExitStatus)(o.status) || !strings.Contains(o.said, wire.Survived+"\n") {
		t.Errorf("%s under\n%s: refused %q, status %#x, said\n%s", s.act, s.policy, o.refusal, o.status, o.said)
	}
}

// dies holds a child against a policy that it is not to survive. It may come to
// say that it is sealed, or not even that.
func (s scene) dies(t *testing.T, goarch string) {
	t.Helper()
	o := s.play(t, goarch)
	if o.refusal != "" || !killedBy(unix.SIGSYS)(o.status) || strings.Contains(o.said, wire.Survived) {
		t.Errorf("%s under\n%s: refused %q, status %#x, want SIGSYS, said\n%s", s.act, s.policy, o.refusal, o.status, o.said)
	}
}

// play runs the child to its end.
func (s scene) play(t *testing.T, goarch string) outcome {
	t.Helper()
	head := s.params
	if head == "" {
		head = "noarg"
	}
	policy := resolve(t, goarch, head+"\n"+s.policy)
	if n := len(policy.Calls); s.lacks != "" {
		policy.Calls = slices.DeleteFunc(policy.Calls, func(c rule.Call) bool { return c.Name == s.lacks })
		if len(policy.Calls) == n {
			t.Fatalf("no rule for %s in\n%s", s.lacks, s.policy)
		}
	}
	cmd := s.command(t, goarch, policy.Levels)
	in, out, stderr := pipes(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	defer overdue.Stop()
	if s.start != nil {
		s.start(cmd)
	}
	var r wire.Reply
	if err := json.NewDecoder(out).Decode(&r); err != nil {
		said, _ := io.ReadAll(stderr)
		cmd.Wait()
		t.Fatalf("%v: no reply: %v, %v\n%s", cmd.Args, err, cmd.ProcessState, said)
	}
	if r.Error != "" {
		in.Close()
		cmd.Wait()
		return outcome{refusal: r.Error}
	}
	if _, err := in.Write(wire.Encode(fill(t, policy, r.Params))); err != nil {
		t.Fatal(err)
	}
	in.Close()

	var doing sync.WaitGroup
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if do := s.on[lines.Text()]; do != nil {
			doing.Go(func() { do(actor{cmd, r.Params}) })
		}
	}
	doing.Wait() // while the process id is still the child's
	cmd.Wait()
	return outcome{status: unix.WaitStatus(cmd.ProcessState.Sys().(syscall.WaitStatus)), said: said.String()}
}

func (s scene) command(t *testing.T, goarch string, levels []string) *exec.Cmd {
	t.Helper()
	l := s.levels | Go126 | Go127
	for _, name := range levels {
		l |= 1 << slices.Index(levelNames[:], name)
	}
	path := s.path
	if path == "" {
		path = buildChild(t, childPkg, goarch, nil)
	}
	args := append([]string{"act", fmt.Sprintf("-levels=%d", uint64(l))}, strings.Fields(s.flags)...)
	cmd := exec.Command(path, append(args, strings.Fields(s.act)...)...)
	cmd.Env = childEnv(s.env...)
	if s.change != nil {
		s.change(cmd)
	}
	return cmd
}

// resolve reads a policy. The programs of a scene are not proven equal to their
// texts: that is shown elsewhere, and takes longer than the scene.
func resolve(t *testing.T, goarch, text string) *gen.Resolved {
	t.Helper()
	a, err := arch.ByGOARCH(goarch)
	if err != nil {
		t.Fatal(err)
	}
	f, errs := gen.Parse("scene.seccomppolicy", text, gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	r, errs := gen.Resolve(f, a, compile.Plain)
	if err := errs.Err(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

// fill compiles a policy and fills in its parameters.
func fill(t *testing.T, r *gen.Resolved, values map[string]int) []unix.SockFilter {
	t.Helper()
	prog, err := compile.Compile(r.Policy, compile.Plain)
	if err != nil {
		t.Fatal(err)
	}
	var params []uint64
	for _, p := range r.Params {
		v, ok := values[p.Name]
		if !ok {
			t.Fatalf("no value for parameter %s", p.Name)
		}
		params = append(params, uint64(v))
	}
	return sockFilter(prog.Fill(params))
}

// each runs a test for every architecture whose programs this machine runs.
func each(t *testing.T, test func(t *testing.T, goarch string)) {
	for _, goarch := range goarches() {
		t.Run(goarch, func(t *testing.T) { test(t, goarch) })
	}
}

// under has a child start under an outer filter, as in a container.
func under(t *testing.T, goarch, policy string) func(*exec.Cmd) {
	t.Helper()
	filter := wire.Encode(fill(t, resolve(t, goarch, "noarg\n"+policy), nil))
	return func(c *exec.Cmd) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		if _, err := w.Write(filter); err != nil { // far less than a pipe holds
			t.Fatal(err)
		}
		w.Close()
		c.ExtraFiles = []*os.File{r} // descriptor 3
		c.Args = append([]string{c.Path, "outer"}, c.Args...)
	}
}
