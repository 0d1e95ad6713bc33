package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/sigsys"
)

// TestWhyCoreText: what is said of cores that this kernel does not write.
func TestWhyCoreText(t *testing.T) {
	for _, tc := range []struct {
		name   string
		report sigsys.Report
		want   string
	}{
		{"the filter's data", sigsys.Report{Arch: arch.AArch64, Nr: 82, Args: [6]uint64{4}, HasArgs: true, FilterData: 9, Comm: "tile", PID: "7"},
			"fsync(4) on aarch64\n\tcore, comm tile, pid 7, data 9\n"},
		{"arguments on the stack", sigsys.Report{Arch: arch.MIPS, Nr: 4090},
			"mmap(...) on mips\n\tcore\n\tthe core's notes do not have all arguments of the call\n"},
		{"x32's own call", sigsys.Report{Arch: arch.X86_64, Nr: arch.X32Bit | 39, HasArgs: true, Program: arch.X32},
			"x32 call 39 (number 0x40000027) on x86_64\n\tcore\n"},
		{"an i386 call of x32", sigsys.Report{Arch: arch.X86, Nr: 20, HasArgs: true, Program: arch.X32},
			"getpid() on i386\n\tcore\n\tkilled for its architecture: a program for x32 may make no call of i386, whatever the rules\n"},
	} {
		tc.report.Kind = sigsys.Core
		a, err := (&whyer{}).about(&tc.report)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		a.say(&text)
		if text.String() != tc.want {
			t.Errorf("%s: got\n%swant\n%s", tc.name, &text, tc.want)
		}
		if js, err := json.Marshal(a); err != nil || strings.Contains(string(js), `"line"`) {
			t.Errorf("%s: %s, %v", tc.name, js, err)
		}
	}
}
