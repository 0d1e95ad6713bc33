package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"syscall"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// dropThenSeal is the order to prefer: the filter comes when nothing needs root
// any more, so it need not let anything change.
func dropThenSeal(keyFD int) error {
	if err := drop(*uid, *gid); err != nil {
		return err
	}
	return sealForGood(keyFD)
}

// sealForGood installs the policy that says nothing of users and groups.
func sealForGood(keyFD int) error {
	rt, err := goruntime.Prepare(SignerLevels)
	if err != nil {
		return err
	}
	var filter [SignerLen]unix.SockFilter
	PopulateSigner(filter[:], rt, keyFD)
	if err := install.Process(filter[:]); err != nil {
		return err
	}
	sealed()
	return nil
}

// sealThenDrop is for a program that needs root for something that has to be
// under the seal already. The filter has to allow what drop calls.
func sealThenDrop(keyFD int) error {
	rt, err := goruntime.Prepare(SignerDropLevels)
	if err != nil {
		return err
	}
	var filter [SignerDropLen]unix.SockFilter
	PopulateSignerDrop(filter[:], rt, keyFD, *uid, *gid)
	if err := install.Process(filter[:]); err != nil {
		return err
	}
	sealed() // and root: here is the place for what needs both
	return drop(*uid, *gid)
}

func sealed() {
	log.Print("sealed")
	if *early {
		doMisbehave()
	}
}

// drop gives up root, on every thread. Groups come first: without root they
// cannot be changed. Package syscall's functions are used for all three;
// [unix.Setgroups] would change the calling thread only.
func drop(uid, gid int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return os.NewSyscallError("setgid", err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return os.NewSyscallError("setuid", err)
	}
	log.Print("dropped")
	return nil
}

// checkStart refuses to start where drop would leave something behind. The
// kernel takes all effective, permitted and ambient capabilities from a process
// that was root and is not any more, unless the process has asked it not to
// (capabilities(7), "Effect of user ID changes on capabilities").
func checkStart(uid, gid int) error {
	if uid <= 0 || gid <= 0 {
		return errors.New("-uid and -gid have to say who to become, and not 0")
	}
	if os.Getuid() != 0 || os.Geteuid() != 0 {
		return errors.New("start it as root: setuid takes capabilities from nobody else")
	}
	bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return os.NewSyscallError("prctl", err)
	}
	const noSetuidFixup, keepCaps = 1 << 2, 1 << 4 // SECBIT_, linux/securebits.h
	if bits&(noSetuidFixup|keepCaps) != 0 {
		return fmt.Errorf("start it with securebits 0: with %#x it would keep its capabilities", bits)
	}
	return nil
}
