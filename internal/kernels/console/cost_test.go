package console

import (
	"reflect"
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	orders := []Order{{Name: "A/no-filter"}, {Name: "A/layout-plain"}}
	floor := Figure{Order: "A/no-filter", Least: 592.146, Most: 625.676}
	plain := Figure{Order: "A/layout-plain", Least: 785.5, Most: 785.5}
	good := Run{JIT: "on", Status: "0", Output: []string{floor.Line(), plain.Line()}}
	log := Log{Runs: []Run{good, {JIT: "off", Status: "0", Output: good.Output}}}
	got, err := log.Figures(orders)
	if err != nil {
		t.Fatal(err)
	}
	var want []Figure
	for _, jit := range []string{"on", "off"} {
		for _, f := range []Figure{floor, plain} {
			f.JIT = jit
			want = append(want, f)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, tt := range []struct {
		status string
		output []string
		want   string
	}{
		{"1", []string{floor.Line(), "meter: A/layout-plain: signal: bad system call"}, "ended with 1: cost A/no-filter"},
		{"0", []string{floor.Line()}, "measured 1 programs, not the 2"},
		{"0", []string{plain.Line(), floor.Line()}, "not the 2 ordered"},
		{"0", []string{floor.Line(), "hello"}, `unexpected line of the meter "hello"`},
		{"0", []string{floor.Line(), "cost A/layout-plain least 0 most 1"}, "unexpected line"},
		{"0", []string{floor.Line(), "cost A/layout-plain least 2 most 1"}, "unexpected line"},
	} {
		log := Log{Runs: []Run{good, {JIT: "off", Status: tt.status, Output: tt.output}}}
		if got, err := log.Figures(orders); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, error %v, want %q", tt.status, tt.output, got, err, tt.want)
		}
	}
}
