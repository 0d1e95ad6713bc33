//go:build !linux

package doctor

var self []string
