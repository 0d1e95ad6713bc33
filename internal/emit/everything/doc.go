// Package everything is generated from a policy that uses every form of the
// language. Its test runs what was generated.
package everything

//go:generate go tool tileseal gen everything.seccomppolicy
//go:generate go tool tileseal gen -layout optimized sorted.seccomppolicy
