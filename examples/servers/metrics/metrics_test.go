package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/servers/internal/child"
	"github.com/tileseal/tileseal/install"
)

// TestMain builds the program for the tests.
func TestMain(m *testing.M) { child.Main(m, "metrics", main) }

// get asks for a path, on a connection of its own.
func get(c *child.Child, path string) (*http.Response, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: child.Patience}
	return client.Get("http://" + c.Addr + path)
}

// TestOpen asks for the one thing that is forbidden.
func TestOpen(t *testing.T) {
	c := child.Start(t, nil, "-debug")
	page(t, c)
	if r, err := get(c, "/debug/open"); err == nil {
		t.Errorf("an answer to /debug/open: %s", r.Status)
	}
	c.DiesBy(syscall.SIGSYS)
	if last := c.Said[len(c.Said)-1]; !strings.HasSuffix(last, "metrics: will open /etc/passwd now") {
		t.Errorf("its last words are %q", last)
	}
}

// TestStaging does so with a seal that tells.
func TestStaging(t *testing.T) {
	c := child.Start(t, nil, "-debug", "-staging")
	page(t, c)
	if r, err := get(c, "/debug/open"); err == nil {
		t.Errorf("an answer to /debug/open: %s", r.Status)
	}
	c.Exits(2)
	c.Says("SIGSYS: bad system call", "unix.Open(", "main.open(")
}

// TestPanic shows that a panic under the seal is printed.
func TestPanic(t *testing.T) {
	c := child.Start(t, nil, "-debug")
	get(c, "/debug/panic")
	c.Exits(2)
	c.Says("panic: misbehaving, as I was asked to")
}

// TestTerminate ends it while one client is idle and another one's request,
// whose body has yet to come, is being answered.
func TestTerminate(t *testing.T) {
	c := child.Start(t, nil)
	idle, busy := c.Dial(), c.Dial()
	defer idle.Close()
	defer busy.Close()
	fmt.Fprint(idle, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
	if r := response(t, idle); r.StatusCode != http.StatusOK {
		t.Fatal(r.Status)
	}
	fmt.Fprint(busy, "GET /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n")
	for inFlight := 0.; inFlight < 2; { // that one, and the one we look with
		inFlight = page(t, c)["http_requests_in_flight"].GetMetric()[0].GetGauge().GetValue()
	}
	c.Signal(syscall.SIGTERM)
	c.Await("terminated: ending")
	if b, err := io.ReadAll(idle); len(b) > 0 || err != nil {
		t.Errorf("the idle connection ends with %q and error %v", b, err)
	}
	fmt.Fprint(busy, "x")
	if r := response(t, busy); r.StatusCode != http.StatusOK {
		t.Errorf("the request that was under way is answered %s", r.Status)
	}
	c.Exits(0)
	c.Says("metrics: done: ")
}

// response reads an answer to its end.
func response(t *testing.T, from io.Reader) *http.Response {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(from), nil)
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBadClients shows that no client can make it do what it must not.
func TestBadClients(t *testing.T) {
	c := child.Start(t, nil)
	for _, test := range []struct {
		name, send string
		want       int
	}{
		{"nonsense", "please\r\n\r\n", 400},
		{"endless header", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 32<<10), 431},
		{"another path", "GET /debug/open HTTP/1.1\r\nHost: test\r\n\r\n", 404},
		{"another method", "DELETE /metrics HTTP/1.1\r\nHost: test\r\n\r\n", 405},
		{"unread body", "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nbegin", 404},
		{"old", "GET /metrics HTTP/1.0\r\n\r\n", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := c.Dial()
			defer conn.Close()
			fmt.Fprint(conn, test.send)
			if r := response(t, conn); r.StatusCode != test.want {
				t.Errorf("%s, want %d", r.Status, test.want)
			}
		})
	}
	t.Run("reset", func(t *testing.T) {
		conn := c.Dial()
		fmt.Fprint(conn, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
		conn.SetLinger(0) // Close sends RST
		conn.Close()
	})
	t.Run("slow", func(t *testing.T) {
		conn := c.Dial()
		defer conn.Close()
		fmt.Fprint(conn, "GET /metrics HT")
		began := time.Now()
		if b, err := io.ReadAll(conn); err != nil || time.Since(began) < time.Second {
			t.Errorf("after %v it reads %q, error %v", time.Since(began), b, err)
		}
	})
	if err := install.Verify(c.PID()); err != nil {
		t.Error(err)
	}
	page(t, c)
	c.Terminates()
}

// TestGaps starts it with a descriptor that is high and others free below it:
// a connection must not get one of those.
func TestGaps(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	const high = 40
	files := make([]*os.File, high-3+1)
	files[high-3] = null
	c := child.Start(t, files)
	page(t, c)
	for range 3 {
		page(t, c)
	}
	for fd := range high + 1 {
		if _, err := os.Readlink(filepath.Join("/proc", fmt.Sprint(c.PID()), "fd", fmt.Sprint(fd))); err != nil {
			t.Errorf("descriptor %d: %v", fd, err)
		}
	}
	c.Terminates()
}
