package vm

import (
	"strings"
	"testing"
)

// A set of another shape is an error of its instruction.
func TestReadJSONSortedShape(t *testing.T) {
	for _, bad := range []string{`{"sort": 5}`, `{"sort": ["a_fd"], "i": "one"}`} {
		text := strings.Replace(tile, `"$b_fd"`, bad, 1)
		_, err := ReadJSON(strings.NewReader(text), map[string]int{"a_fd": 3, "b_fd": 4})
		if err == nil || !strings.HasPrefix(err.Error(), "vm: program tile: instruction 1: json: cannot unmarshal") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
