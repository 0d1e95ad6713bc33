module example.com/lines

go 1.26.0

require (
	github.com/tileseal/tileseal v0.0.0
	golang.org/x/sys v0.49.0
)

// tileseal is not published yet; a copy beside the module takes its place.
replace github.com/tileseal/tileseal => ../..

tool github.com/tileseal/tileseal/cmd/tileseal
