//go:build linux

package install_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// Sealing is one call, with a filter that has been populated before.
func Example() {
	var filter []unix.SockFilter // of a generated Populate function

	var conflict *install.ConflictError
	switch err := install.Process(filter, install.Log); {
	case errors.As(err, &conflict):
		log.Fatalf("thread %d has a filter of its own", conflict.TID)
	case err != nil:
		log.Fatal(err)
	}
	// From here on, every thread is under the filter.
}

// A mistake in a filter is found before the kernel is asked.
func ExampleFilterError() {
	err := install.Process([]unix.SockFilter{
		{Code: 0x20, K: 0},           // ld nr
		{Code: 0x15, K: 60, Jt: 200}, // jeq 60
		{Code: 0x06, K: unix.SECCOMP_RET_ALLOW},
	})
	fmt.Println(err)
	// Output: install: instruction 1 jumps to 202, past the last instruction 2
}

// Verify is for another process: here, one that started a daemon.
func ExampleVerify() {
	check := func(daemon int) {
		var open *install.UnsealedError
		if err := install.Verify(daemon); errors.As(err, &open) {
			log.Printf("threads %v of %d are open", open.TIDs, open.PID)
		}
	}
	_ = check
}

// Setup code starts a program under a filter: the parent runs its own
// executable again, and that becomes the program.
func ExampleExec() {
	var filter []unix.SockFilter // of a generated Populate function

	if len(os.Args) > 1 && os.Args[1] == "setup" {
		// Change directory, limits and user here, before the filter.
		err := install.Exec(filter, os.Args[2], os.Args[2:], os.Environ())
		log.Fatal(err) // Exec returns only if it fails
	}
	cmd := exec.Command("/proc/self/exe", "setup", "/usr/bin/sort", "input.txt")
	if err := cmd.Run(); err != nil {
		log.Fatal(err)
	}
}

// Staging shows what a policy lacks: the program stops with the stack of the
// call that would have been its last.
func ExampleStaging() {
	var filter []unix.SockFilter // of a generated Populate function

	if err := install.Process(install.Staging(filter)); err != nil {
		log.Fatal(err)
	}
}
