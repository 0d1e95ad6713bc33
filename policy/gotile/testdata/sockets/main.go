// Sockets names a tile there is no program for 386 for.
package main

import "github.com/tileseal/tileseal/policy/gotile"

func main() { println(gotile.MetricLen, gotile.MetricLevels) }
