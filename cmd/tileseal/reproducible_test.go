package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// cold is the flag -cold: go test ./cmd/tileseal -run Reproducible -args -cold
var cold = flag.Bool("cold", false, "build what must come out the same each time with a cache of its own, the standard library included")

// TestReproducible builds the command here and from a copy of its sources
// elsewhere: the same bytes.
func TestReproducible(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	copySources(t, root, copied)
	here, there := buildHash(t, root), buildHash(t, copied)
	if here != there {
		t.Errorf("the sources of one command, built in two directories, are two programs: SHA-256 %s and %s", here, there)
	}
	t.Attr("sha256", here)
}

// buildHash is the SHA-256 of the command, built in the module at root for amd64
// without anything of the machine it is built on.
func buildHash(t *testing.T, root string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "tileseal")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", out, "./cmd/tileseal")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFLAGS=")
	if *cold {
		cmd.Env = append(cmd.Env, "GOCACHE="+t.TempDir())
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	binary, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(binary))
}

// copySources copies what the command is built from: go.mod, go.sum and the
// files of every package of this module that it needs.
func copySources(t *testing.T, root, to string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Module,GoFiles,EmbedFiles,SFiles", "./cmd/tileseal")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	files := []string{filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum")}
	for dec := json.NewDecoder(out); ; {
		var pkg struct {
			Dir                         string
			Module                      *struct{ Main bool }
			GoFiles, EmbedFiles, SFiles []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if pkg.Module == nil || !pkg.Module.Main {
			continue
		}
		for _, list := range [][]string{pkg.GoFiles, pkg.EmbedFiles, pkg.SFiles} {
			for _, name := range list {
				files = append(files, filepath.Join(pkg.Dir, name))
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, from := range files {
		name, err := filepath.Rel(root, from)
		if err != nil {
			t.Fatal(err)
		}
		copyFile(t, from, filepath.Join(to, name))
	}
	t.Logf("%d files, %s", len(files), runtime.Version())
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
