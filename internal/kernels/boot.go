package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// always is what the kernel command line of every target begins with: a panic
// ends the machine, and only what matters is printed.
const always = "panic=-1 rdinit=/init quiet loglevel=3"

// A guest is what is needed to boot a target.
type guest struct {
	target    *target
	qemu      emulator
	kernel    kernel
	initramfs []byte
}

// boot starts the guest's machine, waits until it ends, and returns what it said
// on its console, which goes to echo as well. A machine that takes longer than
// limit is ended.
func boot(ctx context.Context, g *guest, limit time.Duration, echo io.Writer) (said []byte, err error) {
	dir, err := os.MkdirTemp("", "tileseal-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	initrd := filepath.Join(dir, "initramfs")
	if err := os.WriteFile(initrd, g.initramfs, 0o644); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := slices.Concat(g.qemu.args, g.target.machine.arguments(g.kernel.file, initrd, g.target.extra))
	cmd := exec.CommandContext(ctx, g.qemu.command, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, echo), &complaints
	err = cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("the guest did not end in %v", limit)
	case err != nil:
		err = fmt.Errorf("%s: %w: %s", g.target.machine.qemu, err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out.Bytes(), err
}

// slipped reports whether a guest said what the machine's programs die with at
// random.
func (m *machine) slipped(said []byte) bool {
	return m.slip != "" && bytes.Contains(said, []byte(m.slip))
}

// arguments are QEMU's: one processor, no devices but the console, no network.
func (m *machine) arguments(kernel, initrd, extra string) []string {
	memory := m.memory
	if memory == "" {
		memory = "512"
	}
	line := strings.Join(strings.Fields(m.console+" "+always+" "+extra), " ")
	return slices.Concat(m.args, []string{
		"-accel", "tcg", "-smp", "1", "-m", memory, "-display", "none", "-no-reboot", "-nodefaults", "-serial", "stdio",
		"-kernel", kernel, "-initrd", initrd, "-append", line,
	})
}
