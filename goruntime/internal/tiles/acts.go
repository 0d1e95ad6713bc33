//go:build linux && (386 || amd64 || arm64 || tileseal_experimental)

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An act makes some of a tile's calls, as Go's libraries make them.
type act func(c *child) error

// acts are what the tiles do once they are sealed, besides logging. None of it is
// known to the programs: a call that was forgotten there kills.
var acts = map[string][]act{
	"accdb":             {on("accounts_fd", fallocate, pwritev2, readAt, copyRange), sleepTo},
	"admin":             nil,
	"archiver_feeder":   nil,
	"archiver_playback": {on("archive_fd", read)},
	"archiver_writer":   {on("archive_fd", write)},
	"bank":              nil,
	"bundle":            {on("keylog_fd", write), resolver("etc_hosts_fd", "etc_resolv_conf"), dial("tcp4"), dial("udp4"), zone, random},
	"cswtch":            {rewind, sleepTo},
	"dedup":             nil,
	"diag":              {rewind, sleepTo},
	"event":             {resolver("etc_hosts_fd", "etc_resolv_conf"), dial("tcp4"), dial("udp4"), zone, random},
	"exec":              nil,
	"execle":            {on("accounts_fd", fallocate, pwritev2, preadv2), sleepTo},
	"execrp":            {on("accounts_fd", fallocate, pwritev2, preadv2), sleepTo},
	"genesi":            {on("in_genesis_fd", stat, read), download("out_genesis_fd"), on("accounts_fd", fallocate, pwritev2, preadv2), finish("out_dir_fd", "out_genesis_fd", 0)},
	"gossip":            nil,
	"gossvf":            nil,
	"gui":               {serveHTTP, zone, on("db_fd", truncate)},
	"guih":              {serveHTTP, zone},
	"ipecho":            {echo, zone},
	"main":              {killAndWait},
	"metric":            {serveHTTP, zone},
	"monitor":           {on("drain_output_fd", read), terminal, stdin, stdout, sleepTo2},
	"monitor_gossip":    {stdout, func(*child) error { return stat(os.Stdout) }, sleepTo2},
	"netlink":           {askKernel},
	"pack":              nil,
	"pidns":             {waitForAny},
	"plugin":            nil,
	"poh":               {sleepTo},
	"quic":              {on("keylog_fd", write), random},
	"repair":            nil,
	"replay":            {on("accounts_fd", fallocate, pwritev2, preadv2), wake},
	"resolv":            {on("accdb_ro_fd", preadv2), sleepTo},
	"rpc":               {serveHTTP, zone, on("accdb_ro_fd", preadv2)},
	"rserve":            {on("shredb_fd", fallocate, writeAt, readAt)},
	"send":              {random},
	"shred":             nil,
	"shredcap":          {on("shreds_fd", write), on("requests_fd", write), on("fec_fd", write), on("peers_fd", write)},
	"sign":              nil,
	"snapct":            {on("out_full_fd", write, seekTo, truncate), dialInto("out_inc_fd"), resolver("etc_hosts_fd", "etc_resolv_conf_fd"), dial("udp4"), pings, finish("dir_fd", "out_full_fd", unix.RENAME_NOREPLACE), rename("dir_fd", "out_inc_fd"), random},
	"snapdc":            nil,
	"snapin":            {on("accounts_fd", fallocate)},
	"snapin_tile_vinyl": {mapped},
	"snapla":            nil,
	"snapld":            {on("in_full_fd", read, seekStart), on("in_incr_fd", read, seekStart), dial("tcp4"), random},
	"snapls":            nil,
	"snapmk":            {on("pool_min_fd", write, seekTo, stat, truncate, lock, lockWait), on("dir_fd", readDir, seekStart, look), rename("dir_fd", "pool_max_fd"), wake, sleepTo},
	"snaprd":            {on("accounts_fd", readAt), sleepTo},
	"snapsv":            {on("pool_max_fd", lock), enterRing},
	"snapwh":            nil,
	"snapwr":            {on("accounts_fd", writeAt)},
	"snapzp":            {on("pool_max_fd", writeAt), on("accdb_ro_fd", preadv2), sleepTo},
	"sock":              {batches},
	"solcap":            {on("solcap_fd_0", write, seekTo, truncate, sync), on("solcap_fd_1", write, sync), sleepTo},
	"tower":             {on("restore_fd", stat, readAll), on("checkpt_fd", write, sync), on("accounts_fd", fallocate, pwritev2, preadv2)},
	"txsend":            {random, sleepTo},
	"verify":            nil,
	"votor":             {random},
	"watch":             {on("drain_output_fd", read), stdin, stdout, sleepTo2},
	"xdp":               {kickRings},
}

// on does things with the file of a parameter.
func on(param string, do ...func(f *os.File) error) act {
	return func(c *child) error {
		for i, f := range do {
			if err := f(c.files[param]); err != nil {
				return fmt.Errorf("%s, act %d: %w", param, i, err)
			}
		}
		return nil
	}
}

func logs(c *child) error {
	log.New(c.files["logfile_fd"], "", log.LstdFlags).Print("a line")
	return c.files["logfile_fd"].Sync()
}

func read(f *os.File) error      { _, err := f.Read(make([]byte, 10)); return err }
func readAll(f *os.File) error   { _, err := io.ReadAll(f); return err }
func readAt(f *os.File) error    { _, err := f.ReadAt(make([]byte, 10), 20); return err }
func write(f *os.File) error     { _, err := f.WriteString(content); return err }
func writeAt(f *os.File) error   { _, err := f.WriteAt([]byte(content), 1<<20); return err }
func sync(f *os.File) error      { return f.Sync() }
func stat(f *os.File) error      { _, err := f.Stat(); return err }
func truncate(f *os.File) error  { return f.Truncate(10) }
func seekStart(f *os.File) error { _, err := f.Seek(0, io.SeekStart); return err }
func seekTo(f *os.File) error    { _, err := f.Seek(5<<30+7, io.SeekStart); return err }
func readDir(f *os.File) error   { _, err := f.ReadDir(-1); return err }

func fallocate(f *os.File) error {
	if err := unix.Fallocate(fdOf(f), 0, 0, 1<<16); !errors.Is(err, unix.ENOTSUP) { // not by every file system
		return err
	}
	return nil
}

func preadv2(f *os.File) error {
	_, err := unix.Preadv2(fdOf(f), [][]byte{make([]byte, 5), make([]byte, 5)}, 7, 0)
	return err
}

func pwritev2(f *os.File) error {
	_, err := unix.Pwritev2(fdOf(f), [][]byte{[]byte(content), []byte(content)}, 7, 0)
	return err
}

func copyRange(f *os.File) error {
	from, to := int64(0), int64(1<<20)
	_, err := unix.CopyFileRange(fdOf(f), &from, fdOf(f), &to, 10, 0)
	return err
}

func lock(f *os.File) error {
	return unix.FcntlFlock(uintptr(fdOf(f)), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Len: 10})
}

func lockWait(f *os.File) error {
	return unix.FcntlFlock(uintptr(fdOf(f)), unix.F_SETLKW, &unix.Flock_t{Type: unix.F_UNLCK, Len: 10})
}

// look is what an lstat in a directory becomes.
func look(f *os.File) error {
	return unix.Fstatat(fdOf(f), "logfile_fd", new(unix.Stat_t), unix.AT_SYMLINK_NOFOLLOW)
}

// rename gives the file of a parameter another name in a directory.
func rename(dir, file string) act {
	return func(c *child) error {
		fd := fdOf(c.files[dir])
		return unix.Renameat(fd, file, fd, "renamed "+file)
	}
}

// finish is rename by the call that has flags.
func finish(dir, file string, flags uint) act {
	return func(c *child) error {
		fd := fdOf(c.files[dir])
		return unix.Renameat2(fd, file, fd, "finished "+file, flags)
	}
}

// rewind reads a file that is no parameter, twice.
func rewind(c *child) error {
	for range 2 {
		if err := errors.Join(read(c.extra), seekStart(c.extra)); err != nil {
			return err
		}
	}
	return nil
}

func random(*child) error { _, err := rand.Read(make([]byte, 100)); return err }

// sleepTo and sleepTo2 are the pauses that are not time.Sleep's.
func sleepTo(*child) error {
	return unix.ClockNanosleep(unix.CLOCK_REALTIME, 0, &unix.Timespec{Nsec: 1}, nil)
}

func sleepTo2(*child) error { return unix.Nanosleep(&unix.Timespec{Nsec: 1}, nil) }

func stdout(*child) error { _, err := os.Stdout.WriteString("\n"); return err }

// stdin is /dev/null.
func stdin(*child) error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("standard input: %v, want the end", err)
	}
	return nil
}

// terminal asks for and sets the mode of standard input, which is none here, and
// looks for a key.
func terminal(*child) error {
	_, get := unix.IoctlGetTermios(0, unix.TCGETS)
	set := unix.IoctlSetTermios(0, unix.TCSETS, new(unix.Termios))
	if get != unix.ENOTTY || set != unix.ENOTTY {
		return fmt.Errorf("mode of standard input: %v, %v", get, set)
	}
	var keys unix.FdSet
	keys.Set(0)
	_, err := unix.Pselect(1, &keys, nil, nil, new(unix.Timespec), nil)
	return err
}

// killAndWait ends the child process that was started.
func killAndWait(c *child) error {
	if err := unix.Kill(c.process, unix.SIGKILL); err != nil {
		return err
	}
	_, err := unix.Wait4(c.process, nil, unix.WALL, nil)
	return err
}

// waitForAny waits on a descriptor that is ready, and for the child process that
// ends at once.
func waitForAny(c *child) error {
	if _, err := unix.Poll([]unix.PollFd{{Fd: 0, Events: unix.POLLIN}}, -1); err != nil {
		return err
	}
	if _, err := unix.Wait4(-1, nil, unix.WALL|unix.WNOHANG, nil); err != nil && err != unix.ECHILD {
		return err
	}
	_, err := unix.Wait4(-1, nil, unix.WALL, nil)
	if err == unix.ECHILD { // the first wait got it
		return nil
	}
	return err
}

// wake wakes whoever waits for a word in shared memory: nobody.
func wake(*child) error {
	const futexWake = 1 // FUTEX_WAKE, linux/futex.h
	var word uint32
	_, _, errno := unix.Syscall(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), futexWake, 1)
	if errno != 0 {
		return errno
	}
	return nil
}

func mapped(c *child) error {
	c.memory[0]++
	return errors.Join(unix.Madvise(c.memory, unix.MADV_SEQUENTIAL), unix.Msync(c.memory, unix.MS_SYNC))
}

// enterRing enters a ring. There is a file in its place, as many machines allow
// no ring, so it fails.
func enterRing(c *child) error {
	ring := uintptr(fdOf(c.files["ring_fd"]))
	const updateFiles = 6 // IORING_REGISTER_FILES_UPDATE, linux/io_uring.h
	_, _, enter := unix.Syscall6(unix.SYS_IO_URING_ENTER, ring, 0, 0, 0, 0, 0)
	_, _, register := unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, updateFiles, 0, 0, 0, 0)
	if enter == 0 || register == 0 {
		return fmt.Errorf("a file passed for a ring")
	}
	return nil
}

// withExtra opens a file that no parameter names.
func withExtra(c *child) error {
	name := filepath.Join(c.dir, "extra")
	check(os.WriteFile(name, []byte(content), 0o600))
	c.extra = must(os.Open(name))
	return nil
}
