package main

import (
	"log"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// misbehave does what the policy forbids, or rather dies trying.
func (s *server) misbehave(how string) string {
	try, ok := map[string]func() error{
		// Not os.Open, which makes other calls after the one that matters.
		"open":    func() error { _, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0); return err },
		"connect": func() error { _, err := net.Dial("tcp", s.listener.Addr().String()); return err },
		"resolve": func() error { _, err := net.LookupHost("example.com"); return err },
		"fork":    func() error { _, err := syscall.ForkExec("/bin/true", []string{"true"}, nil); return err },
		"exec":    func() error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	}[how]
	if !ok {
		return "error not understood"
	}
	log.Printf("will %s now", how)
	log.Fatalf("still alive after %s, with error %v", how, try())
	return ""
}
