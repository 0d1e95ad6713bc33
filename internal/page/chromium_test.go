package page_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/rule"
	"github.com/tileseal/tileseal/internal/view"
	"github.com/tileseal/tileseal/vm"
)

// TestChromium opens pages in a real browser, types calls and compares what the
// page says with package vm, package rule and package view.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := open(t)
	dir := t.TempDir()
	for i, s := range subjects {
		t.Run(s.name(), func(t *testing.T) {
			b.t = t
			p, html := s.make(t, i == 0)
			path := filepath.Join(dir, fmt.Sprintf("%d.html", i))
			if err := os.WriteFile(path, html, 0o666); err != nil {
				t.Fatal(err)
			}
			b.load("file://" + path)
			if i == 0 {
				testByHand(t, b)
				testMarks(t, b, p)
				testAppearance(t, b)
			}
			testCalls(t, b, p)
			testQuiet(t, b, "file://"+path)
		})
		b.t = t
	}
}

// testByHand clicks and types as a person would.
func testByHand(t *testing.T, b *browser) {
	fill := func(id, text string) {
		b.click("#" + id)
		b.eval(fmt.Sprintf("document.getElementById(%q).select()", id), nil)
		b.typeText(text)
	}
	fill("call", "write")
	fill("arg0", "7")
	b.key("Enter", 13, "\r")
	if got := b.text("problem"); !strings.Contains(got, "depends on parameter archive_fd: give it a value") {
		t.Errorf("without parameters the page says %q", got)
	}
	if got := b.text("args"); !strings.Contains(got, "argument 0 (fd)") || !strings.Contains(got, "argument 2 (count)") {
		t.Errorf("the arguments of write are %q", got)
	}
	fill("param4", "7") // archive_fd
	b.click("#sim button")
	if got := b.text("verdict"); got != "allow" {
		t.Errorf("write to archive_fd: %q, %q", got, b.text("problem"))
	}
	fill("arg2", "8") // as go/core's entry about go_event_fd wants
	b.click("#sim button")
	if got := b.text("by"); got != "which entry decides depends on parameters without a value" {
		t.Errorf("write was %q", got)
	}
	fill("param1", "5") // go_event_fd
	b.click("#sim button")
	if got := b.text("by"); got != "decided by recorder.seccomppolicy:26" {
		t.Errorf("write was %q", got)
	}
	fill("arg0", "archive_fd")
	b.key("Enter", 13, "\r")
	if got := b.text("verdict"); got != "allow" {
		t.Errorf("write to archive_fd by name: %q, %q", got, b.text("problem"))
	}
	fill("call", "madvise")
	fill("arg2", "MADV_DONTNEED")
	b.key("Enter", 13, "\r")
	if got := b.text("verdict"); got != "allow" {
		t.Errorf("madvise: %q, %q", got, b.text("problem"))
	}
	fill("call", "openat")
	fill("arg1", "/etc/passwd")
	b.key("Enter", 13, "\r")
	if got := b.text("problem"); !strings.Contains(got, "give an address") {
		t.Errorf("a path as an argument: %q", got)
	}
	fill("arg1", "-1")
	b.key("Enter", 13, "\r")
	if got := b.text("verdict"); got != "kill_process" {
		t.Errorf("openat: %q, %q", got, b.text("problem"))
	}
	fill("call", "oepnat")
	b.key("Enter", 13, "\r")
	if got := b.text("problem"); got != "there is no system call oepnat on x86_64" {
		t.Errorf("oepnat: %q", got)
	}
}

// testMarks chooses a rule, and an instruction, and looks at what is marked.
func testMarks(t *testing.T, b *browser, p *view.Program) {
	var marked []int
	const own = `[...document.querySelectorAll(".listing tr.own")].map((e) => Number(e.id.slice(1)))`
	n := slices.IndexFunc(p.Policy.Calls, func(c rule.Call) bool { return c.Name == "fsync" })
	fsync := p.Policy.Calls[n]
	var want []int
	for pc, callers := range p.Callers {
		if slices.Equal(callers, []uint32{fsync.Nr}) {
			want = append(want, pc)
		}
	}
	b.click(`button[data-rule][aria-label="line 29"]`)
	if b.eval(own, &marked); len(want) == 0 || !slices.Equal(marked, want) {
		t.Errorf("fsync's instructions are %v, marked %v", want, marked)
	}
	if got := b.text("marked"); !strings.HasPrefix(got, "fsync: ") {
		t.Errorf("the page says %q is marked", got)
	}
	b.click(fmt.Sprintf(`button[data-pc="%d"]`, want[0]))
	var line string
	b.eval(`document.querySelector(".policy li.own code").textContent`, &line)
	if !strings.HasPrefix(line, "fsync:") {
		t.Errorf("instruction %d marks %q", want[0], line)
	}
	b.click(fmt.Sprintf(`button[data-pc="%d"]`, want[0]))
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": 1, "y": 1}, nil)
	if b.eval(own, &marked); len(marked) != 0 {
		t.Errorf("%v are marked still", marked)
	}
	b.hover(`button[data-rule][aria-label="line 29"]`)
	if b.eval(own, &marked); !slices.Equal(marked, want) {
		t.Errorf("hovering over fsync marks %v, want %v", marked, want)
	}
}

// A try is one call as the page's fields take it, and what the page says.
type try struct {
	Call   string    `json:"call"`
	From   string    `json:"from"`
	Args   [6]string `json:"args"`
	Params []string  `json:"params"`

	Verdict  string `json:"verdict"`
	Cost     string `json:"cost"`
	Way      string `json:"way"`
	Disagree string `json:"disagree"`
	Problem  string `json:"problem"`
}

// fillAll puts tries into the fields, presses the button, and collects what it
// says.
const fillAll = `((tries) => tries.map((t) => {
	$("call").value = t.call; $("from").value = t.from;
	t.args.forEach((v, i) => { $("arg" + i).value = v; });
	t.params.forEach((v, i) => { $("param" + i).value = v; });
	document.querySelector("#sim button").click();
	const said = (id) => $(id)?.textContent ?? "";
	return {...t, verdict: said("verdict"), cost: said("cost"), way: said("way"), disagree: said("disagree"), problem: said("problem")};
}))`

// testCalls compares some hundred calls.
func testCalls(t *testing.T, b *browser, p *view.Program) {
	r := rand.New(rand.NewPCG(1, uint64(p.Arch)))
	var tries []try
	var calls []vm.Call
	var params []map[int]uint64
	for range 300 {
		c, ps := randomCall(r, p)
		x := try{Call: fmt.Sprint(c.Nr), From: fromName(c.Arch)}
		if name, ok := p.Arch.Name(c.Nr); ok {
			x.Call = name
		}
		for i, v := range c.Args {
			x.Args[i] = fmt.Sprintf([]string{"%d", "%#x"}[r.IntN(2)], v)
		}
		for i := range p.Params {
			x.Params = append(x.Params, fmt.Sprint(int64(ps[i])))
		}
		tries, calls, params = append(tries, x), append(calls, c), append(params, ps)
	}
	text, err := json.Marshal(tries)
	if err != nil {
		t.Fatal(err)
	}
	var said []try
	b.eval(fillAll+"("+string(text)+")", &said)
	verdicts := map[string]int{}
	for i, c := range calls {
		want, err := p.Trace(c, params[i])
		if err != nil {
			t.Fatal(err)
		}
		way := "Way:"
		for _, s := range want.Steps {
			way += fmt.Sprintf(" l%d", s.PC)
		}
		got := said[i]
		verdicts[got.Verdict]++
		if got.Verdict != want.Verdict.String() || got.Way != way || strings.Contains(got.Cost, "cache") != want.Cached {
			t.Fatalf("%v with %v: the page says %+v; want %v by %s, cached %v", c, params[i], got, want.Verdict, way, want.Cached)
		}
		if got.Disagree != "" {
			t.Fatalf("%v with %v: %s", c, params[i], got.Disagree)
		}
	}
	if len(verdicts) < 2 || verdicts["allow"] < 30 {
		t.Errorf("verdicts %v say little", verdicts)
	}
}

// fromName is how the page calls the architecture of a call.
func fromName(audit uint32) string {
	switch a := arch.Arch(audit); a {
	case arch.X86:
		return "i386"
	default:
		return a.String()
	}
}

// randomCall is mostly a call the policy is about, its arguments near what the
// policy compares them with.
func randomCall(r *rand.Rand, p *view.Program) (vm.Call, map[int]uint64) {
	params := map[int]uint64{}
	for i, q := range p.Params {
		params[i] = uint64(3 + r.IntN(6))
		if q.Bits == 64 {
			params[i] = r.Uint64() >> (r.IntN(60) + 1)
		}
	}
	known := p.Policy.Calls[r.IntN(len(p.Policy.Calls))]
	c := vm.Call{Nr: known.Nr, Arch: p.Arch.Audit()}
	for i := range c.Args {
		c.Args[i] = uint64(r.IntN(10))
	}
	for _, k := range known.Cases {
		if r.IntN(3) == 0 {
			continue
		}
		rule.Walk(k.When, func(x *rule.Cmp) {
			v := x.X.Value
			if x.X.Param >= 0 {
				v = params[x.X.Param]
			}
			if r.IntN(2) == 0 {
				c.Args[x.Arg] = v
			}
			switch r.IntN(10) {
			case 0:
				c.Args[x.Arg]++
			case 1:
				c.Args[x.Arg] |= 1 << 63
			}
		})
	}
	switch r.IntN(30) {
	case 0:
		c.Nr = r.Uint32()
	case 1:
		c.Nr = uint32(r.IntN(500))
	case 2:
		c.Arch = arch.RISCV64.Audit()
	}
	if p.Arch.Bits() == 32 {
		for i := range c.Args {
			c.Args[i] = uint64(uint32(c.Args[i]))
		}
	}
	return c, params
}

// testQuiet wants that the page fetched nothing but itself and had no errors.
func testQuiet(t *testing.T, b *browser, url string) {
	for _, e := range b.events {
		switch e.Method {
		case "Network.requestWillBeSent":
			var r struct{ Request struct{ URL string } }
			if err := json.Unmarshal(e.Params, &r); err != nil || r.Request.URL != url {
				t.Errorf("the page asked for %s", r.Request.URL)
			}
		case "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled":
			t.Errorf("%s: %s", e.Method, e.Params)
		}
	}
}
