package goruntime

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseEpoll(t *testing.T) {
	const text = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1045\n" +
		"tfd:        6 events:       19 data:           58ab40  pos:0 ino:415 sdev:f\n" +
		"tfd:       12 events: 8000201d data: 7f2a00c0ffee0001  pos:12 ino:1a2b3c sdev:e\n"
	got, err := parseEpoll(text)
	want := []watched{{6, 0x19, 0x415}, {12, 0x8000201d, 0x1a2b3c}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := parseEpoll("tfd: x events: 1\n"); err == nil {
		t.Error("a line that is no entry was taken")
	}
}

func TestLists(t *testing.T) {
	mark := watched{fd: 12, inode: 77}
	for _, c := range []struct {
		name    string
		entries []watched
		want    bool
	}{
		{"the pipe", []watched{{6, 0x19, 1}, {12, unix.EPOLLET | 1, 77}}, true},
		{"a closed file's number", []watched{{12, unix.EPOLLET | 1, 78}}, false},
		{"the file under another number", []watched{{13, unix.EPOLLET | 1, 77}}, false},
		{"level-triggered", []watched{{12, 1, 77}}, false},
		{"nothing", nil, false},
	} {
		if got := lists(c.entries, mark); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestGodebugAdd(t *testing.T) {
	g := godebug{}
	g.add("decoratemappings=0,panicnil=1")
	g.add("efence=1,efence=0,gctrace=two,scavtrace=99999999999,noequals,http2client=0#7,disablethp=1")
	want := godebug{"decoratemappings": 0, "panicnil": 1, "efence": 0, "disablethp": 1}
	if !maps.Equal(g, want) {
		t.Errorf("got %v, want %v", g, want)
	}
}

func TestAtLeast(t *testing.T) {
	for release, want := range map[string]bool{
		"5.1.0": true, "5.1": true, "5.0.21-generic": false, "4.19.0-27-amd64": false, "6.18.44-fc": true,
		"10.0-rc1": true, "2.6.78": false, "weird": false, "": false,
	} {
		if got := atLeast(release, 5, 1); got != want {
			t.Errorf("atLeast(%q, 5, 1) = %v", release, got)
		}
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		goarchs, names string
		slow           bool
	}{
		{"amd64 386", "tsc kvm-clock hyperv_clocksource_tsc_page", false},
		{"amd64 386", "hpet acpi_pm jiffies xen hyperv_clocksource_msr", true},
		{"arm arm64", "arch_sys_counter", false},
		{"arm arm64", "jiffies arm_global_timer mxc_timer1 tsc", true},
		{"loong64", "Constant", false},
		{"mips64 mips64le", "MIPS GIC", false},
		{"ppc64 ppc64le", "timebase", false},
		{"riscv64", "riscv_clocksource", false},
		{"s390x", "tod", false},
		{"loong64 mips64 mips64le ppc64 ppc64le riscv64 s390x", "jiffies hpet", true},
	} {
		for goarch := range strings.FieldsSeq(c.goarchs) {
			for name := range strings.FieldsSeq(c.names) {
				if slowClock(goarch, name) != c.slow {
					t.Errorf("slowClock(%s, %q) = %v", goarch, name, !c.slow)
				}
			}
			if slowClock(goarch, "") {
				t.Errorf("on %s an unknown clock source is slow", goarch)
			}
		}
	}
	for _, c := range []struct {
		auxv [][2]uintptr
		want bool
	}{
		{[][2]uintptr{{6, 4096}, {33, 0x7fff0000}}, true},
		{[][2]uintptr{{6, 4096}, {33, 0}}, false},
		{[][2]uintptr{{6, 4096}}, false},
	} {
		if hasVDSO(c.auxv) != c.want {
			t.Errorf("hasVDSO(%v) = %v", c.auxv, !c.want)
		}
	}
}
