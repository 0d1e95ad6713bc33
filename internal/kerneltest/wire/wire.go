// Package wire is what package kerneltest and its probe say to each other: a
// request down the probe's standard input, a reply up its standard output.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tileseal/tileseal/internal/bpf"
)

// A Call is one system call: its number and its arguments. A 32-bit probe
// passes the low words of the arguments.
type Call struct {
	Nr   uint32
	Args [6]uint64
}

// An Op is what the probe is asked to do.
type Op uint32

const (
	Judge  Op = iota // make the calls under the program, behind the gate; results: what they returned
	Accept           // load each program without installing it; results: 1 accepted, 0 refused
	Strike           // install the program, make one call; no reply if the probe dies of it
)

// A Request is an Op and what it needs.
type Request struct {
	Op    Op
	Via80 bool // make calls with int 0x80 from a 64-bit process
	Bare  bool // judge without the gate; the probe is of no use afterwards
	Progs [][]bpf.Insn
	Calls []Call
}

// A Reply is a result for each call or program, or an error. Results are in
// 64 bits whatever the probe's word size.
type Reply struct {
	Results []int64
	Err     string
}

// header precedes a request: the number of items of each list that follows.
type header struct {
	Op           Op
	Via80, Bare  bool
	Progs, Insns uint32
	Calls        uint32
}

var order = binary.LittleEndian // whatever the machine's

// WriteRequest sends r.
func WriteRequest(w io.Writer, r *Request) error {
	h := header{Op: r.Op, Via80: r.Via80, Bare: r.Bare, Progs: uint32(len(r.Progs)), Calls: uint32(len(r.Calls))}
	lens := make([]uint32, len(r.Progs))
	var insns []bpf.Insn
	for i, p := range r.Progs {
		lens[i] = uint32(len(p))
		insns = append(insns, p...)
	}
	h.Insns = uint32(len(insns))
	return write(w, h, lens, insns, flat(r.Calls))
}

// words is how many a call takes on the wire. As words they are sent several
// times as fast as as structs, and there may be a million.
const words = 7

func flat(calls []Call) []uint64 {
	all := make([]uint64, 0, words*len(calls))
	for _, c := range calls {
		all = append(append(all, uint64(c.Nr)), c.Args[:]...)
	}
	return all
}

// ReadRequest receives a request; io.EOF if there is none to come.
func ReadRequest(r io.Reader) (*Request, error) {
	var h header
	if err := binary.Read(r, order, &h); err != nil {
		return nil, err
	}
	req := &Request{Op: h.Op, Via80: h.Via80, Bare: h.Bare, Calls: make([]Call, h.Calls)}
	lens := make([]uint32, h.Progs)
	insns := make([]bpf.Insn, h.Insns)
	calls := make([]uint64, words*int(h.Calls))
	if err := read(r, lens, insns, calls); err != nil {
		return nil, err
	}
	for i := range req.Calls {
		c := calls[words*i:]
		req.Calls[i] = Call{Nr: uint32(c[0]), Args: [6]uint64(c[1:words])}
	}
	for _, n := range lens {
		if int(n) > len(insns) {
			return nil, fmt.Errorf("wire: a program of %d instructions, %d left", n, len(insns))
		}
		req.Progs = append(req.Progs, insns[:n:n])
		insns = insns[n:]
	}
	return req, nil
}

// WriteReply sends r.
func WriteReply(w io.Writer, r *Reply) error {
	return write(w, [2]uint32{uint32(len(r.Err)), uint32(len(r.Results))}, []byte(r.Err), r.Results)
}

// ReadReply receives a reply and turns its Err into an error.
func ReadReply(r io.Reader) ([]int64, error) {
	var h [2]uint32
	if err := binary.Read(r, order, &h); err != nil {
		return nil, err
	}
	text, results := make([]byte, h[0]), make([]int64, h[1])
	if err := read(r, text, results); err != nil {
		return nil, err
	}
	if len(text) > 0 {
		return nil, errors.New(string(text))
	}
	return results, nil
}

// write sends the parts in one go: a probe's standard output is a pipe that
// is written to by a process about to be killed.
func write(w io.Writer, parts ...any) error {
	var buf []byte
	for _, p := range parts {
		var err error
		if buf, err = binary.Append(buf, order, p); err != nil {
			return err
		}
	}
	_, err := w.Write(buf)
	return err
}

func read(r io.Reader, parts ...any) error {
	for _, p := range parts {
		if binary.Size(p) == 0 {
			continue
		}
		if err := binary.Read(r, order, p); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
