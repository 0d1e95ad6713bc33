package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"time"
)

// maxRecord is the length of the longest record in bytes, its newline included.
const maxRecord = 64 << 10

// record appends what it reads to the archive, puts it on the disk at intervals
// and at the end, and returns the number of records.
func record(f *files, interval time.Duration) (int, error) {
	records := make(chan []byte, 1024)
	failed := make(chan error, 1)
	go func() {
		defer close(records)
		failed <- split(f.input, records)
	}()

	out := bufio.NewWriter(f.archive)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	n, synced := 0, 0
	for {
		select {
		case r, ok := <-records:
			if !ok {
				return n, errors.Join(<-failed, f.sync(out))
			}
			if _, err := out.Write(r); err != nil {
				return n, err
			}
			n++
		case <-tick.C:
			if n == synced {
				continue
			}
			if err := f.sync(out); err != nil {
				return n, err
			}
			synced = n
			log.Printf("on disk: %d records", n)
		}
	}
}

// split sends the records of r, newlines included, each in memory of its own.
func split(r io.Reader, records chan<- []byte) error {
	in := bufio.NewReaderSize(r, maxRecord)
	for {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			return fmt.Errorf("a record is longer than %d bytes", maxRecord)
		}
		if len(line) > 0 {
			records <- bytes.Clone(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// sync puts the archive and the log on the disk.
func (f *files) sync(out *bufio.Writer) error {
	if err := out.Flush(); err != nil {
		return err
	}
	if err := f.archive.Sync(); err != nil {
		return err
	}
	if f.log == nil {
		return nil
	}
	return f.log.Sync()
}
