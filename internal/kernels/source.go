package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A source is how the kernel of a target is built that Debian has no kernel for:
// big-endian ones of architectures where it has little-endian ones.
type source struct {
	arch  string // the tree's directory in arch/, and the file in configs/
	cross string // what the names of Debian's cross compiler and its tools begin with
}

// sourcePackage is Debian's, and sourceGCC the compiler of the same release.
const (
	sourcePackage = "linux-source-6.1"
	sourceSuite   = "bookworm"
	sourceGCC     = "gcc-12"
)

//go:embed configs
var configs embed.FS

// config is the options that the kernel is to have, one a line.
func (s *source) config() string {
	var text string
	for _, name := range []string{"common", s.arch} {
		part, err := configs.ReadFile("configs/" + name + ".config")
		if err != nil {
			panic(err) // a target without its file; TestSources looks
		}
		text += string(part)
	}
	return text
}

// name is what the cache calls a kernel built of a version of the package: other
// options make another kernel.
func (s *source) name(version string) string {
	sum := sha256.Sum256([]byte(s.config()))
	return fmt.Sprintf("%s_%s-%s-%x", sourcePackage, version, s.arch, sum[:4])
}

// pattern is of the names of this kernel.
func (s *source) pattern() *regexp.Regexp {
	const mark = "VERSION"
	return regexp.MustCompile("^" + strings.Replace(regexp.QuoteMeta(s.name(mark)), mark, `[0-9][^_]*`, 1) + "$")
}

// kernel gets a target's kernel: from the cache, from Debian, or built.
func (s *session) kernel(t *target) (kernel, error) {
	if t.source == nil {
		return fetchKernel(t, s.cache, s.fresh)
	}
	dir := filepath.Join(s.cache, "kernels", "built")
	if k, ok := cached(t, dir); ok && !(s.fresh && s.build) {
		return k, nil
	}
	if !s.build {
		return kernel{}, skip{"Debian has no such kernel; -build-kernels builds one, in some ten minutes of a processor"}
	}
	if err := t.source.tools(); err != nil {
		return kernel{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return kernel{}, err
	}
	if err := s.unpack(); err != nil {
		return kernel{}, err
	}
	s.say("%s: building %s", t.name, t.source.name(s.version))
	image, err := s.make(t.source)
	if err != nil {
		return kernel{}, err
	}
	name := t.source.name(s.version)
	k := kernel{filepath.Join(dir, name), name}
	return k, writeWhole(k.file, image)
}

// tools says which programs are missing that a build needs, if any are.
func (s *source) tools() error {
	var missing []string
	for _, tool := range []string{s.gcc(), s.cross + "ld", "gcc", "make", "flex", "bison", "bc", "perl", "tar", "xz", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if missing == nil {
		return nil
	}
	return skip{fmt.Sprintf("to build a kernel for %s these are missing: %s (Debian: %s-%s make flex bison bc perl xz-utils)",
		s.arch, strings.Join(missing, " "), sourceGCC, strings.TrimSuffix(s.cross, "-"))}
}

func (s *source) gcc() string { return s.cross + sourceGCC }

// unpack fetches and unpacks the source, once in a session and for that long: it
// is 1.3 GB.
func (s *session) unpack() error {
	if s.version != "" {
		return nil
	}
	dir, err := os.MkdirTemp(s.cache, "source")
	if err != nil {
		return err
	}
	os.RemoveAll(s.tree) // of an attempt that failed, for another target
	s.tree = dir
	a, err := openArchive(sourceSuite, "amd64", s.cache) // the package is for all architectures
	if err != nil {
		return err
	}
	defer a.remove()
	deb, err := a.download(sourcePackage, dir)
	if err != nil {
		return err
	}
	pipe := exec.Command("sh", "-ec", `dpkg-deb -x "$1" package; mkdir linux out
		nice tar -xJf package/usr/src/*.tar.xz --strip-components=1 -C linux; rm -r package "$1"`, "sh", deb)
	pipe.Dir = dir
	if err := loud(pipe); err != nil {
		return err
	}
	s.version = debVersion(filepath.Base(deb))
	return nil
}

// debVersion is the version in the name of a package's file: "a_6.1.2-3_all.deb".
func debVersion(file string) string {
	parts := strings.Split(file, "_")
	if len(parts) != 3 {
		return "0"
	}
	return parts[1]
}

// make builds the kernel, outside the tree, and leaves the machine to others.
func (s *session) make(src *source) ([]byte, error) {
	out := filepath.Join(s.tree, "out", src.arch)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	wanted := filepath.Join(out, "wanted")
	if err := os.WriteFile(wanted, []byte(src.config()), 0o644); err != nil {
		return nil, err
	}
	run := func(goal string) error {
		cmd := exec.Command("nice", "make", "-s", "-j2", "-C", filepath.Join(s.tree, "linux"), "O="+out,
			"ARCH="+src.arch, "CROSS_COMPILE="+src.cross, "CC="+src.gcc(), "KCONFIG_ALLCONFIG="+wanted, goal)
		cmd.Env = append(os.Environ(), "KBUILD_BUILD_TIMESTAMP=1970-01-01", "KBUILD_BUILD_USER=tileseal", "KBUILD_BUILD_HOST=tileseal")
		return loud(cmd)
	}
	if err := run("allnoconfig"); err != nil {
		return nil, err
	}
	have, err := os.ReadFile(filepath.Join(out, ".config"))
	if err != nil {
		return nil, err
	}
	if lost := lostOptions(src.config(), string(have)); lost != nil {
		return nil, fmt.Errorf("the kernel for %s cannot have %s", src.arch, strings.Join(lost, " "))
	}
	if err := run("vmlinux"); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(out, "vmlinux"))
}

// lostOptions are those that make left out since they need others.
func lostOptions(wanted, have string) (lost []string) {
	lines := strings.Split(have, "\n")
	for line := range strings.Lines(wanted) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "CONFIG_") && !slices.Contains(lines, line) {
			lost = append(lost, line)
		}
	}
	return lost
}

// loud runs a command; what it printed is in the error.
func loud(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		const enough = 2000
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Args[0]), err, bytes.TrimSpace(out[max(0, len(out)-enough):]))
	}
	return nil
}
