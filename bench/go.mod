module github.com/tileseal/tileseal/bench

go 1.26.3

require (
	github.com/seccomp/libseccomp-golang v0.11.1
	github.com/tileseal/tileseal v0.0.0
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
	gvisor.dev/gvisor v0.0.0-20260905035102-160fafc42237
)

require (
	golang.org/x/exp v0.0.0-20250711185948-6ae5c78190dc // indirect
	golang.org/x/time v0.15.0 // indirect
)

replace github.com/tileseal/tileseal => ../
