// One looks system calls up on one architecture only.
package main

import "github.com/tileseal/tileseal/arch"

func main() {
	nr, _ := arch.X86_64Table.Number("write")
	call, index, _ := arch.X86_64Table.Multiplexed("socket")
	println(arch.Native().Audit(), nr, call, index)
}
