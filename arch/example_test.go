package arch_test

import (
	"fmt"

	"github.com/tileseal/tileseal/arch"
)

func Example() {
	a, err := arch.ByName("arm64")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a, a.Bits(), a.BigEndian(), a.GOARCH())
	fmt.Printf("%#x\n", a.Audit())
	nr, ok := a.Number("write")
	fmt.Println(nr, ok)
	// Output:
	// aarch64 64 false arm64
	// 0xc00000b7
	// 64 true
}

func ExampleArch_Number() {
	for _, a := range []arch.Arch{arch.X86, arch.X86_64, arch.AArch64, arch.S390X} {
		nr, ok := a.Number("poll")
		fmt.Println(a, nr, ok)
	}
	// Output:
	// x86 168 true
	// x86_64 7 true
	// aarch64 0 false
	// s390x 168 true
}
