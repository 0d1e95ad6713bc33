package goruntime

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// checkKernel refuses, with 32 bits, a kernel whose uname says it is older than 5.1:
// the runtime then falls back from futex_time64 to futex (runtime/os_linux32.go),
// which only core_oldkernel has. It reads uname as the runtime does, so that a
// personality that lies about the version is caught too.
func checkKernel(l Levels) error {
	missing := CoreOldKernel &^ l
	if l&Pprof != 0 {
		missing |= PprofOldKernel &^ l
	}
	if strconv.IntSize != 32 || missing == 0 {
		return nil
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return &Error{Reason: ErrKernel, Found: "uname", Err: err, Do: "report this"}
	}
	release := unix.ByteSliceToString(u.Release[:])
	if !atLeast(release, 5, 1) {
		return &Error{Reason: ErrKernel, Found: fmt.Sprintf("%q is before 5.1, so the runtime uses calls with 32-bit times", release),
			Do: "use a newer kernel, drop the UNAME26 personality, or include go/" + strings.ReplaceAll(missing.String(), "|", " go/") + " in the policy"}
	}
	return nil
}

// atLeast reports whether a kernel release such as "6.1.0-13-amd64" is at least
// major.minor; false if it cannot be read.
func atLeast(release string, major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(release, "%d.%d", &a, &b); err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}

// checkClock refuses a machine on which reading the clock is a system call, so
// far as that can be told: without a vDSO, or with a clock source that the vDSO
// does not serve.
func checkClock(l Levels) error {
	if l&CoreNoVDSO != 0 || vdsoless(runtime.GOARCH) {
		return nil
	}
	// The vector the runtime itself was started with. /proc/self/auxv would
	// show the kernel's copy, even if a launcher had changed what was passed on.
	auxv, err := unix.Auxv()
	if err != nil {
		return &Error{Reason: ErrClock, Found: "no auxiliary vector", Err: err, Do: "start the program from its file, as an ordinary executable"}
	}
	if !hasVDSO(auxv) {
		return &Error{Reason: ErrClock, Found: "the program was started without a vDSO (AT_SYSINFO_EHDR)",
			Do: "boot without vdso=0, start it without the launcher that hides it, or include go/core_novdso in the policy"}
	}
	// Machines that hide /sys are taken at the vDSO's word.
	text, _ := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	if name := strings.TrimSpace(string(text)); slowClock(runtime.GOARCH, name) {
		return &Error{Reason: ErrClock, Found: "the clock source is " + name + ", which takes a system call to read",
			Do: "switch the machine to a clock source the vDSO serves (tsc on x86), or include go/core_novdso in the policy"}
	}
	return nil
}

func hasVDSO(auxv [][2]uintptr) bool {
	const atSysinfoEHDR = 33 // AT_SYSINFO_EHDR, include/uapi/linux/auxvec.h
	for _, kv := range auxv {
		if kv[0] == atSysinfoEHDR {
			return kv[1] != 0
		}
	}
	return false
}

// checkMappingNames refuses levels without CoreVMAName where the runtime will
// name its mappings: it does after every mmap, until a prctl answers EINVAL,
// unless GODEBUG has decoratemappings=0 (runtime/set_vma_name_linux.go).
func checkMappingNames(l Levels) error {
	if l&CoreVMAName != 0 {
		return nil
	}
	// An empty range: the kernel judges the request and changes nothing
	// (madvise_set_anon_name, mm/madvise.c). Without the option it is EINVAL.
	if err := unix.Prctl(unix.PR_SET_VMA, unix.PR_SET_VMA_ANON_NAME, 0, 0, 0); err == unix.EINVAL {
		return nil
	}
	if readGODEBUG().is("decoratemappings", 0) {
		return nil
	}
	return &Error{Reason: ErrLevels, Found: "this kernel has CONFIG_ANON_VMA_NAME and core_vmaname is missing",
		Do: "include go/core_vmaname in the policy, or start with GODEBUG=decoratemappings=0"}
}
