// Package ready holds the measured policies as the generator writes them for
// a tile to import: what it costs to have a program ready is the cost of their
// Populate functions.
package ready

//go:generate go run ./generate optimized
