//go:build linux && (386 || (s390x && tileseal_experimental))

package tiles

var sockets []Tile
