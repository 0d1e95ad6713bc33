package main

import (
	"bufio"
	"io"
	"testing"

	"example.com/servers/internal/child"
)

// BenchmarkSeal measures lines, every one sent when the one before is answered,
// with the seal and without.
func BenchmarkSeal(b *testing.B) {
	child.Compare(b, "lines", 1000, func(c *child.Child) func() error {
		conn := c.Dial()
		b.Cleanup(func() { conn.Close() })
		in := bufio.NewReader(conn)
		return func() error {
			if _, err := io.WriteString(conn, "get key\n"); err != nil {
				return err
			}
			_, err := in.ReadSlice('\n')
			return err
		}
	})
}
