package goruntime

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A GOARCH was run, or is experimental, or has no baseline. The tag accepts the
// experimental ones and no others.
func TestCheckGOARCH(t *testing.T) {
	for _, c := range []struct {
		goarchs       string
		untagged, tag error
	}{
		{"386 amd64 arm64", nil, nil},
		{"arm loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x", ErrExperimental, nil},
		{"sparc64 wasm riscv", ErrPlatform, ErrPlatform},
	} {
		for goarch := range strings.FieldsSeq(c.goarchs) {
			for accepted, want := range map[bool]error{false: c.untagged, true: c.tag} {
				err := checkGOARCH(goarch, accepted)
				var e *Error
				if !errors.Is(err, want) || err != nil && !errors.As(err, &e) {
					t.Errorf("%s, accepted %v: %v, want %v", goarch, accepted, err, want)
				}
				if want == ErrExperimental && !strings.Contains(err.Error(), "-tags tileseal_experimental") {
					t.Errorf("%s: %v does not name the tag", goarch, err)
				}
			}
		}
	}
}

// Of the two files that say whether experimental GOARCHs are accepted, the tag
// chooses the one.
func TestExperimentalTag(t *testing.T) {
	for tag, want := range map[string]string{"": "noexperimental_linux.go", "tileseal_experimental": "experimental_linux.go"} {
		cmd := exec.Command("go", "list", "-tags="+tag, "-f", "{{join .GoFiles \"\\n\"}}", ".")
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=s390x", "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var built []string
		for name := range strings.FieldsSeq(string(out)) {
			if strings.HasSuffix(name, "experimental_linux.go") {
				built = append(built, name)
			}
		}
		if !slices.Equal(built, []string{want}) {
			t.Errorf("with -tags=%s %v is built, want %s", tag, built, want)
		}
	}
}
