package goruntime

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// naming is an outer filter that has a kernel without CONFIG_ANON_VMA_NAME
// answer as one with it: yes.
const naming = "default -> allow\n" +
	"prctl -> errno(0): (and (eq (arg 0) PR_SET_VMA) (eq (arg 1) PR_SET_VMA_ANON_NAME))\n"

func TestVMAName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		s := scene{policy: small + "include go/core_vmaname\n", act: "memory", change: under(t, goarch, naming)}
		s.survives(t, goarch)

		s.policy = small
		s.change = under(t, goarch, naming)
		checkRefusal(t, s.play(t, goarch).refusal, ErrLevels, "core_vmaname is missing")

		s.levels = CoreVMAName // as if the policy had it
		s.change = under(t, goarch, naming)
		s.dies(t, goarch)

		s.levels, s.env = 0, []string{"GODEBUG=decoratemappings=0"}
		s.change = under(t, goarch, naming)
		s.survives(t, goarch)
	})
}

// GOMAXPROCS follows the affinity mask of a sealed process.
func TestGOMAXPROCSFollows(t *testing.T) {
	t.Parallel()
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil || mask.Count() < 2 {
		t.Skipf("%d CPUs, %v: GOMAXPROCS has nowhere to go", mask.Count(), err)
	}
	full := fmt.Sprint("procs ", mask.Count())
	var one unix.CPUSet
	for cpu := 0; one.Count() == 0; cpu++ {
		if mask.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	setAll := func(set *unix.CPUSet) func(actor) {
		return func(a actor) {
			for _, tid := range threads(a.Process.Pid) {
				unix.SchedSetaffinity(tid, set)
			}
		}
	}
	each(t, func(t *testing.T, goarch string) {
		s := scene{policy: small + "include go/core_gomaxprocs\n", act: "follow",
			on: map[string]func(actor){full: setAll(&one), "procs 1": setAll(&mask)}}
		s.survives(t, goarch)
		// Without the level it is Prepare that keeps the runtime from looking.
		s.policy, s.on = small, nil
		s.flags = "-bare -poller"
		s.dies(t, goarch)
		if !testing.Short() {
			s.flags, s.act = "", "hold 1500ms"
			s.survives(t, goarch)
		}
	})
}

// A program without a vDSO asks the kernel for the time.
func TestNoVDSO(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		s := scene{policy: small + "include go/core_novdso\n", act: "timers"}
		withoutVDSO(t, &s, goarch)
		s.survives(t, goarch)
		s.levels, s.policy = CoreNoVDSO, small // as if the policy had it
		s.dies(t, goarch)
		s.levels = 0
		checkRefusal(t, s.play(t, goarch).refusal, ErrClock, "without a vDSO")
	})
}

// 386 on a kernel that says it is old uses the calls with 32-bit times.
func TestOldKernel(t *testing.T) {
	t.Parallel()
	setarch, err := exec.LookPath("setarch")
	if err != nil {
		t.Skip("no setarch to lie about the kernel's version: ", err)
	}
	each(t, func(t *testing.T, goarch string) {
		s := scene{change: func(c *exec.Cmd) {
			c.Args = append([]string{setarch, "--uname-2.6", c.Path}, c.Args[1:]...)
			c.Path = setarch
		}}
		s.act, s.policy = "timers", small+"include go/core_oldkernel\n"
		s.survives(t, goarch)
		s.act, s.policy = "profile", small+"include go/core_oldkernel go/pprof go/pprof_oldkernel\n"
		s.survives(t, goarch)
		if goarch != "386" {
			return
		}
		s.policy = small + "include go/core_oldkernel go/pprof\n"
		checkRefusal(t, s.play(t, goarch).refusal, ErrKernel, "is before 5.1")
		s.levels = PprofOldKernel
		s.dies(t, goarch)
		s.act, s.policy, s.levels = "timers", small, CoreOldKernel
		s.dies(t, goarch)
	})
}

// Settings of GODEBUG that change how memory is managed.
func TestGODEBUG(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		for _, setting := range []string{"madvdontneed=0", "disablethp=1", "harddecommit=1", "efence=1"} {
			t.Run(setting, func(t *testing.T) {
				s := scene{policy: small + "include go/core_godebug\n", act: "memory", env: []string{"GODEBUG=" + setting}}
				s.survives(t, goarch)
				s.policy, s.levels = small, CoreGODEBUG // as if the policy had it
				if setting == "disablethp=1" && goarch != "386" {
					s.levels = 0 // core has it
					s.survives(t, goarch)
					return
				}
				s.dies(t, goarch)
			})
		}
		for _, setting := range []string{"gctrace=1,gcpacertrace=1,scavtrace=1,schedtrace=100,scheddetail=1", "checkfinalizers=1"} {
			t.Run(setting, func(t *testing.T) {
				scene{policy: small, act: "memory", env: []string{"GODEBUG=" + setting}}.survives(t, goarch)
			})
		}
	})
}

// A program sealed before its poller started.
func TestNetpollInit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		s := scene{policy: small + "include go/netpoll_init\n", flags: "-bare -fix", act: "timers"}
		s.survives(t, goarch)
		s.policy = small
		s.dies(t, goarch)
	})
}

// The descriptors by which the runtime reads its CPU limit are found among others,
// and not guessed.
func TestPrepareFindsCgroup(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		path := buildChild(t, childPkg, goarch, nil)
		for _, flags := range []string{"", "-decoys"} {
			r, _ := run(t, exec.Command(path, prepareFlags(usual|CoreGOMAXPROCS, strings.Fields(flags)...)...))
			checkRefusal(t, r.Error, nil, "")
			for base, fd := range map[string]int{"cpu.max": r.Quota, "cpu.cfs_quota_us": r.Quota, "cpu.cfs_period_us": r.Period} {
				for _, open := range r.Before {
					if strings.HasSuffix(open, "/"+base) && !strings.HasPrefix(open, fmt.Sprint(fd, " ")) {
						t.Errorf("%s: descriptors %d and %d, but open is %s", flags, r.Quota, r.Period, open)
					}
				}
			}
			if r.Quota < 0 && strings.Contains(fmt.Sprint(r.Before), "/cpu.") {
				t.Errorf("none found in %q", r.Before)
			}
			t.Logf("cgroup descriptors %d and %d", r.Quota, r.Period)
		}
		r, _ := run(t, exec.Command(path, prepareFlags(usual|CoreGOMAXPROCS, "-cgroup="+t.TempDir())...))
		if r.Quota < 0 && r.Error == "" {
			t.Skip("the runtime reads no limit here")
		}
		checkRefusal(t, r.Error, ErrCgroup, "are all open on cpu.max")
		// Who does not want the level is not held up.
		r, _ = run(t, exec.Command(path, prepareFlags(usual, "-cgroup="+t.TempDir())...))
		checkRefusal(t, r.Error, nil, "")
	})
}

// What the standard library leaves to the kernel where it can, it does itself
// when told that the kernel cannot.
func TestFallbacks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, goarch string) {
		s := scene{policy: small + "include go/files\n", act: "copyfile " + t.TempDir()}
		s.survives(t, goarch)
		s.policy = small
		s.dies(t, goarch)
		s = scene{policy: small + "include go/net\n", act: "talk " + t.TempDir()}
		s.survives(t, goarch)
		s.policy = small + "include go/netpoll\n"
		s.dies(t, goarch)
	})
}
