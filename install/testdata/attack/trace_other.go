//go:build linux && !amd64

package main

func trace([]string) error { return skip("the tracer knows the registers of amd64 only") }
