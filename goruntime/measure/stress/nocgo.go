//go:build linux && !cgo

package main

import "fmt"

func newCThreads() run {
	fail(fmt.Errorf("built without cgo"))
	return nil
}
