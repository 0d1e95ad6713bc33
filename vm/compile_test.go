package vm_test

import (
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
)

const tile = `# tile: answers on a socket.
uint log_fd, uint dir_fd
read
write: (in (arg 0) 2 log_fd)
unlinkat: (eq (arg 0) dir_fd)
poll on i386 x86_64: (eq (arg 2) 0)
ppoll on aarch64
lseek: (eq (arg 1) "1UL<<40")
`

// TestCompile judges one text on three architectures.
func TestCompile(t *testing.T) {
	long := strings.Replace(tile, `lseek:`, "lseek on x86_64 aarch64:", 1)
	for _, a := range []arch.Arch{arch.X86, arch.X86_64, arch.AArch64} {
		p, err := vm.Compile("tile.seccomppolicy", long, a, map[string]int{"log_fd": -1, "dir_fd": 7})
		if err != nil {
			t.Fatal(err)
		}
		waiting := "poll"
		if a == arch.AArch64 {
			waiting = "ppoll"
		}
		cases := []vm.Case{
			{Call: p.Call("read", 99), Want: vm.Allow},
			{Call: p.Call("write", 2), Want: vm.Allow},
			{Call: p.Call("write", 1<<32-1), Want: vm.Allow},
			{Call: p.Call("write", 1), Want: vm.KillProcess},
			{Call: p.Call("unlinkat", 7), Want: vm.Allow},
			{Call: p.Call("unlinkat", 8), Want: vm.KillProcess},
			{Call: p.Call(waiting, 1, 2, 0), Want: vm.Allow},
			{Call: p.Call("openat"), Want: vm.KillProcess},
		}
		if a.Bits() == 64 {
			cases = append(cases,
				vm.Case{Call: p.Call("write", 7<<32|2), Want: vm.Allow}, // the kernel drops the high word
				vm.Case{Call: p.Call("lseek", 0, 1<<40), Want: vm.Allow},
				vm.Case{Call: p.Call("lseek", 0, 0), Want: vm.KillProcess})
		}
		vm.Test(t, p, cases)
	}
}

func TestCompileErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		a          arch.Arch
		params     map[string]int
		want       string
	}{
		{"policy", tile, arch.X86, map[string]int{"log_fd": 1, "dir_fd": 7}, "tile.seccomppolicy:8:20: 1UL<<40 is 0x10000000000, which does not fit the 32 bits that are compared here"},
		{"missing", tile, arch.X86_64, map[string]int{"log_fd": 1}, "vm: policy tile: parameter dir_fd has no value"},
		{"unknown", tile, arch.X86_64, map[string]int{"log_fd": 1, "dir_fd": 7, "fd": 8}, "vm: policy tile has no parameter fd"},
		{"range", tile, arch.X86_64, map[string]int{"log_fd": -2, "dir_fd": 7}, "vm: policy tile: parameter log_fd is -2; it may be -1 to 2147483647"},
		{"directory", tile, arch.X86_64, map[string]int{"log_fd": 1, "dir_fd": -1}, "vm: policy tile: parameter dir_fd is -1; it may be 0 to 2147483647"},
		{"no architecture", tile, 0, nil, "vm: Arch(0x0) is not an architecture"},
	} {
		_, err := vm.Compile("tile.seccomppolicy", tc.text, tc.a, tc.params)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %s", tc.name, err, tc.want)
		}
	}
}
