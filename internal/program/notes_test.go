package program_test

import (
	"fmt"
	"log"

	"github.com/tileseal/tileseal/internal/program"
)

// Numbers of calls get the names they have on the architecture that has been
// tested by then.
func ExampleProgram_Notes() {
	p, err := program.Parse("", []byte(`
		ld [4]
		jeq #AUDIT_ARCH_I386, compat
		jne #AUDIT_ARCH_X86_64, kill
		ld [0]
		jge #0x40000000, kill
		jne #4, kill
		ld [16]
		jne #4, kill
		ld [20]
		jeq #0, allow, kill
	compat:	ld [0]
		jeq #4, allow, kill
	allow:	ret #SECCOMP_RET_ALLOW
	kill:	ret #SECCOMP_RET_KILL_PROCESS`), 0)
	if err != nil {
		log.Fatal(err)
	}
	notes := p.Notes(0)
	fmt.Print(p.Text(func(pc int) string { return notes[pc] }))
	// Output:
	// l0:  ld [4]                          ; architecture
	// l1:  jeq #0x40000003, l10, l2        ; x86
	// l2:  jeq #0xc000003e, l3, l13        ; x86_64
	// l3:  ld [0]                          ; number of the call
	// l4:  jge #0x40000000, l13, l5        ; numbers of x32
	// l5:  jeq #0x4, l6, l13               ; stat
	// l6:  ld [16]                         ; argument 0, low word
	// l7:  jeq #0x4, l8, l13
	// l8:  ld [20]                         ; argument 0, high word
	// l9:  jeq #0x0, l12, l13
	// l10: ld [0]                          ; number of the call
	// l11: jeq #0x4, l12, l13              ; write
	// l12: ret #0x7fff0000                 ; allow
	// l13: ret #0x80000000                 ; kill_process
}
