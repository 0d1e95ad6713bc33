package main

import (
	"io"
	"net/http"
	"testing"

	"example.com/servers/internal/child"
)

// BenchmarkSeal measures requests, one after the other on a connection that is
// kept, with the seal and without.
func BenchmarkSeal(b *testing.B) {
	child.Compare(b, "req", 100, func(c *child.Child) func() error {
		client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
		return func() error {
			r, err := client.Get("http://" + c.Addr + "/metrics")
			if err != nil {
				return err
			}
			defer r.Body.Close()
			_, err = io.Copy(io.Discard, r.Body)
			return err
		}
	})
}
