package main

// int80 is about 64-bit processes only.
func int80() int32 { return -1 }
