package main

import (
	"log"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// doMisbehave makes the call that -misbehave asks for, which is the last one
// if a policy does not list it.
func doMisbehave() {
	if *misbehave == "" {
		return
	}
	call, arg, _ := strings.Cut(*misbehave, "=")
	n, _ := strconv.Atoi(arg)
	log.Print("will misbehave: ", *misbehave)
	var err error
	switch call {
	case "open":
		_, err = unix.Open("/etc/shadow", unix.O_RDONLY, 0)
	case "setuid":
		err = syscall.Setuid(n)
	case "setgid":
		err = syscall.Setgid(n)
	case "setgroups":
		err = syscall.Setgroups([]int{n})
	default:
		log.Fatalf("do not know how to %s", call)
	}
	log.Fatalf("still alive after %s, with error %v", *misbehave, err)
}
