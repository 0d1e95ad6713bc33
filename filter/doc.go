// Package filter builds seccomp filters at run time, for any architecture and
// for several in one program: libseccomp's model, in Go.
//
//	f, err := filter.New(filter.KillProcess, arch.Native())
//	if err != nil {
//		return err
//	}
//	err = f.Add(filter.Rule{Call: "write", Action: filter.Allow, When: []filter.Cond{
//		{Arg: 0, Op: filter.EQ, Value: 2},
//	}})
//	...
//	program, err := f.Program()
//	...
//	err = install.Process(program.SockFilter())
//
// A policy known when the program is built is better written as text and
// compiled ahead of time (package policy shows how): this package carries the
// compiler and the tables of every architecture.
//
// # What a filter means
//
// A filter has a default action, an action for foreign calls, a set of
// architectures and rules. A rule applies to the architectures that are there
// when it is added; one added later starts without rules. A call of another
// architecture is foreign. x86_64 and x32 calls differ in bit 30 of the number
// only, so with one of the two alone the other's numbers are foreign, but for
// the number a tracer leaves to skip a call ([Skipped]).
//
// A call gets the action of a rule about it whose conditions all hold, else the
// default. Where rules of one action overlap, that is all there is to it. Where
// rules about one call with different actions do, this decides, in this order:
//
//   - A rule without conditions beats those with conditions, whichever was
//     first. Of several the first stays.
//   - A rule whose conditions begin with all those of an earlier one (in the
//     order of arguments) is without effect: the earlier one decides.
//   - Otherwise a rule that has the same conditions as an earlier one of another
//     action, or the first of its conditions, is [ErrConflict].
//   - Of two others, their first conditions that differ decide, in the order of
//     arguments: the one about the higher argument is tried first; equal, not
//     equal and masked before upper bounds (LT, LE) before lower ones; upper
//     bounds the least first, all others the greatest first; then the one that
//     was there first. On 64-bit architectures high words come before low ones,
//     and the bounds on one high word are tried together.
//
// This is the order libseccomp's rules are in, without the cases in which its
// program is not what they say. One thing is decided here that it leaves to
// chance: two rules with NE, LT or GT and different actions on one high word.
//
// Arguments are 64 or 32 bits wide, as the architecture is; x32 and mips n32
// count as 32-bit. Constants are what they are: on 32 bits EQ 1<<32 never holds
// and LT 1<<32 always does. But one sign-extended to 64 bits, as a C or Go
// conversion of -1 is, means its low word there.
//
// # Calls through socketcall and ipc
//
// On x86, m68k, mips, ppc, s390 and sh, and their 64-bit forms but mips64, a
// program can make socket and System V IPC calls through another,
// which hides the arguments. A rule for such a call covers that way, too. If
// the rule has conditions, no filter can test them there: Add refuses it
// ([ErrMultiplexed]) unless [Rule.Safe] is set. Then a rule that is stricter
// than the default applies to all such calls whatever their arguments, and one
// that is not applies to none.
//
// # Proof
//
// [Filter.Program] proves the program it made, for all inputs, to do what the
// rules mean, and returns no other.
package filter
