// Package learn makes a policy of the calls a program was seen to make.
//
// A policy made so allows what was seen and nothing else, as far as a filter can
// tell: arguments that mean something by their value are compared with the values
// seen (flags, commands, signals, modes), descriptors with parameters, and
// addresses, sizes, offsets and other amounts, which differ from call to call,
// with nothing. It is a draft to be read: what the program does in other
// circumstances is missing from it, and what it had better not do is in it.
package learn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/proto"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// A Call is a system call that was made.
type Call struct {
	Arch    arch.Arch
	Nr      uint32
	Args    [6]uint64
	Missing [6]Missing
	Files   [6]string // what those that are descriptors stood for, as /proc/PID/fd has it, if known
	Texts   [6]string // what those that are names of files say, if known
	PID     int       // the process
}

// Missing says why the value of an argument is not known.
type Missing uint8

const (
	Told    Missing = iota // it is known
	Omitted                // it was left out, as strace does with what the kernel does not look at
	Unclear                // it was not understood, or not told by what told of the call
)

// name is the call's, ok if the tables know it.
func (c *Call) name() (string, bool) { return c.Arch.Name(c.Nr) }

// A Trace holds the calls of some runs.
type Trace struct {
	Arch  arch.Arch      // of the calls; those of others are counted in Foreign
	Names map[int]string // parameters whose descriptors are known, by their value

	Foreign int             // calls of another architecture, which a policy cannot allow
	Unnamed map[uint32]int  // calls the tables do not know, by number
	seen    map[string]*row // by call and arguments compared
	files   map[int32][]string
	levels  *levels // of the Go runtime, nil for a program without
}

// A row is calls that a policy would treat alike.
type row struct {
	name  string
	args  []value // one for each argument the call takes
	count int
	first Call
	paths []string // names of files, as far as they are known
}

// NewTrace is an empty trace.
func NewTrace(a arch.Arch) *Trace {
	return &Trace{Arch: a, Names: map[int]string{}, Unnamed: map[uint32]int{}, seen: map[string]*row{}, files: map[int32][]string{}}
}

// Add adds a call, unless something else already allows it: a level of the Go
// runtime, if [Trace.Go] was called.
func (t *Trace) Add(c Call) {
	if c.Arch.Audit() != t.Arch.Audit() {
		t.Foreign++
		return
	}
	name, ok := c.name()
	if !ok {
		t.Unnamed[c.Nr]++
		return
	}
	if t.levels != nil && t.levels.allow(&c) {
		return
	}
	args := valuesOf(&c)
	key := keyOf(name, args)
	r := t.seen[key]
	if r == nil {
		r = &row{name: name, args: args, first: c}
		t.seen[key] = r
	}
	r.count++
	for _, p := range c.Texts {
		if p != "" && !slices.Contains(r.paths, p) {
			r.paths = append(r.paths, p)
		}
	}
	t.noteFiles(&c, args)
}

// Alike is equal for calls that a policy would treat alike.
func Alike(c Call) string {
	name, ok := c.name()
	if !ok {
		return fmt.Sprintf("%#x %d", uint32(c.Arch), c.Nr)
	}
	return fmt.Sprintf("%#x ", uint32(c.Arch)) + keyOf(name, valuesOf(&c))
}

func keyOf(name string, args []value) string {
	for _, a := range args {
		name += " " + a.key()
	}
	return name
}

// noteFiles keeps what descriptors stood for.
func (t *Trace) noteFiles(c *Call, args []value) {
	for i, a := range args {
		if a.kind != descriptor || c.Files[i] == "" {
			continue
		}
		name := fileKind(c.Files[i])
		if list := t.files[int32(a.num)]; !slices.Contains(list, name) {
			t.files[int32(a.num)] = append(list, name)
		}
	}
}

// fileKind is a file's name, or its kind if it has none that means anything in
// the next run.
func fileKind(name string) string {
	for prefix, kind := range map[string]string{"pipe:[": "a pipe", "socket:[": "a socket", "anon_inode:[": "", "anon_inode:": ""} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if kind == "" {
				return "an " + strings.Trim(rest, "[]")
			}
			return kind
		}
	}
	return name
}

// rows are those of one call each, in the order of names, and within of
// appearance by key.
func (t *Trace) rows() map[string][]*row {
	out := map[string][]*row{}
	for _, key := range slices.Sorted(maps.Keys(t.seen)) {
		r := t.seen[key]
		out[r.name] = append(out[r.name], r)
	}
	return out
}

// A value is an argument as it is compared.
type value struct {
	kind   valueKind
	num    uint64
	text   string // of a literal
	reason string // of one not compared, if it is worth telling
	bits   int
	dir    bool // a descriptor that names are relative to
}

type valueKind int

const (
	passing    valueKind = iota // not compared
	literal                     // compared with a constant
	descriptor                  // above 2
	ownID                       // the process's own id
)

func (v value) key() string {
	switch v.kind {
	case passing:
		return "*"
	case ownID:
		return "pid"
	case descriptor:
		return "fd " + v.text
	}
	return v.text
}

// valuesOf are the arguments of a call as they are compared.
func valuesOf(c *Call) []value {
	r := sigsys.Report{Arch: c.Arch, Nr: c.Nr, Args: c.Args, HasArgs: true}
	args, ok := r.Arguments()
	if !ok {
		return nil
	}
	name, _ := c.name()
	values := make([]value, len(args))
	ids := 0
	for i, a := range args {
		v := &values[i]
		v.bits = int(a.Bits)
		switch {
		case !comparable(name, a) || c.Missing[i] == Omitted:
		case c.Missing[i] == Unclear:
			v.reason = "its value was not told"
		case a.Kind == proto.PID:
			if ids++; ids > 1 {
				break // of a thread in the process
			}
			*v = idValue(a, c.PID)
		case (a.Kind == proto.FD || a.Kind == proto.DirFD) && int32(a.Value) > 2:
			*v = value{kind: descriptor, num: a.Value, text: a.Text, bits: v.bits, dir: a.Kind == proto.DirFD}
		default:
			*v = value{kind: literal, num: a.Value, text: a.Text, bits: v.bits}
		}
	}
	return values
}

// idValue compares with the process's own id, and with 0 and below, which stand
// for some process as seen from this one.
func idValue(a sigsys.Argument, pid int) value {
	id := int32(a.Value)
	switch {
	case id <= 0 && id >= -1:
		return value{kind: literal, num: a.Value, text: a.Text, bits: int(a.Bits)}
	case int(id) == pid:
		return value{kind: ownID, num: a.Value, text: "pid", bits: int(a.Bits)}
	}
	return value{reason: "the id of another process", bits: int(a.Bits)}
}

// amounts are arguments, by the kernel's names for them, that count something, or
// that name something the kernel numbered: their values differ from run to run.
const amounts = " timeout timeout_msecs nfds maxevents backlog val val2 val3 n count vlen addr_len addrlen optlen bufsiz len size usize size_common " +
	"gidsetsize nsops nsems msg_prio seconds error_code nr nr_args nr_events nr_futexes nr_requeue nr_wake entries to_submit min_complete " +
	"key shmid semid semnum msqid timer_id wd ringid destringid brk mtimeout pad "

// comparable reports whether the value of an argument says what a call does.
func comparable(call string, a sigsys.Argument) bool {
	switch a.Kind {
	case proto.Pointer, proto.Size, proto.Off:
		return false
	case proto.Long, proto.ULong: // often an address
		return a.Named
	case proto.Int, proto.Uint:
		return !strings.Contains(amounts, " "+a.Name+" ")
	}
	return true
}
