// Importer uses package arch and looks no system call up.
package main

import "github.com/tileseal/tileseal/arch"

func main() { println(arch.Native().Audit()) }
