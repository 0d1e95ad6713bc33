package vm

import (
	"testing"

	"github.com/tileseal/tileseal/internal/rule"
)

func TestAction(t *testing.T) {
	for _, row := range []struct {
		action Action
		kind   Action
		data   uint16
		text   string
	}{
		{0x80000000, KillProcess, 0, "kill_process"},
		{0x00000000, KillThread, 0, "kill_thread"},
		{0x00030000, Trap, 0, "trap"},
		{0x00050000, Errno, 0, "errno(0)"},
		{0x7fc00000, UserNotif, 0, "notify"},
		{0x7ff00000, Trace, 0, "trace(0)"},
		{0x7ffc0000, Log, 0, "log"},
		{0x7fff0000, Allow, 0, "allow"},
		{Trap | 7, Trap, 7, "trap(7)"},
		{Errno | 38, Errno, 38, "errno(38)"},
		{Trace | 0xffff, Trace, 0xffff, "trace(65535)"},
		{Allow | 1, Allow, 1, "allow(1)"},
		{0x00060001, 0x00060000, 1, "unknown(0x00060001)"},
		{0xffffffff, 0xffff0000, 0xffff, "unknown(0xffffffff)"},
	} {
		a := row.action
		if a.Kind() != row.kind || a.Data() != row.data || a.String() != row.text {
			t.Errorf("%#x: kind %v, data %d, %q; want %v, %d, %q", uint32(a),
				a.Kind(), a.Data(), a.String(), row.kind, row.data, row.text)
		}
	}
}

func TestKnown(t *testing.T) {
	known := 0
	for kind := range 1 << 16 {
		if a := rule.Action(kind << 16); a.Known() && (a | 0xffff).Known() {
			known++
		}
	}
	if known != 8 {
		t.Errorf("%d kinds are known, want 8", known)
	}
}

func TestStrictest(t *testing.T) {
	order := []Action{
		KillProcess, 0xff000000, KillThread, 0x00020000, Trap, Errno, 0x12340000, UserNotif, Trace, Log, Allow,
	}
	for i, a := range order {
		for j, b := range order {
			want := order[min(i, j)]
			if got := Strictest(a, b); got != want {
				t.Errorf("Strictest(%v, %v) = %v, want %v", a, b, got, want)
			}
		}
	}
	for _, row := range []struct {
		verdicts []Action
		want     Action
	}{
		{nil, Allow},
		{[]Action{Allow | 5}, Allow}, // where the kernel starts, without data
		{[]Action{Errno | 1, Errno | 2}, Errno | 1},
		{[]Action{Allow, Errno | 2, Log, Errno | 1}, Errno | 2},
		{[]Action{Log, Errno | 2, Trap | 9, Trap | 1}, Trap | 9},
	} {
		if got := Strictest(row.verdicts...); got != row.want {
			t.Errorf("Strictest(%v) = %v, want %v", row.verdicts, got, row.want)
		}
	}
}
