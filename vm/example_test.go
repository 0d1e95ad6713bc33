package vm_test

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
)

// A program for aarch64, tested on whatever machine this is. Its instructions
// could as well be what a Populate function has written.
func Example() {
	type insn struct { // on Linux: unix.SockFilter
		Code   uint16
		Jt, Jf uint8
		K      uint32
	}
	p, err := vm.New([]insn{
		{Code: 0x20, K: 4},                       // ld [4]: the architecture
		{Code: 0x15, Jf: 5, K: 0xc00000b7},       // aarch64, or kill
		{Code: 0x20, K: 0},                       // ld [0]: the call
		{Code: 0x15, Jt: 0, Jf: 4, K: 64},        // write, or errno
		{Code: 0x20, K: 16},                      // ld [16]: low word of argument 0
		{Code: 0x15, Jt: 0, Jf: 1, K: 2},         // standard error, or kill
		{Code: 0x06, K: uint32(vm.Allow)},        // ret
		{Code: 0x06, K: uint32(vm.KillProcess)},  // ret
		{Code: 0x06, K: uint32(vm.Errno) | 0x26}, // ret ENOSYS
	}, arch.AArch64)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Judge("write", 2))
	fmt.Println(p.Judge("write", 1))
	fmt.Println(p.Judge("openat"))

	foreign, err := vm.CallOf(arch.X86_64, "write", 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	path, action := p.Trace(foreign)
	fmt.Println(foreign, "is", action, "by", path)
	// Output:
	// allow
	// kill_process
	// errno(38)
	// write(2) on x86_64 is kill_process by [0 1 7]
}

func ExampleStrictest() {
	newer, older := vm.Errno|1, vm.Log
	fmt.Println(vm.Strictest(newer, older))
	fmt.Println(vm.Strictest(vm.Trap, vm.KillProcess, vm.Allow))
	// Output:
	// errno(1)
	// kill_process
}
