// Cgo is a program that Prepare has to refuse: C is linked in. It answers as
// goruntime/internal/child does.
package main

// static int zero(void) { return 0; }
import "C"

import (
	"encoding/json"
	"os"

	"github.com/tileseal/tileseal/goruntime"
	"github.com/tileseal/tileseal/goruntime/internal/wire"
)

func main() {
	var r wire.Reply
	if _, err := goruntime.Prepare(goruntime.Go126 | goruntime.Core | goruntime.CoreVMAName); err != nil {
		r.Error = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(r)
	os.Exit(int(C.zero()))
}
