//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tileseal/tileseal/goruntime/internal/wire"
	"github.com/tileseal/tileseal/internal/gen"
	"github.com/tileseal/tileseal/internal/kerneltest"
	"github.com/tileseal/tileseal/internal/policytest"
	"github.com/tileseal/tileseal/internal/policytest/tiles"
	"golang.org/x/sys/unix"
)

// Every prebuilt tile, as a Go program under its own program: it makes the tile's
// calls, survives a second of stress, and is killed by SIGSYS at a forbidden open,
// which is the last thing it does. In short mode every tenth does.
func TestSurvival(t *testing.T) {
	goarches := []string{runtime.GOARCH}
	if runtime.GOARCH == "amd64" {
		goarches = append(goarches, "386")
	}
	peer := echoServer(t)
	room := make(chan bool, 2)
	for _, goarch := range goarches {
		t.Run(goarch, func(t *testing.T) {
			kerneltest.Runs(t, goarch)
			path := kerneltest.Build(t, "github.com/tileseal/tileseal/goruntime/internal/tiles", goarch)
			for i, x := range tiles.All() {
				if goarch == "386" && runtime.GOARCH != "386" && slices.Contains(tiles.WithSockets, x.Name) || testing.Short() && i%10 != 0 {
					continue
				}
				t.Run(x.Name, func(t *testing.T) {
					t.Parallel()
					room <- true
					defer func() { <-room }()
					survive(t, path, peer, x.Name)
				})
			}
		})
	}
}

func survive(t *testing.T, path, peer, name string) {
	const length = 900 * time.Millisecond
	dir := t.TempDir()
	cmd := exec.Command(path, append([]string{name, dir, peer, length.String()}, params(t, name)...)...)
	cmd.Args[0] = "tiles"
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GODEBUG=") && !strings.HasPrefix(kv, "GOTRACEBACK=") && !strings.HasPrefix(kv, "GOMAXPROCS=") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(60*time.Second, func() { cmd.Process.Kill() })
	defer overdue.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr := lines.Text(); addr != "" {
			visit(t, name, addr)
		}
	}
	cmd.Wait()

	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != unix.SIGSYS {
		t.Errorf("ended with %v", cmd.ProcessState)
	}
	want := fmt.Sprintf("%s\n%s\n%s\n", wire.Sealed, wire.Survived, wire.Opening)
	if got := stderr.String(); got != want {
		t.Errorf("said %.3000q, want %q", got, want)
	}
	written, err := os.ReadFile(filepath.Join(dir, "logfile_fd"))
	if err != nil || !bytes.Contains(written, []byte("at work\n")) {
		t.Errorf("logged %.100q, %v", written, err)
	}
}

// params are the names of a tile's parameters.
func params(t *testing.T, name string) []string {
	t.Helper()
	file := filepath.Join(policytest.Root(t), "policy", "gotile", name+gen.Ending)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, errs := gen.Parse(file, string(text), gen.Tileseal)
	if err := errs.Err(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range f.Params {
		names = append(names, p.Name)
	}
	return names
}

// visit is a client of a tile that listens.
func visit(t *testing.T, name, addr string) {
	t.Helper()
	if name == "ipecho" {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, content)
		if got, err := io.ReadAll(conn); string(got) != content {
			t.Errorf("sent back %q, %v", got, err)
		}
		return
	}
	pages := []string{"/page", "/pieces"}
	if name == "metric" {
		pages = pages[:1] // an answer in pieces is not among its calls
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for _, page := range append(pages, "/page") {
		r, err := client.Get("http://" + addr + page)
		if err != nil {
			t.Errorf("%s: %v", page, err)
			return
		}
		got, err := io.ReadAll(r.Body)
		r.Body.Close()
		if string(got) != content {
			t.Errorf("%s: %q, %v", page, got, err)
		}
	}
	// What is no request is answered with an error before the connection is
	// closed.
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	io.WriteString(conn, "no request\r\n\r\n")
	if got, err := io.ReadAll(conn); !bytes.HasPrefix(got, []byte("HTTP/1.1 400 ")) {
		t.Errorf("no request: %q, %v", got, err)
	}
}

// echoServer sends back whatever it gets, over TCP and UDP under one address.
func echoServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := u.ReadFrom(buf)
			if err != nil {
				return
			}
			u.WriteTo(buf[:n], from)
		}
	}()
	return l.Addr().String()
}
