package vm_test

import (
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/vm"
)

// TestReadJSONSorted loads a program with operands that are sorted first.
func TestReadJSONSorted(t *testing.T) {
	program := func(k string) string {
		return `{"name": "s", "params": ["a", "b"], "arch": "x86_64", "insns": [
			[32, 0, 0, 16], [21, 0, 1, ` + k + `], [6, 0, 0, 2147418112], [6, 0, 0, 0]]}`
	}
	for _, tc := range []struct {
		k, want string // the value that is let through, or an error
		value   uint64
	}{
		{`{"sort": ["a", "b", 5], "i": 0}`, "", 3},
		{`{"sort": ["a", "b", 5], "i": 1}`, "", 5},
		{`{"sort": ["a", "b", 5], "i": 2}`, "", 1<<32 - 1},
		{`{"sort": ["a", "b", 5], "i": 3}`, "a set of 3 has no member 3", 0},
		{`{"sort": ["a", "c"], "i": 0}`, `member "c" is none of the parameters`, 0},
		{`{"sort": [null], "i": 0}`, "null is not a number", 0},
	} {
		p, err := vm.ReadJSON(strings.NewReader(program(tc.k)), map[string]int{"a": -1, "b": 3})
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: error %v, want %s", tc.k, err, tc.want)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tc.k, err)
		}
		for v := range uint64(8) {
			want := vm.KillThread
			if v == tc.value {
				want = vm.Allow
			}
			vm.Test(t, p, []vm.Case{{Call: p.Call("write", v), Want: want}})
		}
		vm.Test(t, p, []vm.Case{{Call: vm.Call{Arch: arch.X86_64.Audit(), Args: [6]uint64{tc.value}}, Want: vm.Allow}})
	}
}
