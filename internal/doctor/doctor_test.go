package doctor

import "testing"

func TestMinorOf(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8": "1.26", "go1.27rc1": "1.27", "go1.27-abc123": "1.27", "devel go1.28-d1b2": "1.28", "go1.9": "1.9",
		"": "", "go2.0": "", "go1.": "", "gccgo": "",
	} {
		got, ok := minorOf(version)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v, want %q", version, got, ok, want)
		}
	}
}

// Every fact has a value and says how it is known, or says why there is none.
func TestFacts(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Examine(self) {
		if (f.Value == "") == (f.Unknown == "") || f.Topic == "" || f.Name == "" || f.How == "" && f.Unknown == "" {
			t.Errorf("%+v", f)
		}
		if seen[f.Name] {
			t.Errorf("%s twice", f.Name)
		}
		seen[f.Name] = true
	}
}
