package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// An emulator is QEMU for one machine: a command and what its arguments begin with.
type emulator struct {
	command string
	args    []string
}

// findQEMU finds the machine's emulator on this system. If it is older than the
// machine asks for, a newer one is taken from the backports of the system's own
// Debian release, and unpacked in the cache; nothing is installed.
func findQEMU(m *machine, cache string) (emulator, error) {
	command, err := exec.LookPath(m.qemu)
	if err != nil {
		return emulator{}, skip{fmt.Sprintf("there is no %s here", m.qemu)}
	}
	version, err := qemuVersion(command)
	if err != nil {
		return emulator{}, err
	}
	if version >= m.least {
		return emulator{command: command}, nil
	}
	dir := filepath.Join(cache, "qemu")
	newer := emulator{filepath.Join(dir, "usr/bin", m.qemu), []string{"-L", filepath.Join(dir, "usr/share/qemu")}}
	if _, err := os.Stat(newer.command); err != nil {
		if err := fetchQEMU(dir, cache); err != nil {
			return emulator{}, err
		}
	}
	if version, err = qemuVersion(newer.command); err != nil {
		return emulator{}, err
	}
	if version < m.least {
		return emulator{}, skip{fmt.Sprintf("%s needs QEMU %d, there is %d", m.qemu, m.least, version)}
	}
	return newer, nil
}

var majorVersion = regexp.MustCompile(`^QEMU emulator version (\d+)\.`)

// qemuVersion is the first number of QEMU's version.
func qemuVersion(command string) (int, error) {
	out, err := exec.Command(command, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%s --version: %w", command, err)
	}
	found := majorVersion.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%s --version prints no version: %q", command, out)
	}
	return strconv.Atoi(string(found[1]))
}

// fetchQEMU unpacks the backported packages for the rarer machines in dir.
func fetchQEMU(dir, cache string) error {
	suite, err := backports()
	if err != nil {
		return err
	}
	arch, err := exec.Command("dpkg", "--print-architecture").Output()
	if err != nil {
		return fmt.Errorf("dpkg --print-architecture: %w", err)
	}
	a, err := openArchive(suite, strings.TrimSpace(string(arch)), cache)
	if err != nil {
		return err
	}
	defer a.remove()
	part := dir + ".part" // an unpacking that breaks off leaves no dir
	defer os.RemoveAll(part)
	if err := os.MkdirAll(part, 0o755); err != nil {
		return err
	}
	for _, pkg := range []string{"qemu-system-common", "qemu-system-data", "qemu-system-misc"} {
		deb, err := a.download(pkg+"/"+suite, part)
		if err != nil {
			return err
		}
		if out, err := exec.Command("dpkg-deb", "-x", deb, part).CombinedOutput(); err != nil {
			return fmt.Errorf("dpkg-deb -x %s: %w\n%s", filepath.Base(deb), err, bytes.TrimSpace(out))
		}
		if err := os.Remove(deb); err != nil {
			return err
		}
	}
	return os.Rename(part, dir)
}

// backports is the suite with newer packages for this system.
func backports() (string, error) {
	text, err := os.ReadFile("/etc/os-release")
	if errors.Is(err, os.ErrNotExist) {
		return "", skip{"a newer QEMU is needed, and this system does not say which release it is"}
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			return name + "-backports", nil
		}
	}
	return "", skip{"a newer QEMU is needed, and this system has no release to take it from"}
}
