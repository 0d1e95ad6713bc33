// Package rule is a policy after every name has been resolved: numbers,
// explicit widths, actions. It also says what a policy means (Eval), in plain
// code that shares nothing with the compiler, so that programs can be held
// against it. It is a leaf.
package rule

import "fmt"

// An Action is what the kernel does with a call: a SECCOMP_RET_ value, its
// low 16 bits the data that goes with it (include/uapi/linux/seccomp.h).
type Action uint32

// The actions, strictest first, which is also their precedence when several
// filters are stacked.
const (
	KillProcess Action = 0x80000000
	KillThread  Action = 0x00000000
	Trap        Action = 0x00030000
	Errno       Action = 0x00050000 // data: the errno
	UserNotif   Action = 0x7fc00000
	Trace       Action = 0x7ff00000 // data: for the tracer
	Log         Action = 0x7ffc0000
	Allow       Action = 0x7fff0000
)

// A Policy is what one target of one policy text means.
type Policy struct {
	Name    string
	Target  Target
	Params  []Param
	Calls   []Call // in the order of the text; each number once
	Default Action // for the target's calls that no case decides
	Newer   *Newer // for calls the kernel tables did not know yet, if asked for
}

// A Target is the one architecture a resolved policy judges. Calls of any
// other are killed whatever the default.
type Target struct {
	Name      string // libseccomp's name
	Audit     uint32 // what the kernel stores in seccomp_data.arch
	BigEndian bool
	Bits      int  // word size: 32 or 64
	X32Shares bool // x32 calls arrive with this Audit and bit 30 of nr set
}

// Newer is the verdict for call numbers above Last, the highest the pinned
// kernel tables know. No rule is about one of them.
type Newer struct {
	Last   uint32
	Action Action
}

// A Param is a value known only when the program is installed.
type Param struct {
	Name string
	Bits int    // 32: zero-extended where 64 bits are compared. 64: as it is
	Min  int64  // least value the program may be given: -1, or 0 where -1 would widen
	Max  uint64 // greatest value
}

// Check is an error unless v may be the value of p.
func (p Param) Check(v int64) error {
	if v < p.Min || v > 0 && uint64(v) > p.Max {
		return fmt.Errorf("parameter %s is %d; it may be %d to %d", p.Name, v, p.Min, p.Max)
	}
	return nil
}

// A Call is the verdict on one system call: the action of the first case
// whose condition holds, else the default.
type Call struct {
	Name  string
	Nr    uint32
	Cases []Case
}

// A Case is a condition on the arguments and the action if it holds. A nil
// condition always holds.
type Case struct {
	When   Expr
	Action Action
	Src    Src
}

// Src is where in a policy text something was written, for listings.
type Src struct {
	File string
	Line int
	Col  int
}

// An Expr is a condition: And, Or, Not or *Cmp.
type Expr interface{ expr() }

type (
	And []Expr           // all hold; at least one
	Or  []Expr           // some hold; at least one
	Not struct{ X Expr } // X does not hold
	// Cmp compares an argument, cut to Width bits and masked, with an
	// operand, unsigned.
	Cmp struct {
		Op       Op
		Arg      int    // 0 to 5
		Width    int    // 32: low word only, the high word is ignored. 64: both
		Mask     uint64 // ANDed with the argument first; Width ones if there is none
		MaskText string // the mask as the policy wrote it, for listings
		X        Operand
	}
)

func (And) expr()  {}
func (Or) expr()   {}
func (Not) expr()  {}
func (*Cmp) expr() {}

// An Op is a comparison.
type Op int

const (
	Eq Op = iota
	Lt
	Le
	Gt
	Ge
)

// An Operand is what an argument is compared with: a parameter, or Value.
type Operand struct {
	Param int    // index into Policy.Params, or -1
	Value uint64 // if Param is -1; both words, the high one zero for Width 32
	Text  string // as the policy wrote it, for listings
}
