package goruntime

// A Runtime is what [Prepare] found out about this process: what a generated
// Populate function fills in. It is a plain value; the zero Runtime was prepared
// for nothing, and Populate panics on it.
type Runtime struct {
	levels       Levels
	epollFD      int32
	eventFD      int32
	pid          int32
	cgroupQuota  int32
	cgroupPeriod int32
}

// EpollFD is the epoll descriptor of the runtime's network poller.
func (rt Runtime) EpollFD() int { return int(rt.epollFD) }

// EventFD is the event descriptor by which the runtime interrupts a thread that
// waits in the poller.
func (rt Runtime) EventFD() int { return int(rt.eventFD) }

// PID is this process's id, as getpid answers it.
func (rt Runtime) PID() int { return int(rt.pid) }

// CgroupQuotaFD is the descriptor by which the runtime reads the CPU limit of the
// process's cgroup, or -1 if there is none. It is known after CoreGOMAXPROCS was
// prepared for; so is CgroupPeriodFD.
func (rt Runtime) CgroupQuotaFD() int { return int(rt.cgroupQuota) }

// CgroupPeriodFD is the descriptor by which the runtime reads the period that
// limit is about (cgroup v1), or -1 if there is none.
func (rt Runtime) CgroupPeriodFD() int { return int(rt.cgroupPeriod) }

// Levels is the set that was prepared.
func (rt Runtime) Levels() Levels { return rt.levels }

// Need panics unless rt was prepared for all of l, naming what is missing.
// Generated Populate functions call it with the levels of their program.
func (rt Runtime) Need(l Levels) {
	missing := l &^ rt.levels
	if missing == 0 {
		return
	}
	panic("goruntime: the program needs " + l.String() + ", but " + missing.String() +
		" was not prepared; pass the program's Levels constant to goruntime.Prepare")
}

// Simulated is a Runtime that nothing was prepared for: it claims the levels and
// the numbers it is given. It is for running a generated program in package vm;
// a filter populated from it must not be installed, as it names descriptors that
// are not this process's own; it has no cgroup descriptors. It panics on a number
// that is not an int32.
func Simulated(l Levels, epollFD, eventFD, pid int) Runtime {
	rt := Runtime{levels: l, epollFD: int32(epollFD), eventFD: int32(eventFD), pid: int32(pid), cgroupQuota: -1, cgroupPeriod: -1}
	if rt.EpollFD() != epollFD || rt.EventFD() != eventFD || rt.PID() != pid {
		panic("goruntime: Simulated: a descriptor or process id does not fit 32 bits")
	}
	return rt
}
