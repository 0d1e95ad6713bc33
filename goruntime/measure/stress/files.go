//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// newFiles does once each what package os does with files, in a directory of its
// own.
func newFiles() run {
	dir := must(os.MkdirTemp(".", "files"))
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		fail(err)
	}
	return each(func() {
		if err := useFiles(dir); err != nil {
			fail(err)
		}
	})
}

func useFiles(dir string) error {
	name := filepath.Join(dir, "file")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 16)
	for _, step := range []func() error{
		func() error { _, err := f.Write(make([]byte, 100)); return err },
		func() error { _, err := f.WriteAt(buf, 50); return err },
		func() error { _, err := f.ReadAt(buf, 50); return err },
		func() error { _, err := f.Seek(10, io.SeekStart); return err },
		func() error { _, err := f.Read(buf); return err },
		func() error { return f.Truncate(64) },
		func() error { return f.Sync() },
		func() error { _, err := f.Stat(); return err },
		func() error { _, err := os.Stat(name); return err },
		func() error { _, err := os.Lstat(name); return err },
		func() error { _, err := os.ReadFile(name); return err },
		func() error { return os.Rename(name, name+"2") },
		func() error { return copyFile(name, name+"2") },
		func() error { return useFIFO(filepath.Join(dir, "fifo")) },
		func() error { return os.Mkdir(name+"dir", 0o700) },
		func() error { _, err := os.ReadDir(dir); return err },
		func() error { return os.Remove(name + "dir") },
		func() error { return os.Remove(name + "2") },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("files: %w", err)
		}
	}
	return nil
}

func copyFile(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	defer w.Close()
	_, err = io.Copy(w, r)
	return err
}

// useFIFO opens a file that the poller takes, unlike regular ones.
func useFIFO(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if _, err := f.Write(make([]byte, 8)); err != nil {
		return err
	}
	if _, err := f.Read(make([]byte, 8)); err != nil {
		return err
	}
	return f.Close()
}
