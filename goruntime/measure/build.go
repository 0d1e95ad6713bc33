//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A toolchain is a Go release, as in "go1.26.8".
type toolchain string

// minor is the release without its patch, as in "1.26".
func (t toolchain) minor() string {
	parts := strings.SplitN(strings.TrimPrefix(string(t), "go"), ".", 3)
	if len(parts) < 2 {
		return string(t)
	}
	return parts[0] + "." + parts[1]
}

// native is the toolchain that a plain go command runs here.
func native() (toolchain, error) {
	out, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOVERSION: %w", err)
	}
	return toolchain(strings.TrimSpace(string(out))), nil
}

// A variant is a way of building a program.
type variant string

const (
	pure  variant = "" // without cgo
	cgo   variant = "cgo"
	race  variant = "race"  // with the race detector
	cover variant = "cover" // with counters of coverage
)

// compiled reports whether v takes a C compiler.
func (v variant) compiled() bool { return v == cgo || v == race }

// build builds the stress program and returns its path. A toolchain that is not
// here is fetched by the go command. module is the directory of this module.
func (t toolchain) build(module, dir, goarch string, v variant) (string, error) {
	path := filepath.Join(dir, fmt.Sprintf("stress-%s-%s-%s", t, goarch, v))
	args := []string{"build", "-buildvcs=false", "-trimpath", "-o", path}
	if v == race || v == cover {
		args = append(args, "-"+string(v))
	}
	enabled := "0"
	if v.compiled() {
		enabled = "1"
	}
	choice := string(t)
	if own, err := native(); err == nil && own == t {
		choice = "local"
	}
	// What a release changes by GODEBUG is as the module's go line has it, which
	// is what a program of that line gets from the newer release.
	cmd := exec.Command("go", append(args, "./stress")...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED="+enabled, "GOFLAGS=", "GOTOOLCHAIN="+choice)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build of the stress program by %s for %s: %w\n%s", t, goarch, err, out)
	}
	return path, nil
}
