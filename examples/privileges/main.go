// Signer signs lines: for each that it reads from standard input it writes the
// HMAC-SHA256 to standard output, in hexadecimal. The key is in a file that
// only root can read, so it starts as root:
//
//	signer -key secret.key -uid 65534 -gid 65534 [-order drop-first|seal-first]
//
// Before it looks at the key or a line it gives up root and seals itself, in
// either order. There are two policies, one for each.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
)

//go:generate go tool tileseal gen signer.seccomppolicy signer_drop.seccomppolicy

var (
	keyFile   = flag.String("key", "", "the `file` with the key")
	uid       = flag.Int("uid", 0, "the user to become")
	gid       = flag.Int("gid", 0, "the group to become")
	order     = flag.String("order", "drop-first", "drop-first, seal-first, or wrong: seal by the policy that does not let it drop, then drop")
	misbehave = flag.String("misbehave", "", "what to do wrong after the work: open, or a call to setuid, setgid or setgroups as in setuid=0")
	early     = flag.Bool("early", false, "misbehave at once when it is sealed, with what privileges it has then")
)

func main() {
	flag.Parse()
	log.SetPrefix("signer: ")
	log.SetFlags(log.Lmsgprefix)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	if err := checkStart(*uid, *gid); err != nil {
		return err
	}
	file, err := os.Open(*keyFile)
	if err != nil {
		return err
	}
	switch *order {
	case "drop-first":
		err = dropThenSeal(int(file.Fd()))
	case "seal-first":
		err = sealThenDrop(int(file.Fd()))
	case "wrong":
		err = sealForGood(int(file.Fd()))
		if err == nil {
			err = drop(*uid, *gid)
		}
	default:
		err = fmt.Errorf("there is no order %q", *order)
	}
	if err != nil {
		return err
	}
	key, err := readKey(file)
	if err != nil {
		return err
	}
	log.Print("ready")
	n, err := sign(os.Stdin, os.Stdout, key)
	if err != nil {
		return err
	}
	log.Printf("signed %d lines", n)
	doMisbehave()
	// The collector would close the file, and close is not in the policies.
	runtime.KeepAlive(file)
	return nil
}
