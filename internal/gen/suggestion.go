package gen

import "iter"

// Suggest is "; did you mean \"write\"?" if one of the names is near enough to
// name, else "".
func Suggest(name string, names iter.Seq[string]) string { return suggest(name, names) }
