package console

import (
	"fmt"
	"slices"
	"strings"
)

// MeterFile is where the meter finds its orders, as JSON.
const MeterFile = "/orders.json"

// An Order is one program for the meter to measure calls under.
type Order struct {
	Name    string // without spaces
	Call    string // of the meter, by name
	Program []Insn // none means no filter
}

// An Insn is an instruction as the kernel takes it: opcode, jumps, operand.
type Insn struct {
	Code   uint16
	Jt, Jf uint8
	K      uint32
}

// A Figure is what the meter found under one program.
type Figure struct {
	JIT   string  // "on", "off" or "none"
	Order string  // its name
	Least float64 // nanoseconds of a call in the meter's quietest turn
	Most  float64 // and in its loudest
}

const figureLine = "cost %s least %f most %f"

// Line is a figure as the meter prints it.
func (f *Figure) Line() string { return fmt.Sprintf(figureLine, f.Order, f.Least, f.Most) }

// Figures are what the meter printed in a boot: one for each order, each time it
// ran.
func (l *Log) Figures(orders []Order) ([]Figure, error) {
	var list []Figure
	for _, run := range l.Runs {
		if run.Status != "0" {
			return nil, fmt.Errorf("console: the meter ended with %s: %s", run.Status, strings.Join(run.Output, "; "))
		}
		n := len(list)
		for _, line := range run.Output {
			f := Figure{JIT: run.JIT}
			if _, err := fmt.Sscanf(line, figureLine, &f.Order, &f.Least, &f.Most); err != nil || f.Least <= 0 || f.Most < f.Least {
				return nil, fmt.Errorf("console: unexpected line of the meter %q", line)
			}
			list = append(list, f)
		}
		if !slices.EqualFunc(list[n:], orders, func(f Figure, o Order) bool { return f.Order == o.Name }) {
			return nil, fmt.Errorf("console: with jit %s the meter measured %d programs, not the %d ordered", run.JIT, len(list)-n, len(orders))
		}
	}
	return list, nil
}
