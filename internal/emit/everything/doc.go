// Package everything is generated from a policy that uses every form of the
// language, and from some that are for several architectures at once. Its tests
// run what was generated.
package everything

//go:generate go tool tileseal gen -target all everything.seccomppolicy
//go:generate go tool tileseal gen -target all -layout optimized sorted.seccomppolicy
//go:generate go tool tileseal gen -arch x86_64,i386,x32 reporter.seccomppolicy
//go:generate go tool tileseal gen -arch x86_64,i386 -layout optimized launcher.seccomppolicy
