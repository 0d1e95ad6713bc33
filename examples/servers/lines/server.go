package main

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A server accepts connections and keeps what they store.
type server struct {
	listener *net.TCPListener
	store    store
	slots    chan struct{}  // has an element for each connection there is
	done     sync.WaitGroup // for the connections

	accepted, lines atomic.Int64

	mu    sync.Mutex
	conns map[*conn]bool
	until time.Time // when clients must be done; zero before the end
}

func newServer(l *net.TCPListener) *server {
	return &server{
		listener: l,
		store:    store{values: map[string]string{}},
		slots:    make(chan struct{}, *limit),
		conns:    map[*conn]bool{},
	}
}

// serve serves connections until the listener is closed, and returns nil then.
func (s *server) serve() error {
	for {
		s.slots <- struct{}{}
		tcp, err := s.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		s.accepted.Add(1)
		c := newConn(s, tcp)
		if !s.join(c) {
			tcp.Close()
			continue
		}
		go func() {
			defer s.leave(c)
			c.serve()
		}()
	}
}

// join adds a connection, unless the end has begun.
func (s *server) join(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.until.IsZero() {
		return false
	}
	s.conns[c] = true
	s.done.Add(1)
	return true
}

// leave closes a connection.
func (s *server) leave(c *conn) {
	c.tcp.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	<-s.slots
	s.done.Done()
}

// end accepts no more connections, gives clients some time to send what they
// want to, as much again to read the answers, and returns when all are gone.
func (s *server) end(some time.Duration) {
	s.listener.Close()
	s.mu.Lock()
	s.until = time.Now().Add(some)
	for c := range s.conns {
		c.tcp.SetReadDeadline(s.until)
		c.tcp.SetWriteDeadline(s.until.Add(some))
	}
	s.mu.Unlock()
	s.done.Wait()
}

// patience sets how long a client may take over what comes next, in either
// direction. Once the end has begun that is settled.
func (s *server) patience(set func(time.Time) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until.IsZero() {
		set(time.Now().Add(*idle)) // if it fails, so will what comes next
	}
}
