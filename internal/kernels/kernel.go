package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A kernel is a file to boot, and the package it is from.
type kernel struct{ file, pkg string }

// fetchKernel returns the target's kernel, from the cache if it is there. Else the newest
// package that matches is downloaded, its kernel kept and the package deleted.
func fetchKernel(t *target, cache string, fresh bool) (kernel, error) {
	dir := filepath.Join(cache, "kernels", t.suite+"-"+t.debArch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return kernel{}, err
	}
	if k, ok := cached(t, dir); ok && !fresh {
		return k, nil
	}
	a, err := openArchive(t.suite, t.debArch, cache)
	if err != nil {
		return kernel{}, err
	}
	defer a.remove()
	pkg, err := a.newest(t.pattern)
	if err != nil {
		return kernel{}, err
	}
	deb, err := a.download(pkg, dir)
	if err != nil {
		return kernel{}, err
	}
	defer os.Remove(deb)
	image, err := imageIn(deb)
	if err != nil {
		return kernel{}, fmt.Errorf("%s: %w", filepath.Base(deb), err)
	}
	k := kernel{filepath.Join(dir, pkg), pkg}
	return k, writeWhole(k.file, image)
}

// cached is the newest kernel of the target that was fetched before.
func cached(t *target, dir string) (kernel, bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return kernel{}, false
	}
	var names []string
	for _, e := range entries {
		if t.pattern.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return kernel{}, false
	}
	pkg := slices.MaxFunc(names, byNumbers)
	return kernel{filepath.Join(dir, pkg), pkg}, true
}

// writeWhole writes a file so that it is there in full or not at all.
func writeWhole(name string, data []byte) error {
	part := name + ".part"
	if err := os.WriteFile(part, data, 0o644); err != nil {
		return err
	}
	return os.Rename(part, name)
}

// inPackage is where packages have their kernel: linux-image in /boot,
// linux-binary beside the modules.
var inPackage = regexp.MustCompile(`^(boot/vmlinu[xz]-[^/]+|(usr/)?lib/modules/[^/]+/vmlinu[xz])$`)

// imageIn reads the kernel out of a package.
func imageIn(deb string) ([]byte, error) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		return nil, skip{"kernels are Debian packages, and there is no dpkg-deb here"}
	}
	cmd := exec.Command("dpkg-deb", "--fsys-tarfile", deb)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	image, err := imageInTar(out)
	io.Copy(io.Discard, out)
	return image, errors.Join(err, cmd.Wait())
}

func imageInTar(r io.Reader) ([]byte, error) {
	files := tar.NewReader(r)
	for {
		h, err := files.Next()
		if err == io.EOF {
			return nil, errors.New("there is no kernel in the package")
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || !inPackage.MatchString(strings.TrimPrefix(path.Clean(h.Name), "/")) {
			continue
		}
		image, err := io.ReadAll(files)
		if err != nil {
			return nil, err
		}
		return unwrap(image)
	}
}

// unwrap takes the kernel out of an EFI program that decompresses it with zstd,
// which QEMU does not run; its header is in drivers/firmware/efi/libstub/
// zboot-header.S. Other images stay as they are.
func unwrap(image []byte) ([]byte, error) {
	const (
		magic     = 4  // "zimg"
		offset    = 8  // of the compressed kernel, and its length behind it
		algorithm = 24 // its name, ended by a zero
		length    = 32
	)
	if len(image) < length || string(image[magic:magic+4]) != "zimg" || !bytes.HasPrefix(image[algorithm:], []byte("zstd")) {
		return image, nil
	}
	from := uint64(binary.LittleEndian.Uint32(image[offset:]))
	to := from + uint64(binary.LittleEndian.Uint32(image[offset+4:]))
	if to > uint64(len(image)) {
		return nil, errors.New("the compressed kernel is cut short")
	}
	cmd := exec.Command("zstd", "-dc")
	cmd.Stdin = bytes.NewReader(image[from:to])
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, skip{"the kernel is compressed with zstd, and there is no zstd command here"}
	}
	return out, err
}
