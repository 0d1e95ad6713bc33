package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every target that is built has its options, and a name that changes with them.
func TestSources(t *testing.T) {
	names := map[string]bool{}
	for _, target := range targets {
		if target.source == nil {
			continue
		}
		config := target.source.config()
		for _, option := range []string{"CONFIG_SECCOMP_FILTER=y", "CONFIG_CPU_BIG_ENDIAN=y", "CONFIG_BPF_JIT=y"} {
			if !slices.Contains(strings.Split(config, "\n"), option) {
				t.Errorf("%s: no %s", target.name, option)
			}
		}
		name := target.source.name("6.1.192-3")
		if names[name] {
			t.Errorf("%s: the kernel %s is another target's", target.name, name)
		}
		names[name] = true
		if !target.pattern.MatchString(name) {
			t.Errorf("%s: %s does not match %s", target.name, target.pattern, name)
		}
		for _, other := range []string{name + "0", name + ".part", strings.Replace(name, "-"+target.source.arch, "-vax", 1), name[:len(name)-1] + "x"} {
			if target.pattern.MatchString(other) {
				t.Errorf("%s: %s matches %s", target.name, target.pattern, other)
			}
		}
	}
	if len(names) < 2 {
		t.Errorf("%d kernels are built", len(names))
	}
}

func TestLostOptions(t *testing.T) {
	const wanted = "# CONFIG_C=y is no option here\nCONFIG_A=y\nCONFIG_AB=y\nCONFIG_B=y\n"
	const have = "CONFIG_AB=y\n# CONFIG_B is not set\nCONFIG_A=yes\n"
	if got := lostOptions(wanted, have); !slices.Equal(got, []string{"CONFIG_A=y", "CONFIG_B=y"}) {
		t.Errorf("lost %q", got)
	}
	if got := lostOptions(wanted, wanted); got != nil {
		t.Errorf("lost %q of what is all there", got)
	}
}

func TestDebVersion(t *testing.T) {
	for file, want := range map[string]string{"linux-source-6.1_6.1.192-3_all.deb": "6.1.192-3", "linux.deb": "0"} {
		if got := debVersion(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

// Without the switch or without a compiler the target is skipped, and says why; a
// kernel that was built before needs neither.
func TestBuiltKernel(t *testing.T) {
	list, err := choose("ppc64")
	if err != nil {
		t.Fatal(err)
	}
	target := list[0]
	s := &session{cache: t.TempDir()}
	if _, err := s.kernel(target); !isSkip(err) || !strings.Contains(err.Error(), "-build-kernels") {
		t.Errorf("without the switch: error %v, want a reason to skip", err)
	}
	s.build = true
	t.Setenv("PATH", t.TempDir())
	if _, err := s.kernel(target); !isSkip(err) || !strings.Contains(err.Error(), "powerpc64-linux-gnu-gcc-12") || !strings.Contains(err.Error(), "(Debian: gcc-12-powerpc64-linux-gnu ") {
		t.Errorf("without a compiler: error %v, want a reason to skip", err)
	}
	want := kernel{pkg: target.source.name("6.1.1-1")}
	want.file = filepath.Join(s.cache, "kernels", "built", want.pkg)
	if err := os.MkdirAll(filepath.Dir(want.file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(want.file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.build = false
	if got, err := s.kernel(target); got != want || err != nil {
		t.Errorf("with one in the cache: %v (%v), want %v", got, err, want)
	}
}
