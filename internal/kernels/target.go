package main

import "regexp"

// A target is a kernel and the machine it boots on.
type target struct {
	name    string // GOARCH, and which generation of kernel
	goarch  string
	compat  string // the 32-bit GOARCH whose programs run there too, or ""
	usual   bool   // one of the set that is tried on every change
	suite   string // Debian's
	debArch string
	pattern *regexp.Regexp // of the package's name
	machine *machine
	extra   string  // of the kernel command line
	source  *source // what it is built from, if Debian has no such kernel
}

// A machine is what QEMU is asked for.
type machine struct {
	qemu    string
	args    []string
	console string // of the kernel command line
	restart bool   // there is no way to power it off: a restart ends QEMU
	memory  string // in MB, if 512 is not enough
	slip    string // what one program in sixty dies with when it starts, whatever it is
	least   int    // the first number of the oldest version of QEMU that will do
}

var (
	virtARM64 = &machine{qemu: "qemu-system-aarch64", args: []string{"-M", "virt", "-cpu", "cortex-a57"}, console: "console=ttyAMA0"}
	virtARM   = &machine{qemu: "qemu-system-arm", args: []string{"-M", "virt", "-cpu", "cortex-a15"}, console: "console=ttyAMA0"}
	pc386     = &machine{qemu: "qemu-system-i386", args: []string{"-M", "pc"}, console: "console=ttyS0"}
	pcAMD64   = &machine{qemu: "qemu-system-x86_64", args: []string{"-M", "pc", "-cpu", "max"}, console: "console=ttyS0"}
	ccw       = &machine{qemu: "qemu-system-s390x", args: []string{"-M", "s390-ccw-virtio"}}
	pseries   = &machine{qemu: "qemu-system-ppc64", args: []string{"-M", "pseries,x-vof=on", "-cpu", "power9"}, console: "console=hvc0"}
	malta32LE = &machine{qemu: "qemu-system-mipsel", args: []string{"-M", "malta", "-cpu", "24Kf"}, console: "console=ttyS0", restart: true}
	malta64LE = &machine{qemu: "qemu-system-mips64el", args: []string{"-M", "malta", "-cpu", "5KEf"}, console: "console=ttyS0", restart: true}
	malta64BE = &machine{qemu: "qemu-system-mips64", args: []string{"-M", "malta", "-cpu", "5KEf"}, console: "console=ttyS0", restart: true}
	virtRISCV = &machine{qemu: "qemu-system-riscv64", args: []string{"-M", "virt"}, console: "console=ttyS0"}
	virtLoong = &machine{qemu: "qemu-system-loongarch64", args: []string{"-M", "virt", "-cpu", "la464"}, console: "console=ttyS0,115200", memory: "1024", slip: "fatal error: float64nan", least: 10}
)

// Words for kernels of amd64. On a busy host they take the emulated time stamp
// counter for a bad clock, and a clock in the vDSO is what Go programs under our
// filters need.
const (
	x32 = "syscall.x32=y"
	tsc = "tsc=reliable clocksource=tsc"
)

// targets are the kernels that the programs are tried on: of each architecture
// an old one and a new one, where Debian has both. The numbers in the names of
// packages move, so they are patterns; the report says which it was.
var targets = []*target{
	{name: "amd64-new", goarch: "amd64", compat: "386", usual: true, suite: "forky", debArch: "amd64",
		pattern: alone("amd64"), machine: pcAMD64, extra: x32 + " " + tsc},
	{name: "amd64-old", goarch: "amd64", compat: "386", suite: "bookworm", debArch: "amd64",
		pattern: image(`6\.1\.0`, "amd64"), machine: pcAMD64, extra: x32 + " " + tsc},
	{name: "arm64-new", goarch: "arm64", compat: "arm", suite: "forky", debArch: "arm64",
		pattern: alone("arm64"), machine: virtARM64},
	{name: "arm64-old", goarch: "arm64", compat: "arm", usual: true, suite: "bookworm", debArch: "arm64",
		pattern: image(`6\.1\.0`, "cloud-arm64"), machine: virtARM64},
	{name: "s390x-new", goarch: "s390x", suite: "forky", debArch: "s390x",
		pattern: alone("s390x"), machine: ccw},
	{name: "s390x-old", goarch: "s390x", usual: true, suite: "bookworm", debArch: "s390x",
		pattern: image(`6\.1\.0`, "s390x"), machine: ccw},
	{name: "riscv64-new", goarch: "riscv64", usual: true, suite: "forky", debArch: "riscv64",
		pattern: alone("riscv64"), machine: virtRISCV},
	{name: "riscv64-old", goarch: "riscv64", suite: "trixie", debArch: "riscv64",
		pattern: image(`6\.12\.\d+\+deb13`, "riscv64"), machine: virtRISCV},
	{name: "386-old", goarch: "386", suite: "bookworm", debArch: "i386",
		pattern: image(`6\.1\.0`, "686"), machine: pc386},
	{name: "arm-new", goarch: "arm", suite: "forky", debArch: "armhf",
		pattern: alone("armmp"), machine: virtARM},
	{name: "arm-old", goarch: "arm", suite: "bookworm", debArch: "armhf",
		pattern: image(`6\.1\.0`, "armmp"), machine: virtARM},
	{name: "loong64-new", goarch: "loong64", suite: "forky", debArch: "loong64",
		pattern: alone("loong64"), machine: virtLoong, extra: "initcall_blacklist=i8042_init"},
	{name: "mips64le-old", goarch: "mips64le", compat: "mipsle", suite: "bookworm", debArch: "mips64el",
		pattern: image(`6\.1\.0`, "5kc-malta"), machine: malta64LE},
	{name: "mipsle-old", goarch: "mipsle", suite: "bookworm", debArch: "mipsel",
		pattern: image(`6\.1\.0`, "4kc-malta"), machine: malta32LE},
	{name: "ppc64le-new", goarch: "ppc64le", suite: "forky", debArch: "ppc64el",
		pattern: alone("powerpc64le"), machine: pseries},
	{name: "ppc64le-old", goarch: "ppc64le", suite: "bookworm", debArch: "ppc64el",
		pattern: image(`6\.1\.0`, "powerpc64le"), machine: pseries},
	ours("mips64", &source{arch: "mips", cross: "mips64-linux-gnuabi64-"}, malta64BE),
	ours("ppc64", &source{arch: "powerpc", cross: "powerpc64-linux-gnu-"}, pseries),
}

// ours is a target whose kernel is built here. None has a 32-bit GOARCH beside its
// own: Go programs for mips, the one there could be, hang at random on that kernel,
// without any filter.
func ours(goarch string, src *source, m *machine) *target {
	return &target{name: goarch + "-built", goarch: goarch, suite: sourceSuite, debArch: "all", pattern: src.pattern(), machine: m, source: src}
}

// image is the pattern of a package that has the kernel and its modules.
func image(version, flavour string) *regexp.Regexp {
	return regexp.MustCompile(`^linux-image-` + version + `(-\d+)?-` + flavour + `$`)
}

// alone is the pattern of a package that has the kernel alone, unsigned, as
// newer suites have.
func alone(flavour string) *regexp.Regexp {
	return regexp.MustCompile(`^linux-binary-\d+\.\d+(\.\d+)?\+deb\d+-` + flavour + `$`)
}
