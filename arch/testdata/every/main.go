// Every looks system calls up on an architecture that is not named.
package main

import "github.com/tileseal/tileseal/arch"

func main() {
	nr, _ := arch.Native().Number("write")
	call, index, _ := arch.Native().Multiplexed("socket")
	println(arch.Native().Audit(), nr, call, index)
}
