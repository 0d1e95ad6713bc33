package filter

import "errors"

// What a filter refuses, tested with errors.Is. Each says which errno
// libseccomp 2.6.1 gives for it. Errors about architectures are those of
// arch.Set.
var (
	ErrNoArch      = errors.New("the filter has no architecture")                                    // EINVAL
	ErrAction      = errors.New("not an action")                                                     // EINVAL
	ErrCond        = errors.New("not a condition")                                                   // EINVAL
	ErrDefault     = errors.New("the action is the default")                                         // EACCES
	ErrSeveral     = errors.New("the filter has several architectures")                              // EOPNOTSUPP for exact rules, EFAULT for numbers
	ErrUnknownCall = errors.New("no architecture has such a call")                                   // EINVAL
	ErrAbsentCall  = errors.New("the architecture has no such call")                                 // EDOM
	ErrMultiplexed = errors.New("the call can be made through another, which hides the arguments")   // EINVAL for exact rules, 0 for others
	ErrConflict    = errors.New("there is a rule for the same conditions with another action")       // EEXIST
	ErrMerge       = errors.New("the filters have different default actions")                        // EINVAL
	ErrTooLarge    = errors.New("the program is longer than the 4096 instructions the kernel takes") // 0; ECANCELED when it is loaded
)
