//go:build linux

package tiles

var sockets []Tile
