package main

import (
	"fmt"
	"io"
	"net"
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
func TestMain(m *testing.M) { child.Main(m, "lines", main) }

// talk sends text, says that there is no more, and returns all answers.
func talk(t *testing.T, conn *net.TCPConn, text string) string {
	t.Helper()
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answers, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answers)
}

// TestAnswers shows what it answers under the seal.
func TestAnswers(t *testing.T) {
	c := child.Start(t, nil)
	for _, test := range []struct{ name, send, want string }{
		{"nothing", "", ""},
		{"set, get, del", "set k v w\nget k\nset k x\nget k\ndel k\nget k\ndel k\n", "ok\nvalue v w\nok\nvalue x\nok\nnone\nnone\n"},
		{"empty value", "set k \nget k\n", "ok\nvalue \n"},
		{"carriage return", "set k v\r\nget k\r\n", "ok\nvalue v\n"},
		{"not understood", "\nget\nget a b\nset k\nSET k v\ndebug open\nquit now\n", strings.Repeat("error not understood\n", 7)},
		{"no newline", "get a\nget b", "none\n"},
		{"quit", "get a\nquit\nget a\n" + strings.Repeat("x", 10000), "none\nbye\n"},
		{"longest line", "set long " + strings.Repeat("x", maxLine-10) + "\nget long\n", "ok\nvalue " + strings.Repeat("x", maxLine-10) + "\n"},
		{"too long", "get a\nset long " + strings.Repeat("x", maxLine) + "\nget long\n", "none\nerror line too long\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := talk(t, c.Dial(), test.send); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	c.Terminates()
}

// TestFull shows that what clients can store has an end.
func TestFull(t *testing.T) {
	c := child.Start(t, nil)
	var send, want strings.Builder
	for i := range maxKeys {
		fmt.Fprintf(&send, "set k%d v\n", i)
		want.WriteString("ok\n")
	}
	send.WriteString("set another v\nset k1 w\ndel k2\nset another v\n")
	want.WriteString("error full\nok\nok\nok\n")
	if got := talk(t, c.Dial(), send.String()); got != want.String() {
		t.Errorf("%d bytes of answers, ending %q", len(got), got[max(0, len(got)-40):])
	}
	c.Terminates()
}

// misdeeds are what it dies of, with a function that is then on the stack.
var misdeeds = []struct{ name, frame string }{
	{"open", "unix.Open("},
	{"connect", "net.Dial("},
	{"resolve", "net.(*Resolver)"},
	{"fork", "syscall.forkExec("},
	{"exec", "syscall.Exec("},
}

// TestForbidden has it do what it must not.
func TestForbidden(t *testing.T) {
	for _, test := range misdeeds {
		t.Run(test.name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			c := child.Start(t, nil, "-debug", "-log", log)
			if got := talk(t, c.Dial(), "get k\n"); got != "none\n" {
				t.Errorf("before, it answers %q", got)
			}
			fmt.Fprintf(c.Dial(), "debug %s\n", test.name)
			c.DiesBy(syscall.SIGSYS)
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if want := "lines: will " + test.name + " now\n"; !strings.HasSuffix(string(text), want) {
				t.Errorf("its log does not end with %q:\n%s", want, text)
			}
		})
	}
}

// TestStaging does so with a seal that tells.
func TestStaging(t *testing.T) {
	for _, test := range misdeeds {
		t.Run(test.name, func(t *testing.T) {
			c := child.Start(t, nil, "-debug", "-staging")
			fmt.Fprintf(c.Dial(), "debug %s\n", test.name)
			c.Exits(2)
			c.Says("SIGSYS: bad system call", test.frame, "misbehave")
		})
	}
}

// TestTerminate ends it while its clients are at work: one goes on and is
// served, one does nothing and is cut off.
func TestTerminate(t *testing.T) {
	c := child.Start(t, nil, "-drain", "3s")
	busy, still := c.Dial(), c.Dial()
	defer busy.Close()
	defer still.Close()
	exchange(t, busy, "set k v\n", "ok\n")
	exchange(t, still, "get k\n", "value v\n")
	c.Signal(syscall.SIGTERM)
	c.Await("terminated: ending")
	began := time.Now()
	for range 10 {
		exchange(t, busy, "get k\n", "value v\n")
	}
	if got := talk(t, busy, "get k\nget k\n"); got != "value v\nvalue v\n" {
		t.Errorf("it answers %q", got)
	}
	if b, err := io.ReadAll(still); len(b) > 0 || err != nil {
		t.Errorf("the still connection ends with %q and error %v", b, err)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("the still connection ends after %v", took)
	}
	c.Exits(0)
	c.Says("lines: done: 14 lines on 2 connections")
	if _, err := net.Dial("tcp", c.Addr); err == nil {
		t.Error("somebody still listens")
	}
}

// exchange sends a line and waits for the answer.
func exchange(t *testing.T, conn net.Conn, send, want string) {
	t.Helper()
	if _, err := io.WriteString(conn, send); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("%q is answered %q, error %v; want %q", send, got, err, want)
	}
}

// TestDeaf shows that a client who does not read is given up, and disturbs
// nobody before that.
func TestDeaf(t *testing.T) {
	c := child.Start(t, nil, "-idle", "1500ms")
	long := strings.Repeat("x", 900)
	talk(t, c.Dial(), "set k "+long+"\n")
	deaf := c.Dial()
	defer deaf.Close()
	flood := strings.Repeat("get k\n", 1000)
	for sent := 0; ; sent += len(flood) {
		if _, err := io.WriteString(deaf, flood); err != nil {
			t.Logf("gave up after about %d lines: %v", sent/len("get k\n"), err)
			break
		}
		if got := talk(t, c.Dial(), "get k\n"); got != "value "+long+"\n" {
			t.Fatalf("it answers %q", got)
		}
	}
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
	conn := c.Dial()
	defer conn.Close()
	exchange(t, conn, "get k\n", "none\n")
	if _, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.PID(), high+1)); err != nil {
		t.Errorf("the descriptor after those that were open: %v", err)
	}
	conn.Close()
	c.Terminates()
}

// TestLinkLocal connects from a link-local IPv6 address, which makes package net
// look for the name of the interface.
func TestLinkLocal(t *testing.T) {
	host, ok := linkLocal(t)
	if !ok {
		t.Skip("no interface here has a link-local IPv6 address")
	}
	c := child.Start(t, nil, "-listen", "[::]:0")
	_, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{host, "::1", "127.0.0.1"} {
		c.Addr = net.JoinHostPort(host, port)
		if got := talk(t, c.Dial(), "get k\n"); got != "none\n" {
			t.Errorf("from %s: it answers %q", host, got)
		}
	}
	if err := install.Verify(c.PID()); err != nil {
		t.Error(err)
	}
	c.Terminates()
}

// linkLocal is a link-local address of this machine, with its zone.
func linkLocal(t *testing.T) (string, bool) {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsLinkLocalUnicast() {
				return n.IP.String() + "%" + i.Name, true
			}
		}
	}
	return "", false
}
