// The command, run as its users run it. A module of its own, so that nobody
// who requires the library requires its test harness.
module github.com/tileseal/tileseal/e2e

go 1.26.0

require (
	github.com/moby/profiles/seccomp v0.2.3
	github.com/opencontainers/runtime-spec v1.2.1
	github.com/rogpeppe/go-internal v1.16.0
)

require (
	github.com/tileseal/tileseal v0.0.0
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
)

replace github.com/tileseal/tileseal => ../
