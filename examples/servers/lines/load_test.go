package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/servers/internal/child"
	"github.com/tileseal/tileseal/install"
)

// A client is one way to use a connection: to send lines and see that each is
// answered as it must be.
type client struct {
	name     string
	n, lines int // how many of these, and how many lines each
	run      func(conn *net.TCPConn, id string, lines int) error
}

// clients are 100 connections at a time, more than the 64 that may be.
var clients = []client{
	{"fast", 16, 2000, fast},
	{"one at a time", 16, 500, oneAtATime},
	{"slow", 16, 6, slow},
	{"half-closed", 36, 200, halfClosed},
	{"cut off", 16, 50, cutOff},
}

// TestLoad has many clients of all kinds at once, under the seal, as seen from
// outside all the while.
func TestLoad(t *testing.T) {
	c := child.Start(t, nil, "-max", "64", "-log", filepath.Join(t.TempDir(), "log"))
	if err := install.Verify(c.PID()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	const rounds = 5
	done := make(chan int)
	go func() {
		lines := 0
		for range rounds {
			lines += round(t, c)
		}
		done <- lines
	}()
	lines := 0
	for looks := 1; lines == 0; looks++ {
		if err := install.Verify(c.PID()); err != nil {
			t.Fatal(err)
		}
		select {
		case lines = <-done:
			took := time.Since(began)
			t.Logf("%d lines in %v, %.0f a second; all threads sealed at each of %d looks",
				lines, took.Round(time.Millisecond), float64(lines)/took.Seconds(), looks)
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.Terminates()
	checkDone(t, c, lines, rounds)
}

// round has each client once, all at the same time, and returns how many lines
// they sent and saw answered.
func round(t *testing.T, c *child.Child) int {
	var wg sync.WaitGroup
	lines := 0
	for _, k := range clients {
		lines += k.n * k.lines
		for i := range k.n {
			wg.Go(func() {
				conn, err := net.Dial("tcp", c.Addr)
				if err == nil {
					conn.SetDeadline(time.Now().Add(child.Patience))
					err = k.run(conn.(*net.TCPConn), fmt.Sprintf("%s_%d", strings.ReplaceAll(k.name, " ", "_"), i), k.lines)
					conn.Close()
				}
				if err != nil {
					t.Errorf("%s client %d: %v", k.name, i, err)
				}
			})
		}
	}
	wg.Wait()
	return lines
}

// checkDone checks what it counted.
func checkDone(t *testing.T, c *child.Child, lines, rounds int) {
	t.Helper()
	connections := 0
	for _, k := range clients {
		connections += rounds * k.n
	}
	_, done, _ := strings.Cut(c.Said[len(c.Said)-1], "done: ")
	var gotLines, gotConnections, collections int
	if _, err := fmt.Sscanf(done, "%d lines on %d connections, %d garbage collections", &gotLines, &gotConnections, &collections); err != nil {
		t.Fatalf("%v in what it said:\n%s", err, c.Text())
	}
	if gotLines != lines || gotConnections != connections || collections == 0 {
		t.Errorf("it counts %d lines, %d connections and %d garbage collections, want %d, %d and some",
			gotLines, gotConnections, collections, lines, connections)
	}
}

// line is the i-th line of a client and its answer.
func line(id string, i int) (send, want string) {
	if key := fmt.Sprintf("%s.%d", id, i/3%50); i%3 == 0 {
		return "set " + key + " " + strings.Repeat("v", i%700+1) + "\n", "ok\n"
	} else if i%3 == 1 {
		return "get " + key + "\n", "value " + strings.Repeat("v", (i-1)%700+1) + "\n"
	} else {
		return "del " + key + "\n", "ok\n"
	}
}

// expect reads the answer to the i-th line.
func expect(in *bufio.Reader, id string, i int) error {
	_, want := line(id, i)
	got, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("line %d is answered %.20q, want %.20q", i, got, want)
	}
	return nil
}

// all is the lines of a client.
func all(id string, lines int) string {
	var b strings.Builder
	for i := range lines {
		send, _ := line(id, i)
		b.WriteString(send)
	}
	return b.String()
}

// fast sends all lines and reads the answers at the same time.
func fast(conn *net.TCPConn, id string, lines int) error {
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, all(id, lines))
		sent <- err
	}()
	in := bufio.NewReader(conn)
	for i := range lines {
		if err := expect(in, id, i); err != nil {
			return err
		}
	}
	return <-sent
}

// oneAtATime sends a line when it has the answer to the one before.
func oneAtATime(conn *net.TCPConn, id string, lines int) error {
	in := bufio.NewReader(conn)
	for i := range lines {
		send, _ := line(id, i)
		if _, err := io.WriteString(conn, send); err != nil {
			return err
		}
		if err := expect(in, id, i); err != nil {
			return err
		}
	}
	return nil
}

// slow sends a few bytes at a time, an answer and the beginning of the next
// line apart.
func slow(conn *net.TCPConn, id string, lines int) error {
	in := bufio.NewReader(conn)
	text := all(id, lines)
	answered := 0
	for len(text) > 0 {
		n := min(7, len(text))
		if _, err := io.WriteString(conn, text[:n]); err != nil {
			return err
		}
		for range strings.Count(text[:n], "\n") {
			if err := expect(in, id, answered); err != nil {
				return err
			}
			answered++
		}
		text = text[n:]
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

// halfClosed sends all lines, says that there is no more, and reads then.
func halfClosed(conn *net.TCPConn, id string, lines int) error {
	if _, err := io.WriteString(conn, all(id, lines)); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	for i := range lines {
		if err := expect(in, id, i); err != nil {
			return err
		}
	}
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		return fmt.Errorf("after the last answer: %.20q, error %v", rest, err)
	}
	return nil
}

// cutOff is gone in the middle of a line, by a reset.
func cutOff(conn *net.TCPConn, id string, lines int) error {
	if err := fast(conn, id, lines); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "get "); err != nil {
		return err
	}
	return conn.SetLinger(0)
}
