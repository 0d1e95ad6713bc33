package compile

import "fmt"

// An Objective is what layout Optimized makes small. Ties are broken by the
// others, and then by length.
type Objective int

const (
	// Unc is the mean number of instructions executed for calls that the
	// kernel asks the program about: since Linux 5.11 it remembers, per
	// number, which are always allowed (seccomp_cache_check_allow,
	// kernel/seccomp.c). Ties go to Inst.
	Unc Objective = iota
	// All is the mean over all calls, as kernels before 5.11 execute them.
	// Ties go to Inst.
	All
	// Inst is the number of instructions the kernel emulates when it loads
	// the program, to find those numbers (seccomp_cache_prepare). Ties go
	// to Unc.
	Inst
)

var objectives = []string{Unc: "unc", All: "all", Inst: "inst"}

func (o Objective) String() string { return objectives[o] }

// ObjectiveByName is the inverse of Objective.String.
func ObjectiveByName(name string) (Objective, error) {
	for o, n := range objectives {
		if n == name {
			return Objective(o), nil
		}
	}
	return 0, fmt.Errorf("unknown objective %q; there are unc, all and inst", name)
}

// Weights say what layout Optimized is to be good at. The zero value takes
// all rules of a policy for equally likely.
type Weights struct {
	Objective Objective
	// Calls were seen at run time.
	Calls []Seen
	// Params are the values the parameters had then, in the order of
	// Policy.Params, -1 as all ones. Without them the arguments of calls
	// whose rules have parameters are not looked at.
	Params []uint64
}

// Seen is how often a call was made.
type Seen struct {
	Nr    uint32
	Args  []uint64 // all six, or nil if they are not known
	Count int64
}
