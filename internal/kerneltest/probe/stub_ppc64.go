//go:build linux

package main

var enter = []byte{0x44, 0x00, 0x00, 0x02} // sc
