package cconst

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// unixLiterals is the constants that some files of x/sys/unix give a literal,
// by name.
func unixLiterals(t *testing.T, files ...string) map[string]uint64 {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Fatalf("go list: %v; run go mod download", err)
	}
	values := map[string]uint64{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "unix", name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				spec := spec.(*ast.ValueSpec)
				for i, x := range spec.Values {
					if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.INT {
						v, err := strconv.ParseUint(lit.Value, 0, 64)
						if err != nil {
							t.Fatal(err)
						}
						values[spec.Names[i].Name] = v
					}
				}
			}
		}
	}
	return values
}

// TestUnixLiterals reads x/sys/unix a second way, and finds every constant
// with a C name again. (The generator type-checks the package.)
func TestUnixLiterals(t *testing.T) {
	for _, a := range targets {
		g := a.GOARCH()
		n := 0
		for name, want := range unixLiterals(t, "zerrors_linux.go", "zerrors_linux_"+g+".go", "ztypes_linux.go", "ztypes_linux_"+g+".go") {
			if name != strings.ToUpper(name) || name[0] == '_' || name == "WALL" || name == "WCLONE" || name == "WNOTHREAD" {
				continue
			}
			n++
			c, ok := Lookup(a, name)
			if !ok {
				t.Errorf("%v: no %s", a, name)
			} else if c.Unix && c.Value != want {
				t.Errorf("%v: %s is %#x, in x/sys/unix %#x", a, name, c.Value, want)
			}
		}
		if n < 4000 {
			t.Errorf("%v: %d constants compared", a, n)
		}
	}
}

// TestSysConst checks every call of every table: x/sys/unix has the name, and
// it has the call's number.
func TestSysConst(t *testing.T) {
	for _, a := range arch.All() {
		if a.GOARCH() == "" {
			continue
		}
		theirs := unixLiterals(t, "zsysnum_linux_"+a.GOARCH()+".go")
		for call, nr := range a.Syscalls() {
			ident, ok := SysConst(a, call)
			if nr >= 0xf0000 && !ok {
				continue
			}
			if got, has := theirs[ident]; !ok || !has || got != uint64(nr) {
				t.Errorf("%v %s: %s, %v; in x/sys/unix %d, %v; want %d", a, call, ident, ok, got, has, nr)
			}
		}
	}
	for _, c := range []struct {
		a    arch.Arch
		call string
	}{{arch.X86_64, "wirte"}, {arch.X86_64, ""}, {arch.AArch64, "poll"}, {arch.X32, "read"}, {arch.PPC, "read"}, {arch.ARM, "cacheflush"}, {0, "read"}} {
		if ident, ok := SysConst(c.a, c.call); ok || ident != "" {
			t.Errorf("SysConst(%v, %q) = %s, %v", c.a, c.call, ident, ok)
		}
	}
}

func TestSizeof(t *testing.T) {
	for _, c := range []struct {
		typ                  string
		x86, x86_64, aarch64 uint64
	}{
		{"struct sockaddr_in", 16, 16, 16},
		{"struct sockaddr_in6", 28, 28, 28},
		{"struct sockaddr_un", 110, 110, 110},
		{"struct sockaddr", 16, 16, 16},
		{"struct sockaddr_nl", 12, 12, 12},
		{"struct sockaddr_ll", 20, 20, 20},
		{"struct sockaddr_storage", 128, 128, 128},
		{"struct timespec", 8, 16, 16},
		{"struct itimerspec", 16, 32, 32},
		{"struct epoll_event", 12, 12, 16},
		{"struct clone_args", 88, 88, 88},
		{"int", 4, 4, 4},
		{"long", 8, 8, 8},
		{"unsigned long", 8, 8, 8},
	} {
		for i, want := range []uint64{c.x86, c.x86_64, c.aarch64} {
			a := []arch.Arch{arch.X86, arch.X86_64, arch.AArch64}[i]
			if got, ok := Sizeof(a, c.typ); got != want || !ok {
				t.Errorf("%v sizeof(%s) = %d, %v; want %d", a, c.typ, got, ok, want)
			}
		}
	}
	for _, typ := range []string{"", "struct", "struct sockadr_in", "sockaddr_in", "struct stat", "sigset_t"} {
		if got, ok := Sizeof(arch.X86_64, typ); ok {
			t.Errorf("sizeof(%s) = %d", typ, got)
		}
	}
	if _, ok := Sizeof(0, "int"); ok {
		t.Error("the invalid architecture has an int")
	}
	for _, c := range []struct {
		arches, typ string
		want        uint64 // 0 for none
	}{
		{"arm mips mipsel ppc parisc s390 mips64 ppc64le s390x riscv64", "struct epoll_event", 16},
		{"arm mips ppc s390 parisc", "struct timespec", 8},
		{"loongarch64 parisc64 mipsel64", "struct msghdr", 56},
		{"x32 mips64n32 m68k sh sheb", "struct sockaddr_in", 16},
		{"x32 mips64n32 m68k sh sheb", "struct epoll_event", 0},
		{"x32 mips64n32 m68k sh sheb", "struct sock_fprog", 0}, // 6 bytes on m68k
	} {
		for name := range strings.FieldsSeq(c.arches) {
			a, err := arch.ByName(name)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := Sizeof(a, c.typ); ok != (c.want != 0) || ok && got != c.want {
				t.Errorf("%v sizeof(%s) = %d, %v; want %d", a, c.typ, got, ok, c.want)
			}
		}
	}
}

// TestUnixSizes compares the sizes with the structs x/sys/unix has constants
// for.
func TestUnixSizes(t *testing.T) {
	for _, a := range targets {
		theirs := unixLiterals(t, "ztypes_linux.go", "ztypes_linux_"+a.GOARCH()+".go")
		for name, typ := range map[string]string{
			"SizeofSockaddrInet4": "struct sockaddr_in", "SizeofSockaddrInet6": "struct sockaddr_in6",
			"SizeofSockaddrUnix": "struct sockaddr_un", "SizeofSockaddrLinklayer": "struct sockaddr_ll",
			"SizeofSockaddrNetlink": "struct sockaddr_nl", "SizeofSockaddrALG": "struct sockaddr_alg",
			"SizeofSockaddrVM": "struct sockaddr_vm", "SizeofSockaddrXDP": "struct sockaddr_xdp",
			"SizeofLinger": "struct linger", "SizeofIovec": "struct iovec", "SizeofMsghdr": "struct msghdr",
			"SizeofCmsghdr": "struct cmsghdr", "SizeofUcred": "struct ucred", "SizeofIPMreq": "struct ip_mreq",
			"SizeofIPMreqn": "struct ip_mreqn", "SizeofIPv6Mreq": "struct ipv6_mreq", "SizeofNlMsghdr": "struct nlmsghdr",
			"SizeofInotifyEvent": "struct inotify_event", "SizeofSockFilter": "struct sock_filter",
			"SizeofSockFprog": "struct sock_fprog", "SizeofOpenHow": "struct open_how",
		} {
			want, has := theirs[name]
			if got, ok := Sizeof(a, typ); !ok || !has || got != want {
				t.Errorf("%v sizeof(%s) = %d, %v; unix.%s is %d, %v", a, typ, got, ok, name, want, has)
			}
		}
	}
}
