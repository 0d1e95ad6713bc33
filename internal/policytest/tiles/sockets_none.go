//go:build linux && (386 || s390x)

package tiles

var sockets []Tile
