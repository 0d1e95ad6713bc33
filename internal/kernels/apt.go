package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A skip is the reason why a target cannot be tried here: QEMU or the archive is
// missing. Anything else that goes wrong is a failure.
type skip struct{ reason string }

func (s skip) Error() string { return s.reason }

// An archive is a Debian suite for one architecture, in an apt state of its own:
// the host's is not touched. Where the archive is, the host's own apt sources
// say.
type archive struct {
	suite, arch string
	dir         string // of its state
}

// openArchive fetches the suite's lists of packages, with their signatures
// checked by apt.
func openArchive(suite, arch, cache string) (*archive, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, skip{"kernels are Debian packages, and there is no apt-get here"}
	}
	a := &archive{suite, arch, filepath.Join(cache, "apt", suite+"-"+arch)}
	uri, err := hostArchive()
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	line := fmt.Sprintf("deb %s %s main\n", uri, suite)
	if _, err := os.Stat(keyring); err == nil {
		line = fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, uri, suite)
	}
	for name, text := range map[string]string{"status": "", "sources.list": line} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if out, err := a.command("apt-get", "update", "-q", "--error-on=any").CombinedOutput(); err != nil {
		return nil, skip{fmt.Sprintf("no lists of %s for %s: apt-get update: %v\n%s", suite, arch, err, bytes.TrimSpace(out))}
	}
	return a, nil
}

// command is an apt tool on the archive's own state. What the host configures
// besides, such as a proxy, stays.
func (a *archive) command(name string, args ...string) *exec.Cmd {
	var options []string
	for _, o := range []string{
		"APT::Architecture=" + a.arch, "APT::Architectures=" + a.arch,
		"Dir::State=" + a.dir, "Dir::State::status=" + filepath.Join(a.dir, "status"),
		"Dir::Cache=" + filepath.Join(a.dir, "cache"),
		"Dir::Etc::sourcelist=" + filepath.Join(a.dir, "sources.list"), "Dir::Etc::sourceparts=-",
		"Dir::Etc::preferences=-", "Dir::Etc::preferencesparts=-",
		"Acquire::Languages=none", "Acquire::Check-Valid-Until=false", "Acquire::Retries=2",
		"APT::Sandbox::User=", "Debug::NoLocking=1",
	} {
		options = append(options, "-o", o)
	}
	cmd := exec.Command(name, append(options, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

// newest is the name of the package with the highest numbers among those that
// match: the numbers move, so a table can only have a pattern.
func (a *archive) newest(pattern *regexp.Regexp) (string, error) {
	out, err := a.command("apt-cache", "pkgnames", "linux-").Output()
	if err != nil {
		return "", fmt.Errorf("apt-cache: %w", err)
	}
	names := slices.DeleteFunc(strings.Fields(string(out)), func(n string) bool { return !pattern.MatchString(n) })
	if len(names) == 0 {
		return "", skip{fmt.Sprintf("no package in %s for %s matches %v", a.suite, a.arch, pattern)}
	}
	return slices.MaxFunc(names, byNumbers), nil
}

// download fetches a package, NAME or NAME/SUITE, into dir and returns the file's
// path.
func (a *archive) download(pkg, dir string) (string, error) {
	cmd := a.command("apt-get", "download", "-q", pkg)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", skip{fmt.Sprintf("apt-get download %s: %v\n%s", pkg, err, bytes.TrimSpace(out))}
	}
	name, _, _ := strings.Cut(pkg, "/")
	found, err := filepath.Glob(filepath.Join(dir, name+"_*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("apt-get download %s: %d files", pkg, len(found))
	}
	return found[0], nil
}

// remove deletes the lists, some 50 MB a suite.
func (a *archive) remove() error { return os.RemoveAll(a.dir) }

// keyring are the keys of Debian's archive, in the package of that name; without
// it apt trusts the keys it is configured to.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// hostArchive asks apt for the address that the host's own packages come from.
func hostArchive() (uri string, err error) {
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(CREATED_BY)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)").Output()
	if err != nil {
		return "", fmt.Errorf("apt-get indextargets: %w", err)
	}
	return archiveIn(string(out))
}

// archiveIn is the first of the targets that is a Debian suite, and no update of
// one: those have another address or a dash in their name.
func archiveIn(targets string) (uri string, err error) {
	for line := range strings.Lines(targets) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) == 4 && f[0] == "Packages" && f[1] == "main" && !strings.Contains(f[2], "-") && path.Base(f[3]) == "debian" {
			return f[3], nil
		}
	}
	return "", skip{"the apt sources of this machine name no Debian archive to fetch kernels from"}
}

var number = regexp.MustCompile(`\d+`)

// byNumbers compares names by the numbers in them, from the left.
func byNumbers(a, b string) int {
	n, m := number.FindAllString(a, -1), number.FindAllString(b, -1)
	return slices.CompareFunc(n, m, func(x, y string) int {
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(x, y)
	})
}

// isSkip reports whether err is a reason to skip.
func isSkip(err error) bool {
	_, ok := errors.AsType[skip](err)
	return ok
}
