package main

import (
	"io"
	"log"
	"net"
	"os"
	"syscall"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// files is everything the recorder has open.
type files struct {
	input   source
	archive *os.File
	log     *os.File // nil if there is none
}

// A source is what records are read from: a file or a connection.
type source interface {
	io.Reader
	syscall.Conn
}

// openAll opens everything. Messages go to the log file from then on, too.
func openAll(archive, logfile, listen string) (*files, error) {
	const appending = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	f := &files{input: os.Stdin}
	var err error
	if logfile != "" {
		if f.log, err = os.OpenFile(logfile, appending, 0o644); err != nil {
			return nil, err
		}
		log.SetOutput(io.MultiWriter(os.Stderr, f.log))
	}
	if f.archive, err = os.OpenFile(archive, appending, 0o644); err != nil {
		return nil, err
	}
	if listen != "" {
		if f.input, err = acceptOne(listen); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// acceptOne waits for a connection and stops listening.
func acceptOne(address string) (*net.TCPConn, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	log.Printf("listening on %v", l.Addr())
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	log.Printf("connected to %v", c.RemoteAddr())
	return c.(*net.TCPConn), nil
}

// seal gives up every system call the policy does not list. With staging, such
// a call ends the process with the stack that made it, and not by SIGSYS.
func (f *files) seal(staging bool) error {
	inputFD, err := descriptor(f.input)
	if err != nil {
		return err
	}
	archiveFD, err := descriptor(f.archive)
	if err != nil {
		return err
	}
	logfileFD := -1
	if f.log != nil {
		if logfileFD, err = descriptor(f.log); err != nil {
			return err
		}
	}

	rt, err := goruntime.Prepare(RecorderLevels)
	if err != nil {
		return err
	}
	var filter [RecorderLen]unix.SockFilter
	PopulateRecorder(filter[:], rt, inputFD, archiveFD, logfileFD)
	if staging {
		return install.Process(install.Staging(filter[:]))
	}
	return install.Process(filter[:])
}

// descriptor is the number of an open file or connection. The File method of a
// connection would make a duplicate, which has another.
func descriptor(c syscall.Conn) (number int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	err = raw.Control(func(fd uintptr) { number = int(fd) })
	return number, err
}
