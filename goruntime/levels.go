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

// The levels. Every Go program needs Core; which others one needs is said in the
// package comment, and at the head of each text in goruntime/baseline.
const (
	// Core is what every Go program needs: threads, memory, scheduling,
	// preemption, the poller's own descriptors, exit.
	Core Levels = 1 << iota
	// CoreVMAName lets the runtime name its memory mappings, which it does
	// after every mmap where the kernel has CONFIG_ANON_VMA_NAME.
	CoreVMAName
	// CoreNoVDSO is for machines on which reading the clock is a system call.
	CoreNoVDSO
	// CoreGOMAXPROCS leaves GOMAXPROCS to the runtime, which then looks at the
	// affinity mask and the cgroup's limits once a second.
	CoreGOMAXPROCS
	// CoreOldKernel is for 32-bit programs on kernels before 5.1.
	CoreOldKernel
	// CoreGODEBUG is for programs run with madvdontneed=0, harddecommit=1 or
	// efence=1 in GODEBUG, and with 32 bits for disablethp=1.
	CoreGODEBUG
	// NetpollInit lets the poller start after the seal. A program that calls
	// Prepare does not need it.
	NetpollInit
	// Netpoll lets descriptors be added to the runtime's epoll and removed.
	Netpoll
	// Files lets package os open, read and change any file. Wide.
	Files
	// TZ lets the time zone be loaded. Prepare loads it before the seal.
	TZ
	// Net lets package net dial, listen and talk. Wide.
	Net
	// Signals lets os/signal change handlers; most uses of Notify do not.
	Signals
	// Crash lets a panic write its text to descriptor 2 and end with status 2.
	Crash
	// CrashCore lets the program die by SIGTERM and its like, or with a core.
	CrashCore
	// Pprof lets the CPU profiler start and stop.
	Pprof
	// PprofOldKernel is Pprof for 32-bit programs on kernels before 5.1.
	PprofOldKernel
	// PprofWrite lets profiles be written, which reads /proc/self/maps. Wide.
	PprofWrite
	// Rand lets crypto/rand ask the kernel.
	Rand
	// Exec lets os/exec run other programs. Very wide.
	Exec
	// AllThreads lets a call be made on every thread, as Setuid is.
	AllThreads
	// Cgo is for programs with cgo: the C library's threads and its malloc.
	Cgo
	// Race is for builds with -race, beside Cgo: for tests of sealed programs.
	Race
	// Cover is for builds with -cover, which write a file at the end: for tests
	// of sealed programs. Wide.
	Cover

	allLevels = 1<<iota - 1
)

const minorShift, firstMinor, lastMinor = 32, 26, 56

// Go126 and Go127 say which Go minors the levels were measured on.
const (
	Go126 Levels = 1 << (minorShift + 26 - firstMinor)
	Go127 Levels = 1 << (minorShift + 27 - firstMinor)
)

// allMinors has a bit for each Go minor there is a baseline for.
const allMinors = Go126 | Go127

// UnmeasuredGo, given to [Prepare] beside a program's levels, accepts a Go
// release nobody measured them on: another minor, a development version, an
// experiment; and cgo on a GOARCH where it was not measured. The program may then
// be killed at any time, by a call that is made and that the levels lack.
const UnmeasuredGo Levels = 1 << 63

// levelNames are the names of the bits from 0, as policies include them.
var levelNames = [...]string{
	"core", "core_vmaname", "core_novdso", "core_gomaxprocs", "core_oldkernel", "core_godebug",
	"netpoll_init", "netpoll", "files", "tz", "net", "signals", "crash", "crash_core",
	"pprof", "pprof_oldkernel", "pprof_write", "rand", "exec", "allthreads", "cgo", "race", "cover",
}

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
			Do: "pass the Levels constant of the generated policy, or add goruntime.Go126 and goruntime.Go127"}
	}
	return nil
}
