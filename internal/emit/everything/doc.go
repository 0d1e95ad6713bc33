// Package everything is generated from a policy that uses every form of the
// language. Its test runs what was generated.
package everything

//go:generate go tool tileseal gen -target all everything.seccomppolicy
//go:generate go tool tileseal gen -target all -layout optimized sorted.seccomppolicy
