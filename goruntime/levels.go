package goruntime

import (
	"strconv"
	"strings"
)

// Levels is a set of levels of the Go runtime's system calls, together with the
// Go minor releases they were measured on. Combine them with |. A program made
// for several minors allows the union of what each needs.
//
// The word: bits 0 to 31 are levels, bit 32+n stands for Go 1.(26+n), bit 63 is
// [UnmeasuredGo].
type Levels uint64

// The levels. Every Go program needs Core.
const (
	// Core is what every Go program needs: threads, memory, scheduling,
	// preemption, the poller's own descriptors, exit.
	Core Levels = 1 << iota
	// CoreVMAName lets the runtime name its memory mappings, which it does
	// after every mmap where the kernel has CONFIG_ANON_VMA_NAME.
	CoreVMAName
	// Netpoll lets descriptors be added to the runtime's epoll and removed.
	Netpoll
	// Crash lets a panic write its text to descriptor 2 and end with status 2.
	Crash
	// CrashCore lets the program die by SIGTERM and its like, or with a core.
	CrashCore

	allLevels = 1<<iota - 1
)

const minorShift, firstMinor, lastMinor = 32, 26, 56

// Go126 says that the levels are those measured on Go 1.26.
const Go126 Levels = 1 << (minorShift + 26 - firstMinor)

// allMinors has a bit for each Go minor there is a baseline for.
const allMinors = Go126

// UnmeasuredGo, given to [Prepare] beside a program's levels, accepts a Go
// release nobody measured them on: another minor, a development version, an
// experiment. The program may then be killed at any time, by a call the runtime
// of that release makes and the baseline lacks.
const UnmeasuredGo Levels = 1 << 63

// levelNames are the names of the bits from 0, as policies include them.
var levelNames = [...]string{"core", "core_vmaname", "netpoll", "crash", "crash_core"}

// String lists what is in l as policies name it, joined by |: minors first, then
// levels, as in "go1.26|core|netpoll". The empty set is "none".
func (l Levels) String() string {
	if l == 0 {
		return "none"
	}
	var parts []string
	for n := firstMinor; n <= lastMinor; n++ {
		if bit := minorBit(n); l&bit != 0 {
			parts = append(parts, "go1."+strconv.Itoa(n))
			l &^= bit
		}
	}
	unmeasured := l&UnmeasuredGo != 0
	l &^= UnmeasuredGo
	for i, name := range levelNames {
		if l&(1<<i) != 0 {
			parts = append(parts, name)
			l &^= 1 << i
		}
	}
	if l != 0 {
		parts = append(parts, "0x"+strconv.FormatUint(uint64(l), 16))
	}
	if unmeasured {
		parts = append(parts, "unmeasured_go")
	}
	return strings.Join(parts, "|")
}

// minors is the part of l that says which releases it was measured on.
func (l Levels) minors() Levels {
	return l & ((1<<(lastMinor-firstMinor+1) - 1) << minorShift)
}

// minorBit is the bit of Go 1.n, or 0 where the word has none.
func minorBit(n int) Levels {
	if n < firstMinor || n > lastMinor {
		return 0
	}
	return 1 << (minorShift + n - firstMinor)
}

// check reports what makes l unusable by this version of the package.
func (l Levels) check() error {
	if unknown := l &^ (allLevels | allMinors | UnmeasuredGo); unknown != 0 {
		return &Error{Reason: ErrLevels, Found: "no baseline for " + unknown.String(),
			Do: "generate the policy again with this version of tileseal"}
	}
	if l&Core == 0 {
		return &Error{Reason: ErrLevels, Found: l.String() + " lacks core, without which no Go program lives",
			Do: "include go/core in the policy and pass the Levels constant generated from it"}
	}
	if l.minors() == 0 {
		return &Error{Reason: ErrLevels, Found: l.String() + " names no Go minor",
			Do: "pass the Levels constant of the generated policy, or add goruntime.Go126"}
	}
	return nil
}
