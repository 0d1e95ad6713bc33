package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func names(list []*target) string {
	var b []string
	for _, t := range list {
		b = append(b, t.name)
	}
	return strings.Join(b, " ")
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct{ names, want string }{
		{"default", "amd64-new arm64-old s390x-old riscv64-new"},
		{"arm64", "arm64-new arm64-old"},
		{"mipsle-old,386", "mipsle-old 386-old"},
		{"all", names(targets)},
	} {
		if got, err := choose(tt.names); err != nil || names(got) != tt.want {
			t.Errorf("%s: %s (%v), want %s", tt.names, names(got), err, tt.want)
		}
	}
	for name, want := range map[string]string{
		"vax":           `no target "vax"`,
		"":              `no target ""`,
		"arm64,vax":     `no target "vax"`,
		"all,arm64-old": "target arm64-old is chosen twice",
	} {
		if _, err := choose(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", name, err, want)
		}
	}
}

func TestChooseSuites(t *testing.T) {
	for names, want := range map[string]string{
		"default":             "internal/kerneltest policy install",
		"all":                 "internal/kerneltest policy policy/gotile goruntime/internal/tiles install internal/bpf vm",
		"policy,vm":           "policy vm",
		"go":                  "policy/gotile goruntime/internal/tiles",
		"internal/kerneltest": "internal/kerneltest",
	} {
		list, err := chooseSuites(names)
		var got []string
		for _, s := range list {
			got = append(got, s.pkg)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s: %s (%v), want %s", names, got, err, want)
		}
	}
	if _, err := chooseSuites("policy,arch"); err == nil || !strings.Contains(err.Error(), `package "arch"`) {
		t.Errorf("a package that is in no suite: error %v", err)
	}
}

// Go's architectures for Linux are all in the table, but for one whose programs hang
// on the kernel there is for them.
func TestTargets(t *testing.T) {
	without := []string{"mips"}
	out, err := exec.Command("go", "tool", "dist", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		goos, goarch, _ := strings.Cut(strings.TrimSpace(line), "/")
		has := slices.ContainsFunc(targets, func(t *target) bool { return t.goarch == goarch })
		if goos == "linux" && has == slices.Contains(without, goarch) {
			t.Errorf("%s: is in the table: %v", goarch, has)
		}
	}
	seen := map[string]bool{}
	for _, target := range targets {
		if seen[target.name] {
			t.Errorf("two targets %s", target.name)
		}
		seen[target.name] = true
		ages := []string{"old", "new"}
		if target.source != nil {
			ages = []string{"built"}
		}
		if goarch, age, _ := strings.Cut(target.name, "-"); goarch != target.goarch || !slices.Contains(ages, age) {
			t.Errorf("%s is a target of %s", target.name, target.goarch)
		}
	}
}

// What the patterns match is a kernel, of no other flavour.
func TestPatterns(t *testing.T) {
	for _, tt := range []struct{ target, pkg string }{
		{"amd64-new", "linux-binary-7.2.12+deb14-amd64"},
		{"amd64-old", "linux-image-6.1.0-50-amd64"},
		{"arm64-old", "linux-image-6.1.0-50-cloud-arm64"},
		{"arm-new", "linux-binary-7.2.12+deb14-armmp"},
		{"riscv64-old", "linux-image-6.12.107+deb13-riscv64"},
		{"riscv64-old", "linux-image-6.12.107+deb13-2-riscv64"},
		{"386-old", "linux-image-6.1.0-50-686"},
	} {
		list, err := choose(tt.target)
		if err != nil {
			t.Fatal(err)
		}
		p := list[0].pattern
		if !p.MatchString(tt.pkg) {
			t.Errorf("%s does not match %s", p, tt.pkg)
		}
		for _, other := range []string{tt.pkg + "-dbg", tt.pkg + "-unsigned", "x" + tt.pkg, strings.Replace(tt.pkg, "-50", "-rt", 1) + "x"} {
			if p.MatchString(other) {
				t.Errorf("%s matches %s", p, other)
			}
		}
	}
}

func TestArguments(t *testing.T) {
	m := &machine{qemu: "qemu", args: []string{"-M", "virt"}, console: "console=ttyS0"}
	const want = "-M virt -accel tcg -smp 1 -m 512 -display none -no-reboot -nodefaults -serial stdio -kernel K -initrd I " +
		"-append console=ttyS0 panic=-1 rdinit=/init quiet loglevel=3 syscall.x32=y"
	if got := strings.Join(m.arguments("K", "I", "syscall.x32=y"), " "); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// In the programs for the 32-bit architecture beside a target's own other tests have
// to pass, and on amd64 more.
func TestSuiteOn(t *testing.T) {
	s := suite{only: []string{"386", "amd64", "arm", "arm64"}, tests: []string{"A"}, amd64: []string{"X"}, beside: []string{"B"}}
	for _, tt := range []struct {
		target target
		goarch string
		want   string
	}{
		{target{goarch: "arm64", compat: "arm"}, "arm64", "A"},
		{target{goarch: "arm64", compat: "arm"}, "arm", "B"},
		{target{goarch: "amd64", compat: "386"}, "amd64", "A X"},
		{target{goarch: "amd64", compat: "386"}, "386", "B"},
		{target{goarch: "s390x"}, "s390x", ""},
	} {
		if got := strings.Join(s.on(&tt.target, tt.goarch), " "); got != tt.want {
			t.Errorf("%+v for %s: %s, want %s", tt.target, tt.goarch, got, tt.want)
		}
	}
}

// Tests that ask nothing of the kernel run once in the programs for the 32-bit
// architecture; those that do, on it and on a machine's own, in each pass.
func TestStepOnce(t *testing.T) {
	b := &builder{}
	arm64 := &target{goarch: "arm64", compat: "arm"}
	for _, tt := range []struct {
		once   bool
		goarch string
		want   bool
	}{{true, "arm", true}, {true, "arm64", false}, {false, "arm", false}} {
		s := suite{pkg: "policy", once: tt.once}
		if got := b.step(arm64, s, nil, tt.goarch, "tests/policy").Once; got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
