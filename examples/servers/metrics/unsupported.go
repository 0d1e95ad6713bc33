//go:build 386

package main

// On 386 Go makes its socket calls through socketcall(2), which takes their
// arguments from memory, where no filter can look: the policy would mean nothing.
var _ = socketcall_hides_the_arguments_of_386_socket_calls_from_filters
