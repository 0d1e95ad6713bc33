package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A headerTarget is one architecture whose constants come from the kernel's
// headers for programs, because x/sys/unix lacks the architecture.
type headerTarget struct {
	name    string
	dir     string            // below arch/
	macros  []string          // what its C compiler defines
	long    int               // sizeof(long)
	termios int               // sizeof(struct termios) of the kernel
	kernel  map[string]string // what only its headers for the kernel itself define
	old     bool              // whether the older kernel has the headers
}

var headerTargets = []headerTarget{
	{name: "m68k", dir: "m68k", macros: []string{"__m68k__", "__mc68000__"}, long: 4, termios: 36},
	{name: "parisc", dir: "parisc", macros: []string{"__hppa__", "__parisc__"}, long: 4, termios: 36, kernel: pariscKernel},
	{name: "parisc64", dir: "parisc", macros: []string{"__hppa__", "__parisc__", "__LP64__", "_LP64"}, long: 8, termios: 36, kernel: pariscKernel},
	{name: "s390", dir: "s390", macros: []string{"__s390__"}, long: 4, termios: 36, old: true},
	{name: "sh", dir: "sh", macros: []string{"__sh__"}, long: 4, termios: 36},
}

// pariscKernel is arch/parisc/include/asm/socket.h.
var pariscKernel = map[string]string{"SOCK_NONBLOCK": "0x40000000"}

// headers are those that depend on the architecture, themselves or by a name
// of such a one, and define constants a system call takes.
var headers = []string{
	"asm/bitsperlong.h", "asm/errno.h", "asm/fcntl.h", "asm/ioctls.h", "asm/mman.h", "asm/poll.h", "asm/resource.h", "asm/signal.h",
	"asm/socket.h", "asm/sockios.h", "asm/stat.h", "asm/termbits.h",
	"linux/eventfd.h", "linux/eventpoll.h", "linux/fanotify.h", "linux/fcntl.h", "linux/fs.h", "linux/futex.h",
	"linux/if_tun.h", "linux/inotify.h", "linux/memfd.h", "linux/mman.h", "linux/mount.h", "linux/pidfd.h",
	"linux/random.h", "linux/sched.h", "linux/signalfd.h", "linux/sockios.h", "linux/stat.h", "linux/timerfd.h",
	"linux/userfaultfd.h", "linux/vt.h", "linux/wait.h", "linux/watchdog.h",
}

// notInHeaders are constants that a C library defines as those on the right,
// and the types of sockets, which include/linux/net.h has for the kernel
// alone.
var notInHeaders = map[string]string{
	"SOCK_STREAM": "1", "SOCK_DGRAM": "2", "SOCK_RAW": "3", "SOCK_RDM": "4", "SOCK_SEQPACKET": "5", "SOCK_DCCP": "6", "SOCK_PACKET": "10",
	"SOCK_CLOEXEC": "O_CLOEXEC", "SOCK_NONBLOCK": "O_NONBLOCK", "O_RSYNC": "O_SYNC", "O_FSYNC": "O_SYNC", "O_ASYNC": "FASYNC", "O_NDELAY": "O_NONBLOCK",
}

// notInUnix are names x/sys lacks, whose values in internal/cconst's tables by
// hand hold for other architectures.
var notInUnix = []string{"FIOASYNC", "FIOCLEX", "FIONBIO", "FIONCLEX", "FIONREAD", "FIOQSIZE"}

// headerFiles makes the tables of headerTargets: of the names x/sys has, the
// constants whose value is not, or cannot be seen to be, the one all of
// constTargets share. Those of the second kind have no type.
func headerFiles(k, old kernel, sys string) ([]file, error) {
	byTarget, err := allUnixConsts(sys)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, name := range notInUnix {
		names[name] = true
	}
	for name := range notInHeaders {
		names[name] = true
	}
	for _, consts := range byTarget {
		for name := range consts {
			names[name] = true
		}
	}
	common := take(byTarget)
	var files []file
	for _, t := range headerTargets {
		from := k
		if t.old {
			from = old
		}
		if from.dir == "" {
			continue
		}
		consts, err := t.consts(from.dir, slices.Sorted(maps.Keys(names)))
		if err != nil {
			return nil, fmt.Errorf("%s: %v", t.name, err)
		}
		maps.DeleteFunc(consts, func(name string, c unixConst) bool {
			elsewhere, ok := common[name]
			if c.ctype == "" {
				return !ok // else it hides the common one
			}
			return ok && c.value == elsewhere.value
		})
		files = append(files, emitConsts(from.from(), t.name, "of "+t.name+" alone", consts))
	}
	return files, nil
}

// consts has the C preprocessor expand each name, and evaluates what it
// yields. A name the headers lack is left out; one whose expansion is not
// understood (sizeof of a struct) has no type.
func (t headerTarget) consts(dir string, names []string) (map[string]unixConst, error) {
	stubs, err := stubHeaders(dir)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(stubs)
	var in bytes.Buffer
	for _, h := range headers {
		fmt.Fprintf(&in, "#if __has_include(<%s>)\n#include <%s>\n#endif\n", h, h)
	}
	for _, name := range names {
		fmt.Fprintf(&in, "#ifdef %s\n@%q = %s\n", name, name, name)
		x := t.kernel[name]
		if x == "" {
			x = notInHeaders[name]
		}
		if x != "" {
			fmt.Fprintf(&in, "#else\n@%q = %s\n", name, x)
		}
		in.WriteString("#endif\n")
	}
	args := []string{"-E", "-P", "-x", "c", "-undef", "-nostdinc",
		"-D__CHAR_BIT__=8", fmt.Sprintf("-D__SIZEOF_LONG__=%d", t.long),
		"-I", filepath.Join(dir, "arch", t.dir, "include/uapi"), "-I", stubs, "-I", filepath.Join(dir, "include/uapi")}
	for _, m := range t.macros {
		args = append(args, "-D"+m)
	}
	cmd := exec.Command("cc", append(args, "-")...)
	cmd.Stdin = &in
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cc: %v", err)
	}
	consts := map[string]unixConst{}
	for _, m := range regexp.MustCompile(`(?m)^@"(\w+)" = (.*)$`).FindAllSubmatch(out, -1) {
		name := string(m[1])
		v, ok := t.eval(string(m[2]))
		if !ok {
			consts[name] = unixConst{name: name}
			continue
		}
		value, ctype, err := cValue(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", name, err)
		}
		consts[name] = unixConst{name, value, ctype}
	}
	if len(consts) < 500 {
		return nil, fmt.Errorf("only %d constants", len(consts))
	}
	return consts, nil
}

// stubHeaders makes a directory that stands for what the kernel's build
// generates: <asm/x.h> is that of asm-generic where the architecture has
// none, and headers with no constants are empty.
func stubHeaders(dir string) (string, error) {
	stubs, err := os.MkdirTemp("", "mktables")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"linux/compiler.h", "linux/compiler_types.h", "linux/types.h", "linux/posix_types.h", "linux/stddef.h"} {
		path := filepath.Join(stubs, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return stubs, err
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			return stubs, err
		}
	}
	if err := os.Mkdir(filepath.Join(stubs, "asm"), 0o777); err != nil {
		return stubs, err
	}
	generic := filepath.Join(dir, "include/uapi/asm-generic")
	err = filepath.WalkDir(generic, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text := fmt.Sprintf("#include <asm-generic/%s>\n", e.Name())
		return os.WriteFile(filepath.Join(stubs, "asm", e.Name()), []byte(text), 0o666)
	})
	return stubs, err
}

var (
	suffix = regexp.MustCompile(`\b(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]+\b`)
	cast   = regexp.MustCompile(`\((?:(?:unsigned|signed|int|long|char|__u32|__u64|__s32|__force|__kernel_rwf_t|__poll_t|__kernel_ulong_t)\s*)+\)`)
	sizeOf = regexp.MustCompile(`sizeof\s*\(([^()]*)\)`)
	// What a macro of sockets is depends on the C library's time_t, which is
	// taken to be a long.
	timeSize = regexp.MustCompile(`\(sizeof\(time_t\) == sizeof\(\w+\) \? (\w+) : \w+\)`)
	negation = strings.NewReplacer("~", "^")
)

// eval evaluates the expansion of a macro. With casts and suffixes dropped C's
// operators mean in Go what they mean in C, as every macro's operands are in
// parentheses.
func (t headerTarget) eval(expr string) (constant.Value, bool) {
	sizes := map[string]int{
		"char": 1, "short": 2, "int": 4, "unsigned int": 4, "__u32": 4, "__s32": 4, "__u64": 8, "__s64": 8,
		"long": t.long, "unsigned long": t.long, "size_t": t.long, "loff_t": 8,
		"pid_t": 4, "struct timeval": 2 * t.long, "struct __kernel_old_timeval": 2 * t.long, "struct __kernel_old_timespec": 2 * t.long, "struct timespec": 2 * t.long, "struct winsize": 8, "struct termios": t.termios, "struct termios2": t.termios + 8,
	}
	expr = timeSize.ReplaceAllString(expr, "$1")
	expr = sizeOf.ReplaceAllStringFunc(expr, func(s string) string {
		typ := strings.Join(strings.Fields(sizeOf.FindStringSubmatch(s)[1]), " ")
		if n := sizes[typ]; n != 0 {
			return fmt.Sprint(n)
		}
		return s // which no Go expression is
	})
	expr = negation.Replace(cast.ReplaceAllString(suffix.ReplaceAllString(expr, "$1"), ""))
	tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expr)
	if err != nil || tv.Value == nil {
		return nil, false
	}
	v := constant.ToInt(tv.Value)
	return v, v.Kind() == constant.Int
}
