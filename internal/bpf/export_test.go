package bpf

// For the tests that import kerneltest, which imports this package.
var (
	CheckRows = checkRows
)
