package filter_test

import (
	"math/rand/v2"
	"testing"
)

// TestRandom holds random filters against the model.
func TestRandom(t *testing.T) {
	filters := 2000
	if testing.Short() {
		filters = 400
	}
	compared := 0
	for seed := range uint64(filters) {
		s := rand.New(rand.NewPCG(seed, 5))
		f, m, archs := build(t, s, seed%2 == 0)
		compared += hold(t, f, m, archs, calls(s, archs, 150))
	}
	t.Logf("%d filters, %d calls", filters, compared)
}

// FuzzFilter: whatever calls are made of the API, the filter does what a plain model of
// the manual pages does with the same calls.
func FuzzFilter(f *testing.F) {
	// One for each set of architectures.
	for i := range sets {
		choices := []byte{byte(i)}
		for j := range 60 {
			choices = append(choices, byte(i*7+j*j))
		}
		f.Add(choices, i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, choices []byte, few bool) {
		b, m, archs := build(t, &bytes{choices}, few)
		hold(t, b, m, archs, calls(rand.New(rand.NewPCG(uint64(len(choices)), 1)), archs, 100))
	})
}
