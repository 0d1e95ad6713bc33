package cexpr

import (
	"fmt"
	"testing"
)

type testEnv struct{}

func (testEnv) Ident(name string) (Value, error) {
	switch name {
	case "ONE":
		return Int(1), nil
	case "HIGH":
		return Value{0x80000000, 32, false}, nil
	}
	return Value{}, fmt.Errorf("%q is unknown", name)
}

func (testEnv) Sizeof(typ string) (uint64, error) {
	if typ == "struct sockaddr_in" {
		return 16, nil
	}
	return 0, fmt.Errorf("size of %q is unknown", typ)
}

func TestEval(t *testing.T) {
	for _, tc := range []struct {
		src  string
		want Value
	}{
		{"0", Int(0)},
		{"2147483647", Int(1<<31 - 1)},
		{"2147483648", Value{1 << 31, 64, true}},
		{"0x80000000", Value{1 << 31, 32, false}},
		{"010", Int(8)},
		{"0b101", Int(5)},
		{"10U", Value{10, 32, false}},
		{"1UL<<40", Value{1 << 40, 64, false}},
		{"-1", Int(-1)},
		{"-1L", Value{^uint64(0), 64, true}},
		{"0xffffffffffffffff", Value{^uint64(0), 64, false}},
		{"(int)-1", Int(-1)},
		{"(unsigned int)-1", Value{1<<32 - 1, 32, false}},
		{"(long)(int)0xffffffffu", Value{^uint64(0), 64, true}},
		{"(unsigned char)-1", Int(255)},
		{"(signed char)200", Int(-56)},
		{"~0", Int(-1)},
		{"~0u", Value{1<<32 - 1, 32, false}},
		{"!5 | !0", Int(1)},
		{"ONE|2", Int(3)},
		{"HIGH|ONE", Value{0x80000001, 32, false}},
		{"(long)HIGH", Value{0x80000000, 64, true}},
		{"-HIGH", Value{0x80000000, 32, false}},
		{"sizeof(struct sockaddr_in)", Value{16, 64, false}},
		{"-sizeof(struct sockaddr_in)", Value{^uint64(15), 64, false}},
		{"1 | 2 == 2", Int(1)},
		{"1 ? 2 : 3", Int(2)},
		{"0 ? 2 : 0 ? 3 : 4", Int(4)},
		{"1 ? -1 : 0u", Value{1<<32 - 1, 32, false}},
		{"1 || 1/0", Int(1)},
		{"0 && 1/0", Int(0)},
		{"1 ? 2 : 1/0", Int(2)},
		{"7 / -2", Int(-3)},
		{"-7 % 3", Int(-1)},
		{"-1 < 0u", Int(0)},
		{"-1 >> 1", Int(-1)},
		{"0xffffffff >> 4", Value{0x0fffffff, 32, false}},
		{"1 + 2 * 3 - 4", Int(3)},
		{"(1 + 2) * 3", Int(9)},
		{"6 & 3 ^ 5", Int(7)},
		{"1 << 2 + 1", Int(8)},
		{" ( ( 7 ) ) ", Int(7)},
	} {
		got, err := Eval(tc.src, testEnv{})
		if err != nil || got != tc.want {
			t.Errorf("Eval(%q) = %+v, %v; want %+v", tc.src, got, err, tc.want)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	for _, tc := range []struct {
		src  string
		off  int
		want string
	}{
		{"", 0, `expected a constant, found end in C expression`},
		{"1 |", 3, `expected a constant, found end in C expression`},
		{"(", 1, `expected a constant, found end in C expression`},
		{"(1", 2, `expected ")", found end in C expression`},
		{"1 2", 2, `unexpected "2" in C expression`},
		{"1 | BOGUS", 4, `"BOGUS" is unknown`},
		{"10N", 0, `"10N" is not a C integer`},
		{"1_0", 0, `"1_0" is not a C integer`},
		{"09", 0, `"09" is not a C integer`},
		{`\x31`, 0, `unexpected '\\' in C expression`},
		{"1/0", 1, `division by zero`},
		{"1 << 32", 2, `shift by 32 is undefined for a 32-bit value`},
		{"1 >> -1", 2, `shift by -1 is undefined for a 32-bit value`},
		{"sizeof 1", 7, `expected "(", found "1" in C expression`},
		{"sizeof(1)", 7, `sizeof wants a type, as in sizeof(struct sockaddr_in)`},
		{"sizeof(struct x)", 6, `size of "struct x" is unknown`},
		{"(struct x)1", 0, `cannot cast to "struct x"`},
		{"1 ? 2", 5, `expected ":", found end in C expression`},
		{"18446744073709551615", 0, `18446744073709551615 does not fit a long; write 18446744073709551615u`},
		{"18446744073709551616", 0, `"18446744073709551616" is not a C integer`},
	} {
		_, err := Eval(tc.src, testEnv{})
		e, ok := err.(*Error)
		if !ok || e.Off != tc.off || e.Error() != tc.want {
			t.Errorf("Eval(%q): %v; want offset %d: %s", tc.src, err, tc.off, tc.want)
		}
	}
}

// FuzzEval: whatever the text, it has a value of a C type or an error at a place in it.
func FuzzEval(f *testing.F) {
	for _, s := range []string{"1|2", "(int)-1", "sizeof(struct sockaddr_in)", "1?2:3", "((((", "~0u>>3", "1UL<<40"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := Eval(src, testEnv{})
		if err != nil {
			if e := err.(*Error); e.Off < 0 || e.Off > len(src) {
				t.Fatalf("offset %d outside %q", e.Off, src)
			}
			return
		}
		if v.Bits != 32 && v.Bits != 64 || Of(v.V, v.Bits, v.Signed) != v {
			t.Fatalf("Eval(%q) = %+v is no C value", src, v)
		}
	})
}
