package cexpr

import (
	"fmt"
	"strconv"
	"strings"
)

type tokenKind int

const (
	tEOF tokenKind = iota
	tIdent
	tNumber
	tOp
)

// operators are C's, the longer before their prefixes.
var operators = []string{
	"<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
	"|", "^", "&", "<", ">", "+", "-", "*", "/", "%", "~", "!", "?", ":", "(", ")",
}

// next reads the token at p.pos into p.kind, p.tok and p.off.
func (p *parser) next() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
	p.off = p.pos
	rest := p.src[p.pos:]
	switch {
	case rest == "":
		p.kind, p.tok = tEOF, ""
		return
	case isDigit(rest[0]):
		p.kind, p.tok = tNumber, word(rest)
	case isWord(rest[0]):
		p.kind, p.tok = tIdent, word(rest)
	default:
		p.kind, p.tok = tOp, ""
		for _, op := range operators {
			if strings.HasPrefix(rest, op) {
				p.tok = op
				break
			}
		}
		if p.tok == "" {
			p.fail(p.off, "unexpected %q in C expression", []rune(rest)[0])
		}
	}
	p.pos += len(p.tok)
}

func word(s string) string {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	return s[:n]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// number reads an integer literal and gives it the type C does (C11 6.4.4.1):
// the first of int, unsigned, long, unsigned long that holds it and that its
// suffix and base allow.
func number(tok string) (Value, error) {
	digits := strings.TrimRight(strings.ToLower(tok), "ul")
	if strings.HasPrefix(strings.ToLower(tok), "0x") {
		digits = "0x" + strings.TrimRight(strings.ToLower(tok)[2:], "ul")
	}
	unsigned, long, ok := suffix(strings.ToLower(tok)[len(digits):])
	v, err := strconv.ParseUint(digits, 0, 64)
	if err != nil || !ok || strings.Contains(tok, "_") || strings.HasPrefix(digits, "0o") {
		return Value{}, fmt.Errorf("%q is not a C integer", tok)
	}
	decimal := digits == "0" || digits[0] != '0'
	switch {
	case !long && !unsigned && v < 1<<31:
		return Value{v, 32, true}, nil
	case !long && (unsigned || !decimal) && v < 1<<32:
		return Value{v, 32, false}, nil
	case !unsigned && v < 1<<63:
		return Value{v, 64, true}, nil
	case unsigned || !decimal:
		return Value{v, 64, false}, nil
	}
	return Value{}, fmt.Errorf("%s does not fit a long; write %su", tok, tok)
}

func suffix(s string) (unsigned, long, ok bool) {
	switch s {
	case "":
		return false, false, true
	case "u":
		return true, false, true
	case "l", "ll":
		return false, true, true
	case "ul", "ull", "lu", "llu":
		return true, true, true
	}
	return false, false, false
}

// typeWords are the words a type can begin with or go on with.
var typeWords = map[string]bool{
	"char": true, "short": true, "int": true, "long": true, "signed": true, "unsigned": true,
	"struct": true, "union": true,
	"uchar": true, "ushort": true, "uint": true, "ulong": true, "size_t": true, "ssize_t": true,
	"int8_t": true, "uint8_t": true, "int16_t": true, "uint16_t": true,
	"int32_t": true, "uint32_t": true, "int64_t": true, "uint64_t": true,
}

// scalar is the size and sign of an integer type.
func scalar(words string) (bits int, signed, ok bool) {
	switch words {
	case "char", "signed char", "int8_t":
		return 8, true, true
	case "uchar", "unsigned char", "uint8_t":
		return 8, false, true
	case "short", "short int", "int16_t":
		return 16, true, true
	case "ushort", "unsigned short", "uint16_t":
		return 16, false, true
	case "int", "signed", "signed int", "int32_t":
		return 32, true, true
	case "uint", "unsigned", "unsigned int", "uint32_t":
		return 32, false, true
	case "long", "long int", "long long", "signed long", "int64_t", "ssize_t":
		return 64, true, true
	case "ulong", "unsigned long", "unsigned long int", "unsigned long long", "uint64_t", "size_t":
		return 64, false, true
	}
	return 0, false, false
}
