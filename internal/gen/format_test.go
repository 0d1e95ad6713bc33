package gen

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tileseal/tileseal/arch"
	"github.com/tileseal/tileseal/internal/compile"
	"github.com/tileseal/tileseal/internal/rule"
)

func TestFormat(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"spaces", "uint  a,uint\tb , ulong c\nwrite  :(eq  (arg 0 )a)\nread\ton  i386   x86_64  ->  errno(EPERM)\nfutex -> trap(3) :  (eq\n  (arg 1)\n  0)\n",
			"uint a, uint b, ulong c\nwrite: (eq (arg 0) a)\nread on i386 x86_64 -> errno(EPERM)\nfutex -> trap(3): (eq (arg 1) 0)\n"},
		{"blank lines", "\n\r\n# about\r\nnoarg\n\n \n\t\n\nread\n\n\n", "# about\nnoarg\n\nread\n"},
		{"no line break at the end", "noarg\nread", "noarg\nread\n"},
		{"an indented signature", "  noarg\nread\n", "noarg\nread\n"},
		{"80 columns, and 81 in another layout",
			"uint alpha_fd, uint beta_fd\nread: (and (in (arg 0) alpha_fd beta_fd 2 3) (eq (arg 1) 0) (<= (arg 2) 0x1000))\n" +
				"write:\n\n    (and (in (arg 0) alpha_fd\n  beta_fd 2 3)\n (eq (arg 1) 0)\n\n (<= (arg 2) 0x1000))\n",
			"uint alpha_fd, uint beta_fd\nread: (and (in (arg 0) alpha_fd beta_fd 2 3) (eq (arg 1) 0) (<= (arg 2) 0x1000))\n" +
				"write: (and\n  (in (arg 0) alpha_fd beta_fd 2 3)\n  (eq (arg 1) 0)\n  (<= (arg 2) 0x1000))\n"},
		{"nested", "noarg\nread: (not (or (eq (arg 0) 100) (eq (arg 0) 200) (and (eq (arg 0) 300) (<= (arg 2) 4000) (>= (arg 2) 1000) (eq (arg 1) 0))))\n",
			"noarg\nread: (not (or\n  (eq (arg 0) 100)\n  (eq (arg 0) 200)\n  (and (eq (arg 0) 300) (<= (arg 2) 4000) (>= (arg 2) 1000) (eq (arg 1) 0))))\n"},
		{"parentheses count", "noarg\n" +
			"read: (or (eq (arg 0) 1) (and (eq (arg 0) 300) (<= (arg 2) 4000) (>= (arg 2) 1000) (eq (arg 1) 0x)))\n",
			"noarg\nread: (or\n  (eq (arg 0) 1)\n  (and (eq (arg 0) 300) (<= (arg 2) 4000) (>= (arg 2) 1000) (eq (arg 1) 0x)))\n"},
		{"one comparison", "noarg\nclone on aarch64: (eq (arg 0) \"CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM\")\n",
			"noarg\nclone on aarch64:\n  (eq (arg 0) \"CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM\")\n"},
		{"values that fit a line of their own", "noarg\nread: (not (in (arg 0) 1000000000 1000000001 1000000002 1000000003 100000000004))\n",
			"noarg\nread:\n  (not (in (arg 0) 1000000000 1000000001 1000000002 1000000003 100000000004))\n"},
		{"values that do not", "noarg\nread: (in (arg 0) 1000000000 1000000001 1000000002 1000000003 1000000004 1000000005 1000000006 1000000007 1000000008)\n",
			"noarg\nread:\n  (in (arg 0)\n    1000000000 1000000001 1000000002 1000000003 1000000004 1000000005 1000000006\n    1000000007 1000000008)\n"},
		{"lists of names", "uint a_long_parameter_fd, uint another_parameter_fd, uint a_third_parameter_fd, uint d\n" +
			"group io = read write readv writev pread64 pwrite64 preadv pwritev lseek poll? ppoll\ninclude   go/core\n   go/crash\n@io  : (eq (arg 0) d)\n",
			"uint a_long_parameter_fd, uint another_parameter_fd, uint a_third_parameter_fd,\n  uint d\n" +
				"group io = read write readv writev pread64 pwrite64 preadv pwritev lseek poll?\n  ppoll\ninclude go/core go/crash\n@io: (eq (arg 0) d)\n"},
		{"a string on two lines", "noarg\nmmap: (eq (arg 3) \"MAP_PRIVATE |\n    MAP_ANONYMOUS\")\n", "noarg\nmmap: (eq (arg 3) \"MAP_PRIVATE | MAP_ANONYMOUS\")\n"},
		{"strings keep their spaces and signs", "noarg\nmmap: (eq (arg 3) \"A  #|(B)\")\n", "noarg\nmmap: (eq (arg 3) \"A  #|(B)\")\n"},
	} {
		t.Run(test.name, func(t *testing.T) { mustFormat(t, test.text, test.want) })
	}
}

func TestFormatComments(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"between entries", "#a\n  # b  \nnoarg\n\n\n  #c\n\n#d\nread\n#e\n", "#a\n# b\nnoarg\n\n#c\n\n#d\nread\n#e\n"},
		{"behind entries, aligned", "noarg\t# none\nread  # a\nexit_group # b\n\nwrite # c\nclose\n", "noarg      # none\nread       # a\nexit_group # b\n\nwrite # c\nclose\n"},
		{"behind operands", "noarg\nread: (or (eq (arg 0) 2)  # stderr\n  (eq (arg 0) 10))  # the log\n",
			"noarg\nread: (or\n  (eq (arg 0) 2)   # stderr\n  (eq (arg 0) 10)) # the log\n"},
		{"above operands", "noarg\nread: (or\n# stderr\n(eq (arg 0) 2)\n", ""},
		{"above operands, indented", "noarg\nread: (or\n# stderr\n (eq (arg 0) 2)\n\n # the log\n\n  (eq (arg 0) 10))\n",
			"noarg\nread: (or\n  # stderr\n  (eq (arg 0) 2)\n  # the log\n  (eq (arg 0) 10))\n"},
		{"behind the colon", "noarg\nread: # any\n (eq (arg 0) 2)\n", "noarg\nread: # any\n  (eq (arg 0) 2)\n"},
		{"behind the operator", "noarg\nread: (or # any\n (eq (arg 0) 2) (eq (arg 0) 3))\n", "noarg\nread: (or # any\n  (eq (arg 0) 2)\n  (eq (arg 0) 3))\n"},
		{"before the operator", "noarg\nread: ( # any\n or (eq (arg 0) 2) (eq (arg 0) 3))\n", "noarg\nread:\n  # any\n  (or (eq (arg 0) 2) (eq (arg 0) 3))\n"},
		{"before the last parenthesis", "noarg\nread: (or (eq (arg 0) 2) # a\n  # b\n )\n", "noarg\nread: (or\n  (eq (arg 0) 2) # a\n  # b\n  )\n"},
		{"behind two ends", "noarg\nread: (or (eq (arg 0) 2 # a\n ) # b\n ) # c\n", "noarg\nread: (or\n  (eq\n    (arg 0)\n    2\n    # a\n    )\n  # b\n  ) # c\n"},
		{"among values", "noarg\nread: (in (arg 0) 2 # stderr\n 3 # the log\n 4)\n", "noarg\nread: (in\n  (arg 0)\n  2 # stderr\n  3 # the log\n  4)\n"},
		{"among names", "noarg\ngroup io = read # in\n  write close\n  # rare\n  fsync\n@io\n", "noarg\ngroup io = read # in\n  write close\n  # rare\n  fsync\n@io\n"},
		{"in a head", "noarg\nread on # two\n  i386\n  # and\n  x86_64: (eq (arg 0) 2) # end\n", "noarg\nread on # two\n    i386\n    # and\n    x86_64: (eq (arg 0) 2) # end\n"},
		{"in the signature", "uint a, # first\n  uint b # second\nread\n", "uint a,  # first\n  uint b # second\nread\n"},
		{"in a broken not", "noarg\nread: (not # any\n (eq (arg 0) 2))\n", "noarg\nread: (not # any\n  (eq (arg 0) 2))\n"},
	} {
		t.Run(test.name, func(t *testing.T) { mustFormat(t, test.text, test.want) })
	}
}

// mustFormat formats twice; a text without a form must be refused.
func mustFormat(t *testing.T, text, want string) {
	t.Helper()
	got, errs := Format("p", text)
	if want == "" {
		if errs.Err() == nil {
			t.Errorf("no error, but\n%s", got)
		}
		return
	}
	if got != want || errs != nil {
		t.Fatalf("%v\n%s\nwant\n%s", errs, got, want)
	}
	if again, _ := Format("p", got); again != got {
		t.Errorf("formatted again:\n%s\nwant\n%s", again, got)
	}
}

// TestFormatKeepsMeaning formats every policy of the repository.
func TestFormatKeepsMeaning(t *testing.T) {
	texts := repositoryTexts(t)
	if len(texts) < 150 {
		t.Fatalf("found only %d policies", len(texts))
	}
	formatted := 0
	for file, text := range texts {
		out, errs := Format(file, text)
		_, wrong := Parse(file, text, Tileseal)
		if errs.Err() != nil {
			if wrong.Err() == nil {
				t.Errorf("%v", errs)
			}
			continue
		}
		formatted++
		if again, _ := Format(file, out); again != out {
			t.Errorf("%s: formatted again it is\n%s\nafter\n%s", file, again, out)
		}
		sameMeaning(t, file, text, out)
	}
	if formatted < 150 {
		t.Errorf("formatted only %d of %d policies", formatted, len(texts))
	}
}

func repositoryTexts(t testing.TB) map[string]string {
	texts := map[string]string{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, Ending) {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// sameMeaning holds what two texts resolve to against each other.
func sameMeaning(t *testing.T, file, a, b string) {
	t.Helper()
	for _, to := range []arch.Arch{arch.X86_64, arch.X86, arch.AArch64} {
		var ps [2]*rule.Policy
		var msgs [2][]string
		for i, text := range []string{a, b} {
			f, _ := Parse(file, text, Tileseal)
			res, errs := Resolve(f, to, compile.Plain)
			for _, e := range errs {
				msgs[i] = append(msgs[i], e.Msg)
			}
			if ps[i] = res.Policy; errs.Err() != nil {
				ps[i] = nil
			} else {
				forgetText(ps[i])
			}
		}
		if len(msgs[0]) != len(msgs[1]) || !reflect.DeepEqual(ps[0], ps[1]) {
			t.Errorf("%s on %v: before %v\n%s\nafter %v\n%s", file, to, msgs[0], a, msgs[1], b)
		}
	}
}

// forgetText drops from a policy what depends on its layout.
func forgetText(p *rule.Policy) {
	for i := range p.Calls {
		for j := range p.Calls[i].Cases {
			k := &p.Calls[i].Cases[j]
			k.Src = rule.Src{}
			rule.Walk(k.When, func(c *rule.Cmp) { c.MaskText, c.X.Text = "", "" })
		}
	}
}

// FuzzFormat: whatever the text, it is refused if the parser refuses it, or its form
// means the same and is its own form.
func FuzzFormat(f *testing.F) {
	for _, text := range repositoryTexts(f) {
		f.Add(text)
	}
	f.Add("uint a # b\n , \tulong c\n#d\nread on i386\n #e\n x86_64 # f\n -> log :( # g\n or # h\n (eq(arg 0)\"1 |\n 2\" # i\n)\n # j\n ) # k\n")
	f.Fuzz(func(t *testing.T, text string) {
		out, errs := Format("p", text)
		if _, wrong := Parse("p", text, Tileseal); wrong.Err() != nil {
			if out != "" || errs.Err() == nil {
				t.Errorf("no error; want %v", wrong)
			}
			return
		}
		if errs.Err() != nil {
			t.Fatalf("%v\n%q", errs, text)
		}
		if again, _ := Format("p", out); again != out {
			t.Errorf("formatted again:\n%q\nwant\n%q", again, out)
		}
		sameMeaning(t, "p", text, out)
	})
}
