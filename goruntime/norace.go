//go:build !race

package goruntime

// race reports whether the race detector is built in.
const race = false
