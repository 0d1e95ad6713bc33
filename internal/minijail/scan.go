package minijail

import (
	"regexp"
	"strings"

	"github.com/tileseal/tileseal/internal/gen"
)

// A token is a word of a policy and where it stands.
type token struct {
	kind kind
	text string
	pos  gen.Pos
}

type kind int

const (
	symbol    kind = iota // : ; , ~ ( ) { } [ ] = | || && and comparisons
	name                  // of a call, a constant, an action
	number                // decimal, octal or hexadecimal
	directive             // @include and so on
	path
)

// kinds is how tokens look, in the order they are tried.
var kinds = []struct {
	kind kind
	re   *regexp.Regexp
}{
	{directive, regexp.MustCompile(`^@[a-z]+\b`)},
	{path, regexp.MustCompile(`^\.{0,2}/\S+`)},
	{number, regexp.MustCompile(`^-?(0[xX][0-9a-fA-F]+|[0-9]+)\b`)},
	{symbol, regexp.MustCompile(`^(\|\||&&|==|!=|<=|>=|[:;,~(){}\[\]=|&<>])`)},
	{name, regexp.MustCompile(`^(kill-process|kill-thread|user-notify|[a-zA-Z_][a-zA-Z_0-9-]*@[a-z-]+|[a-zA-Z_][a-zA-Z_0-9]*)`)},
}

// lines cuts a text into the tokens of its lines, those that end in a
// backslash joined with the next.
func (r *reader) lines(file, text string) [][]token {
	var all [][]token
	joined := false
	for i, l := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		tokens, goesOn := r.tokens(l, gen.Pos{File: file, Line: i + 1})
		switch {
		case joined:
			all[len(all)-1] = append(all[len(all)-1], tokens...)
		case len(tokens) > 0 || goesOn:
			all = append(all, tokens)
		}
		joined = goesOn
	}
	return all
}

// tokens are those of one line up to a comment. goesOn is set if it ends in a
// backslash.
func (r *reader) tokens(l string, at gen.Pos) (list []token, goesOn bool) {
	rest, goesOn := strings.CutSuffix(strings.TrimRight(l, " \t"), `\`)
	l = rest
next:
	for {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" || rest[0] == '#' {
			return list, goesOn && rest == ""
		}
		at.Col = len(l) - len(rest) + 1
		for _, k := range kinds {
			if s := k.re.FindString(rest); s != "" {
				list, rest = append(list, token{k.kind, s, at}), rest[len(s):]
				continue next
			}
		}
		r.fail(at, "%q has no meaning here", rest[:1])
		return list, goesOn
	}
}
