package main

import (
	"fmt"
	"os"
	"testing"
)

// TestWriteFile: the mode and the link stay, an error leaves the old content and
// nothing else, and what is no file is written to.
func TestWriteFile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "real", "old")
	if err := os.Chmod("real", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", "link"); err != nil {
		t.Fatal(err)
	}
	if err := writeFile("link", []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat("link")
	if err != nil || info.Mode()&os.ModeSymlink == 0 || read(t, "real") != "new" {
		t.Errorf("link is %v, %v; real has %q", info.Mode(), err, read(t, "real"))
	}
	if info, err := os.Stat("real"); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := writeFile("fresh", []byte("x")); err != nil || read(t, "fresh") != "x" {
		t.Errorf("a new file: %v", err)
	}
	if err := writeFile(os.DevNull, []byte("x")); err != nil {
		t.Errorf("a device: %v", err)
	}
	// Where the new content would go first.
	write(t, fmt.Sprintf("real.%d.tmp", os.Getpid()), "somebody's")
	if err := writeFile("real", []byte("newer")); err == nil || read(t, "real") != "new" {
		t.Errorf("error %v, content %q", err, read(t, "real"))
	}
	if err := writeFile("no/such/file", nil); err == nil {
		t.Error("wrote into a directory that is not there")
	}
}
