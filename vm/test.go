package vm

// A Case is one row of a table test: a call and the verdict it must get.
type Case struct {
	Call Call
	Want Action // with its data
}

// A TB is what [Test] needs of a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Test runs p on every case and reports each verdict that is not the one
// wanted, with the instruction it came from.
func Test(t TB, p *Program, cases []Case) {
	t.Helper()
	for i, c := range cases {
		pc, got := p.run(&c.Call, nil)
		if got != c.Want {
			t.Errorf("case %d: %v: %v from instruction %d, want %v", i, c.Call, got, pc, c.Want)
		}
	}
}
