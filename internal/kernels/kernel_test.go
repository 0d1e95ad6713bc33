package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestArchiveIn(t *testing.T) {
	const targets = `DEP-11|main|bookworm|http://archive.example/debian/
Packages|main|bookworm-security|http://archive.example/debian-security/
Packages|main|stable|https://archive.example/tools
Packages|contrib|bookworm|http://contrib.example/debian/
Packages|main|bookworm-updates|http://updates.example/debian/
`
	if uri, err := archiveIn(targets); !isSkip(err) {
		t.Errorf("found %q (%v), want a reason to skip", uri, err)
	}
	const want = "http://mirror.example/debian/"
	if uri, err := archiveIn(targets + "Packages|main|bookworm|" + want + "\n"); uri != want || err != nil {
		t.Errorf("found %q (%v), want %q", uri, err, want)
	}
}

func TestByNumbers(t *testing.T) {
	sorted := []string{"linux-image-6.1.0-9-amd64", "linux-image-6.1.0-50-amd64", "linux-image-6.1.0-100-amd64", "linux-image-6.12.3-1-amd64"}
	mixed := []string{sorted[2], sorted[0], sorted[3], sorted[1]}
	slices.SortFunc(mixed, byNumbers)
	if !slices.Equal(mixed, sorted) {
		t.Errorf("%q", mixed)
	}
}

// tarOf is a tar archive of files with their names for contents.
func tarOf(t *testing.T, names ...string) *bytes.Buffer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range names {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(name)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte(name))
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf
}

func TestImageInTar(t *testing.T) {
	for _, name := range []string{"./boot/vmlinuz-6.1.0-50-amd64", "./boot/vmlinux-6.1.0-50-4kc-malta", "./usr/lib/modules/7.2.12+deb14-riscv64/vmlinuz"} {
		got, err := imageInTar(tarOf(t, "./", "./boot/", "./boot/config-6.1.0", name))
		if string(got) != name || err != nil {
			t.Errorf("%s: %q (%v)", name, got, err)
		}
	}
	if _, err := imageInTar(tarOf(t, "./boot/System.map", "./usr/share/doc/vmlinuz")); err == nil || !strings.Contains(err.Error(), "no kernel") {
		t.Errorf("a package without a kernel: error %v", err)
	}
	if _, err := imageInTar(bytes.NewReader(tarOf(t, "./boot/vmlinuz-1").Bytes()[:513])); err == nil {
		t.Error("half a package: no error")
	}
}

// wrapped is an image as the kernel's zboot header makes it.
func wrapped(payload []byte, length int) []byte {
	const header = 64
	image := make([]byte, header, header+len(payload))
	copy(image, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(image[8:], header)
	binary.LittleEndian.PutUint32(image[12:], uint32(length))
	copy(image[24:], "zstd\x00")
	return append(image, payload...)
}

func TestUnwrap(t *testing.T) {
	plain := bytes.Repeat([]byte("a kernel "), 10)
	if got, err := unwrap(plain); !bytes.Equal(got, plain) || err != nil {
		t.Errorf("an image that is not wrapped: %q (%v)", got, err)
	}
	if _, err := unwrap(wrapped(plain, len(plain)+1)); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("an image that is cut short: error %v", err)
	}
	if _, err := exec.LookPath("zstd"); err != nil {
		t.Skip("there is no zstd command here")
	}
	cmd := exec.Command("zstd", "-c")
	cmd.Stdin = bytes.NewReader(plain)
	packed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	image := append(wrapped(packed, len(packed)), "behind it"...)
	if got, err := unwrap(image); !bytes.Equal(got, plain) || err != nil {
		t.Errorf("%q (%v), want %q", got, err, plain)
	}
}

// The newest kernel in the cache is taken, and no half of one.
func TestCached(t *testing.T) {
	list, err := choose("amd64-old")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if k, ok := cached(list[0], dir); ok {
		t.Errorf("in an empty directory: %v", k)
	}
	for _, name := range []string{"linux-image-6.1.0-9-amd64", "linux-image-6.1.0-49-amd64", "linux-image-6.1.0-50-amd64.part", "linux-image-6.1.0-60-arm64"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const want = "linux-image-6.1.0-49-amd64"
	if k, ok := cached(list[0], dir); !ok || k != (kernel{filepath.Join(dir, want), want}) {
		t.Errorf("%v %v, want %s", k, ok, want)
	}
}
