package main

// int80 makes i386's getpid, from a 64-bit process.
func int80() int32
