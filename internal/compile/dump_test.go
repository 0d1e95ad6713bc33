package compile_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/tileseal/tileseal/internal/bpf"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/policytest"
)

func TestDump(t *testing.T) {
	name := os.Getenv("P")
	if name == "" {
		t.Skip()
	}
	p := policytest.PerformancePolicy(t, name)
	p.Target.X32Shares = os.Getenv("X") != ""
	o, _ := compile.ObjectiveByName(os.Getenv("O"))
	w := compile.Weights{Objective: o}
	for _, s := range policytest.Workload(t, name) {
		w.Calls = append(w.Calls, compile.Seen{Nr: s.Nr, Args: s.Args[:], Count: int64(s.N)})
	}
	prog, err := compile.Optimize(p, w)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Print(bpf.List(prog.Fill(nil), nil, nil))
}
