package goruntime

import (
	"runtime"
	"slices"
)

// checkArch refuses a GOARCH without a baseline, and one whose baseline was never
// run unless the build accepts it.
func checkArch(Levels) error { return checkGOARCH(runtime.GOARCH, experimental) }

func checkGOARCH(goarch string, accepted bool) error {
	switch goarch {
	case "386", "amd64", "arm64":
		return nil
	case "arm", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64", "s390x":
		if accepted {
			return nil
		}
		return &Error{Reason: ErrExperimental,
			Found: "the levels for " + goarch + " were read from the runtime's source, and nobody has run them",
			Do:    "build with -tags tileseal_experimental to accept that"}
	}
	return &Error{Reason: ErrPlatform, Found: "GOARCH=" + goarch,
		Do: "seal a build for a Linux GOARCH whose kernel has seccomp filters"}
}

// vdsoless reports whether the runtime for a GOARCH knows of no vDSO
// (runtime/os_linux_novdso.go). There Core holds the clock's call.
func vdsoless(goarch string) bool { return goarch == "mips" || goarch == "mipsle" }

// slowClock reports whether a clock source is one that the vDSO does not serve, as
// far as its name says so. Of x86 those are known that it does not serve
// (VDSO_CLOCKMODE_NONE), or, for Xen's, not always; elsewhere those that it does.
// An empty name is not known to be slow.
func slowClock(goarch, name string) bool {
	var served []string
	switch goarch {
	case "386", "amd64":
		switch name {
		case "hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies", "hyperv_clocksource_msr", "xen":
			return true
		}
		return false
	case "arm", "arm64":
		served = []string{"arch_sys_counter"} // drivers/clocksource/arm_arch_timer.c
	case "loong64":
		served = []string{"Constant"} // arch/loongarch/kernel/time.c
	case "mips64", "mips64le":
		served = []string{"MIPS", "GIC"} // arch/mips/kernel/csrc-r4k.c, drivers/clocksource/mips-gic-timer.c
	case "ppc64", "ppc64le":
		served = []string{"timebase"} // arch/powerpc/kernel/time.c
	case "riscv64":
		served = []string{"riscv_clocksource"} // drivers/clocksource/timer-riscv.c
	case "s390x":
		served = []string{"tod"} // arch/s390/kernel/time.c
	}
	return name != "" && !slices.Contains(served, name)
}
