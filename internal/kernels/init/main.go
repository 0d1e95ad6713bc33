//go:build linux

// Init is the first process of a guest of internal/kernels: it runs the test
// binaries of its plan, tells of them on the console and ends the machine.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/tileseal/tileseal/internal/kernels/console"
	"golang.org/x/sys/unix"
)

// Commands of reboot(2) (include/uapi/linux/reboot.h).
const (
	powerOff = 0x4321fedc
	restart  = 0x01234567
)

func main() {
	how := powerOff
	plan, err := prepare()
	if err == nil {
		if plan.Restart {
			how = restart
		}
		err = run(plan)
	}
	if err != nil { // without the last line the host knows that something failed
		fmt.Println("init:", err)
	}
	syscall.Sync()
	fmt.Println("init:", syscall.Reboot(how)) // and its return is a panic
}

// say prints a line of the protocol.
func say(format string, args ...any) { fmt.Printf(console.Prefix+format+"\n", args...) }

func prepare() (*console.Plan, error) {
	for _, m := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}} {
		if err := syscall.Mount(m[0], m[1], m[0], 0, ""); err != nil {
			return nil, fmt.Errorf("mounting %s: %w", m[1], err)
		}
	}
	if err := loopback(); err != nil {
		return nil, fmt.Errorf("loopback interface: %w", err)
	}
	text, err := os.ReadFile(console.PlanFile)
	if err != nil {
		return nil, err
	}
	plan := new(console.Plan)
	return plan, json.Unmarshal(text, plan)
}

// loopback switches the interface lo on, which nobody else does here.
func loopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

func run(plan *console.Plan) error {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	fmt.Println() // what the firmware printed last may have no end
	say("kernel %s %s", strings.TrimSpace(string(release)), machine())
	n, compiles := 0, hasJIT()
	for i, pass := range plan.Passes {
		if !compiles {
			pass.JIT = "none"
		} else if err := setJIT(pass.JIT); err != nil {
			return err
		}
		for _, step := range plan.Of(i) {
			say("start %s %s jit=%s", step.Package, step.GOARCH, pass.JIT)
			say("end %s", test(step, pass.Args, plan.Slip))
			n++
		}
		if !compiles {
			break
		}
	}
	say("done %d", n)
	return nil
}

func machine() string {
	var u syscall.Utsname
	if syscall.Uname(&u) != nil {
		return "unknown"
	}
	var b strings.Builder
	for _, c := range u.Machine {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

// The kernel compiles filters if this is 1 or 2, and interprets them if it is
// 0; without a compiler there is no such file.
const jitFile = "/proc/sys/net/core/bpf_jit_enable"

func hasJIT() bool {
	_, err := os.Stat(jitFile)
	return err == nil
}

func setJIT(to string) error {
	value := map[string]string{"on": "1", "off": "0"}[to]
	return os.WriteFile(jitFile, []byte(value), 0)
}

// test runs a test binary, its output on the console, and returns how it ended.
func test(step console.Step, args []string, slip string) string {
	const most = 3
	for try := 1; ; try++ {
		status, slipped := once(step, args, slip)
		if status == "0" || !slipped || try == most {
			return status
		}
		say("| again, since the emulated machine slipped")
	}
}

// once runs a test binary once.
func once(step console.Step, args []string, slip string) (status string, slipped bool) {
	cmd := exec.Command(step.Binary, slices.Concat(step.Args, args)...)
	cmd.Dir, cmd.Env = step.Dir, step.Env
	r, w, err := os.Pipe()
	if err != nil {
		return err.Error(), false
	}
	defer r.Close()
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		return err.Error(), false
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		say("| %s", s.Text())
		slipped = slipped || slip != "" && strings.Contains(s.Text(), slip) // of the tests or a program they run
	}
	cmd.Wait() // its error is the state's
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return fmt.Sprint(code), slipped
	}
	return cmd.ProcessState.String(), slipped
}
