module github.com/tileseal/tileseal/goruntime/measure

go 1.26.0

require (
	github.com/tileseal/tileseal v0.0.0
	golang.org/x/sys v0.49.0
)

replace github.com/tileseal/tileseal => ../..
