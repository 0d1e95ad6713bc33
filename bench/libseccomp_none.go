//go:build linux && amd64 && !(libseccomp && cgo)

package main

const libseccompAbsent = "built without the tag libseccomp, or without cgo"

func libseccompVersion() string { return "no libseccomp" }

func libseccomp(*policy) []builder {
	return []builder{{name: "libseccomp-golang", why: libseccompAbsent}}
}
