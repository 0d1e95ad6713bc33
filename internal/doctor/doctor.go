// Package doctor finds out what a machine can do with seccomp filters: by asking the
// kernel, by reading what it says of itself, and by trying. What it cannot find
// out is unknown, with the reason; nothing follows from version numbers.
package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/goruntime/baseline"
)

// A Fact is one thing that was found out, or was not.
type Fact struct {
	Topic string `json:"topic"` // facts of one topic are together
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	// How it is known: "asked", "read FILE", "tried" or "measured"; or built into the
	// kernel's source, "constant".
	How     string `json:"how,omitempty"`
	Unknown string `json:"unknown,omitempty"` // why there is no value
}

// Examine finds out all there is. self is a command line of this executable that
// calls [sandbox.Enter], see [sandbox.Command].
func Examine(self []string) []Fact { return append(machine(self), toolchain()...) }

// yes is a value in a word.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// fact is known, unless err says why not.
func fact(topic, name, value, how string, err error) Fact {
	if err != nil {
		return Fact{Topic: topic, Name: name, How: how, Unknown: err.Error()}
	}
	return Fact{Topic: topic, Name: name, Value: value, How: how}
}

// toolchain looks at the go command in PATH.
func toolchain() []Fact {
	const topic = "go"
	facts := []Fact{
		{Topic: topic, Name: "tileseal built by", Value: runtime.Version() + " for " + runtime.GOOS + "/" + runtime.GOARCH, How: "constant"},
		{Topic: topic, Name: "baselines", Value: strings.Join(baseline.Minors(), ", "), How: "constant"},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	version := strings.TrimSpace(string(out))
	facts = append(facts, fact(topic, "go in PATH", version, "asked go env GOVERSION", err))
	if err != nil {
		return append(facts, fact(topic, "has a baseline", "", "", fmt.Errorf("there is no go command to ask")))
	}
	minor, ok := minorOf(version)
	if !ok {
		err = fmt.Errorf("%q is no release", version)
	}
	return append(facts, fact(topic, "has a baseline", yes(slices.Contains(baseline.Minors(), minor)), "asked go env GOVERSION", err))
}

// minorOf is the minor release in "go1.26.8", "go1.27rc1" or "devel go1.28-abc".
func minorOf(version string) (string, bool) {
	_, rest, ok := strings.Cut(version, "go1.")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return "1." + rest[:end], ok && end > 0
}

// native names this machine's architecture.
func native() (string, error) {
	if a := arch.Native(); a != 0 {
		return a.String(), nil
	}
	return "", fmt.Errorf("there are no tables for GOARCH=%s", runtime.GOARCH)
}
