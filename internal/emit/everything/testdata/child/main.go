//go:build linux

// Child is what the tests of package everything start. As "child launch PATH
// WORD" it reads a filter from its standard input, puts itself under it and
// becomes the program at PATH; as "child WORD" it says what it is built for, and
// makes the call that WORD names.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 3 && args[0] == "launch" {
		filter, err := readFilter()
		if err != nil {
			return err
		}
		return install.Exec(filter, args[1], args[1:], nil)
	}
	fmt.Println(runtime.GOARCH)
	if args[0] == "getppid" {
		unix.Getppid()
		fmt.Println("still here")
	}
	return nil
}

// readFilter reads instructions, as the kernel has them in memory, to the end.
func readFilter() ([]unix.SockFilter, error) {
	filter := make([]unix.SockFilter, 0, 4096)
	for {
		var in unix.SockFilter
		if err := binary.Read(os.Stdin, binary.NativeEndian, &in); err != nil {
			if len(filter) == 0 {
				return nil, err
			}
			return filter, nil
		}
		filter = append(filter, in)
	}
}
