package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	code, text, stderr := call("doctor")
	if code != 0 || stderr != "" {
		t.Fatalf("%d, %s", code, stderr)
	}
	code, out, _ := call("doctor", "-format", "json")
	var facts []struct{ Topic, Name, Value, How, Unknown string }
	if err := json.Unmarshal([]byte(out), &facts); code != 0 || err != nil || len(facts) < 3 {
		t.Fatalf("%d, %v, %s", code, err, out)
	}
	for _, f := range facts {
		if !strings.Contains(text, "\n  "+f.Name+":") && !strings.HasPrefix(text, "  "+f.Name) {
			t.Errorf("%s is not in\n%s", f.Name, text)
		}
	}
	if code, _, _ := call("doctor", "kernel"); code != 2 {
		t.Errorf("an argument: %d", code)
	}
}
