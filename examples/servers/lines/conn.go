package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"time"
)

const (
	// maxLine is the length of the longest line in bytes, its newline included.
	maxLine = 1 << 10
	// linger is how long, and maxUnread how many bytes, a client that was told
	// to stop may still send while it reads why.
	linger    = time.Second
	maxUnread = 64 << 10
)

// A conn is a client's connection.
type conn struct {
	server *server
	tcp    *net.TCPConn
	in     *bufio.Reader
	out    *bufio.Writer
}

func newConn(s *server, tcp *net.TCPConn) *conn {
	c := &conn{server: s, tcp: tcp}
	c.in = bufio.NewReaderSize(reader{c}, maxLine)
	c.out = bufio.NewWriterSize(writer{c}, 4<<10)
	return c
}

// A reader reads from a connection. Answers are sent before it waits for more.
type reader struct{ *conn }

func (c reader) Read(b []byte) (int, error) {
	if err := c.out.Flush(); err != nil {
		return 0, err
	}
	return c.tcp.Read(b)
}

// A writer writes to a connection, and gives up on a client that does not read.
type writer struct{ *conn }

func (c writer) Write(b []byte) (int, error) {
	c.server.patience(c.tcp.SetWriteDeadline)
	return c.tcp.Write(b)
}

// serve answers lines until the client is done, too slow, or told to stop. The
// end of what it sends is not the end of what it reads. A last line without a
// newline is none.
func (c *conn) serve() {
	for {
		c.server.patience(c.tcp.SetReadDeadline)
		line, err := c.in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			c.out.WriteString("error line too long\n")
			c.stop()
			return
		}
		if err != nil {
			return // the answers are sent already, by reader
		}
		c.server.lines.Add(1)
		answer, more := c.server.answer(bytes.TrimSuffix(line[:len(line)-1], []byte("\r")))
		c.out.WriteString(answer)
		c.out.WriteByte('\n') // an error stays, and comes back from Flush
		if !more {
			c.stop()
			return
		}
	}
}

// stop says that there will be no more answers, and reads on for a while: to
// close a connection with something unread would take back the last answers.
func (c *conn) stop() {
	if c.out.Flush() != nil || c.tcp.CloseWrite() != nil {
		return
	}
	c.tcp.SetReadDeadline(time.Now().Add(linger))
	io.CopyN(io.Discard, c.tcp, maxUnread)
}
