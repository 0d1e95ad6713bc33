//go:build linux

package main

var enter = []byte{0x73, 0x00, 0x00, 0x00} // ecall
