package page_test

import (
	"fmt"
	"testing"
)

// testAppearance wants names for all that can be operated, enough contrast in
// light and dark, and a page that prints without what makes no sense on paper.
func testAppearance(t *testing.T, b *browser) {
	testNames(t, b)
	for _, scheme := range []string{"light", "dark"} {
		b.emulate("screen", scheme)
		var poor []string
		if b.eval(contrast, &poor); len(poor) > 0 {
			t.Errorf("%s: contrast below 4.5: %q", scheme, poor)
		}
	}
	b.emulate("print", "light")
	var hidden, whole bool
	b.eval(`getComputedStyle($("simulator")).display === "none"`, &hidden)
	b.eval(`document.querySelector(".listing").scrollHeight <= document.querySelector(".listing").clientHeight`, &whole)
	if !hidden || !whole {
		t.Errorf("on paper the simulator is hidden: %v, the listing whole: %v", hidden, whole)
	}
	var pdf struct{ Data string }
	if b.call("Page.printToPDF", nil, &pdf); len(pdf.Data) < 10000 {
		t.Errorf("printed, the page is %d bytes of base64", len(pdf.Data))
	}
	b.emulate("", "light")
}

func (b *browser) emulate(media, scheme string) {
	b.t.Helper()
	b.call("Emulation.setEmulatedMedia", map[string]any{
		"media": media, "features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// testNames asks Chromium what it tells a screen reader.
func testNames(t *testing.T, b *browser) {
	type value struct{ Value any }
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name value
		}
	}
	b.call("Accessibility.getFullAXTree", nil, &tree)
	count := map[string]int{}
	for _, n := range tree.Nodes {
		role := fmt.Sprint(n.Role.Value)
		if n.Ignored {
			continue
		}
		switch count[role]++; role {
		case "textbox", "combobox", "button", "link", "region", "table", "heading", "image":
			if role != "table" && (n.Name.Value == nil || n.Name.Value == "") {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	if count["textbox"]+count["combobox"] < 8 || count["table"] != 2 || count["heading"] != 5 {
		t.Errorf("what a screen reader is told of: %v", count)
	}
}

// contrast lists texts whose contrast with what is behind them is below 4.5,
// the least that WCAG 2 asks of text at level AA.
const contrast = `(() => {
	const rgb = (c) => (c.match(/[\d.]+/g) || []).map(Number);
	const light = (c) => rgb(c).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor;
			if (rgb(c)[3] !== 0) return c;
		}
		return "rgb(255, 255, 255)";
	};
	const poor = new Set();
	for (const e of document.querySelectorAll("body *:not(script):not(svg *)")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
		const s = getComputedStyle(e), a = light(s.color), b = light(behind(e));
		if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) poor.add(e.localName + "." + e.className + " " + s.color + " on " + behind(e));
	}
	for (const e of document.querySelectorAll("svg text")) {
		const shape = e.closest(".node")?.querySelector("path, polygon, ellipse");
		const a = light(getComputedStyle(e).fill), b = light(shape ? getComputedStyle(shape).fill : behind(e.closest(".graph")));
		if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) poor.add("svg " + e.textContent);
	}
	return [...poor].slice(0, 10);
})()`
