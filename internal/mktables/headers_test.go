package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHeadersAgree reads the headers also for architectures x/sys has, and
// compares. It needs the kernel's source: LINUX=DIR, as make tables unpacks it.
func TestHeadersAgree(t *testing.T) {
	linux := os.Getenv("LINUX")
	if linux == "" {
		t.Skip("not compared with the kernel's headers: LINUX names no unpacked source")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("go list: %v; run go mod download", err)
	}
	for _, c := range []struct {
		goarch string
		t      headerTarget
		differ []string // O_LARGEFILE is what a C library passes, and on 32-bit ones F_GETLK and so on too
	}{
		{"amd64", headerTarget{dir: "x86", macros: []string{"__x86_64__", "__LP64__"}, long: 8}, strings.Fields("O_LARGEFILE")},
		{"386", headerTarget{dir: "x86", macros: []string{"__i386__"}, long: 4}, strings.Fields("F_GETLK F_SETLK F_SETLKW")},
		{"arm", headerTarget{dir: "arm", macros: []string{"__arm__"}, long: 4}, strings.Fields("F_GETLK F_SETLK F_SETLKW")},
		{"arm64", headerTarget{dir: "arm64", macros: []string{"__aarch64__", "__LP64__"}, long: 8}, strings.Fields("O_LARGEFILE")},
		{"mips", headerTarget{dir: "mips", macros: []string{"__mips__", "_MIPS_SIM=1"}, long: 4}, strings.Fields("F_GETLK F_SETLK F_SETLKW MAP_RENAME RLIM_INFINITY SOCK_DGRAM SOCK_STREAM")},
		{"mips64", headerTarget{dir: "mips", macros: []string{"__mips__", "__mips64", "_MIPS_SIM=3"}, long: 8}, strings.Fields("MAP_RENAME O_LARGEFILE SOCK_DGRAM SOCK_STREAM")},
		{"ppc64le", headerTarget{dir: "powerpc", macros: []string{"__powerpc__", "__powerpc64__"}, long: 8}, strings.Fields("O_LARGEFILE")},
		{"riscv64", headerTarget{dir: "riscv", macros: []string{"__riscv"}, long: 8}, strings.Fields("O_LARGEFILE")},
		{"s390x", headerTarget{dir: "s390", macros: []string{"__s390__", "__s390x__"}, long: 8}, strings.Fields("O_LARGEFILE")},
	} {
		want, err := unixConsts(filepath.Join(strings.TrimSpace(string(out)), "unix"), c.goarch)
		if err != nil {
			t.Fatal(err)
		}
		c.t.termios = 36
		switch c.t.dir {
		case "mips":
			c.t.termios = 40
		case "powerpc":
			c.t.termios = 44
		}
		got, err := c.t.consts(linux, slices.Sorted(maps.Keys(want)))
		if err != nil {
			t.Fatalf("%s: %v", c.goarch, err)
		}
		var differ []string
		for name, g := range got {
			if w := want[name]; g.ctype != "" && g.value != w.value {
				differ = append(differ, name)
				t.Logf("%s: %s is %#x, in x/sys %#x", c.goarch, name, g.value, w.value)
			}
		}
		slices.Sort(differ)
		if !slices.Equal(differ, c.differ) {
			t.Errorf("%s: %d compared, %q differ; want %q", c.goarch, len(got), differ, c.differ)
		}
	}
}
