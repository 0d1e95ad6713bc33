package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSeveral compiles one program for several architectures, and proves it.
func TestSeveral(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", tile)
	const archs = "x86_64,i386,x32"
	for _, tc := range []struct{ args, want string }{
		{"", `"arch": ["x86_64", "i386", "x32"]`},
		{"-layout optimized", `"layout": "optimized"`},
		{"-format asm", "; tile for x86_64, i386, x32, layout plain, "},
		{"-format c", "populate_seccomp_tile(size_t out_cnt, struct sock_filter *out, unsigned int log_fd, unsigned int dir_fd)"},
		{"-format go", "// It is for calls of x86_64, i386 and x32.\n"},
		{"-format raw -p log_fd=3 -p dir_fd=4", "\x15\x00"},
	} {
		args := append([]string{"compile", "-arch", archs}, strings.Fields(tc.args)...)
		code, out, errs := call(append(args, "tile.seccomppolicy")...)
		if code != 0 || errs != "" || !strings.Contains(out, tc.want) {
			t.Errorf("compile %s: exit %d, stderr %q, stdout\n%s", tc.args, code, errs, out)
		}
	}
	for _, layout := range []string{"plain", "optimized"} {
		_, program, _ := call("compile", "-arch", archs, "-layout", layout, "tile.seccomppolicy")
		write(t, "program.json", program)
		prove := []string{"prove", "-arch", archs, "-format", "json", "-program", "program.json", "tile.seccomppolicy"}
		v := verdictOf(t, 0, prove...)
		if v.Result != "equal" || !slices.Equal(v.Arch, []string{"x86_64", "i386", "x32"}) || !slices.Equal(v.Cached, []string{"getpid", "getpid on i386"}) || v.Dead != nil {
			t.Errorf("layout %s: %+v", layout, v)
		}

		t.Log("getpid of one architecture denied in the program, of another allowed")
		for _, change := range [][2]string{{", 1073741863]", ", 1073741862]"}, {", 20]", ", 21]"}, {"1073741827]", "3221225655]"}} {
			if !strings.Contains(program, change[0]) {
				t.Fatalf("no %s in %s", change[0], program)
			}
			write(t, "program.json", strings.Replace(program, change[0], change[1], 1))
			if v := verdictOf(t, 1, prove...); v.Result != "different" || len(v.Examples) != 1 {
				t.Errorf("layout %s, %s: %+v", layout, change[1], v)
			}
		}
		write(t, "program.json", program)
		for _, other := range []string{"x86_64", "x86_64,i386", "x86_64,x32", "i386,x32", "x86_64,i386,x32,arm"} {
			if v := verdictOf(t, 1, "prove", "-arch", other, "-format", "json", "-program", "program.json", "tile.seccomppolicy"); v.Result != "different" {
				t.Errorf("the program for %s is one for %s", archs, other)
			}
		}
	}
	if v := verdictOf(t, 0, "prove", "-arch", archs, "-format", "json", "tile.seccomppolicy"); v.Result != "equal" || v.Layout != "plain" || v.Insns == 0 {
		t.Errorf("%+v", v)
	}
}

func verdictOf(t *testing.T, code int, args ...string) (v verdict) {
	t.Helper()
	got, out, errs := call(args...)
	if err := json.Unmarshal([]byte(out), &v); err != nil || got != code {
		t.Errorf("%v: exit %d, want %d: %v: %s%s", args, got, code, err, out, errs)
	}
	return v
}

// TestSeveralErrors: what cannot be one program.
func TestSeveralErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", tile)
	write(t, "bad.seccomppolicy", "noarg\nmmap2\n")
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"compile -arch x86_64,s390x tile.seccomppolicy", 2, "arch: add s390x to x86_64: architectures differ in byte order"},
		{"compile -arch x86_64,i386,x86_64 tile.seccomppolicy", 2, "arch: add x86_64 to x86_64, x86: already present"},
		{"compile -arch x86_64,vax tile.seccomppolicy", 2, `unknown architecture "vax"`},
		{"compile -arch x86_64,i386 -layout current tile.seccomppolicy", 2, "tileseal: layout current is for one architecture; use plain or optimized"},
		{"prove -arch x86_64,i386 -layout classic tile.seccomppolicy", 2, "tileseal: layout classic is for one architecture; use plain or optimized"},
		{"compile -arch x86_64,i386 -layout optimized -objective all tile.seccomppolicy", 2, "tileseal: -objective and -profile are for one architecture"},
		{"compile -arch i386,x86_64,x32 bad.seccomppolicy", 1, "bad.seccomppolicy:2:1: mmap2 does not exist on x86_64, x32; guard it"},
		{"compile -arch x32,i386 -format go tile.seccomppolicy", 1, "Go does not build for x32; name another architecture first"},
		{"compile -arch x86_64,i386 missing.seccomppolicy", 1, "missing.seccomppolicy: no such file"},
		{"prove -arch x86_64,i386 missing.seccomppolicy", 1, "missing.seccomppolicy: no such file"},
		{"prove -arch i386,x86_64 bad.seccomppolicy", 1, "bad.seccomppolicy:2:1: mmap2 does not exist on x86_64;"},
		{"gen -arch x86_64,i386 -target amd64 tile.seccomppolicy", 2, "-arch makes one program for several architectures, -target and -experimental one for each; give either"},
		{"gen -arch x86_64,i386 -experimental arm64 tile.seccomppolicy", 2, "give either"},
		{"gen -arch x86_64,i386 -layout classic tile.seccomppolicy", 2, "layout classic is for one architecture"},
		{"gen -arch x32,i386 tile.seccomppolicy", 1, "Go does not build for x32; name another architecture first"},
	} {
		code, out, errs := call(strings.Fields(tc.args)...)
		if code != tc.code || out != "" || !strings.Contains(errs, tc.want) {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want %d and %q", tc.args, code, out, errs, tc.code, tc.want)
		}
	}
}

// TestGenSeveral writes one file, for the GOARCH of the first architecture.
func TestGenSeveral(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tile.seccomppolicy", tile)
	args := []string{"-arch", "x86_64,i386,x32", "tile.seccomppolicy"}
	mustGen(t, 0, "", args...)
	mustGen(t, 0, "", append([]string{"-check"}, args...)...)
	var names []string
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"seccomp_arch_amd64.go", "seccomp_arch_none.go", "tile.seccomppolicy", "tile_seccomp_amd64.go"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	mustGen(t, 1, "tile_seccomp_amd64.go is stale or missing", "-check", "-arch", "x86_64,i386", "tile.seccomppolicy")
}

// TestDiffSeveral compares what two policies mean on each architecture.
func TestDiffSeveral(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "old.seccomppolicy", tile)
	write(t, "new.seccomppolicy", tile+"socketcall on i386\n")
	code, out, errs := call("diff", "-arch", "x86_64,i386", "old.seccomppolicy", "new.seccomppolicy")
	if want := "Allowed more than before:\nsocketcall() on x86\n"; code != 1 || !strings.HasPrefix(out, want) || strings.Contains(out, "x86_64") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	code, out, errs = call("diff", "-arch", "x86_64,x32", "old.seccomppolicy", "new.seccomppolicy")
	if want := "for x86_64, x32: proven equal"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}
