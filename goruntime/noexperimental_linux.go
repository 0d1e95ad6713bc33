//go:build !tileseal_experimental

package goruntime

// experimental reports whether the builder accepts GOARCHs on which the levels
// were never run.
const experimental = false
