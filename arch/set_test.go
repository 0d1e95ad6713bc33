package arch_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tileseal/tileseal/arch"
)

// TestSet goes through what seccomp_arch_add(3) says, and what it does not
// say but libseccomp does (order of checks, order of architectures).
func TestSet(t *testing.T) {
	const none = arch.Arch(0)
	type op struct {
		add, remove arch.Arch
		want        error
		text        string // of the error, if it matters
	}
	add := func(a arch.Arch, want error) op { return op{add: a, want: want} }
	remove := func(a arch.Arch, want error) op { return op{remove: a, want: want} }
	for _, tc := range []struct {
		name string
		ops  []op
		left []arch.Arch
	}{
		{"empty", nil, nil},
		{"order of adding", []op{add(arch.X86_64, nil), add(arch.X86, nil), add(arch.X32, nil)}, []arch.Arch{arch.X86_64, arch.X86, arch.X32}},
		{"32 and 64 bits together, x32 first", []op{add(arch.X32, nil), add(arch.X86_64, nil)}, []arch.Arch{arch.X32, arch.X86_64}},
		{"present", []op{add(arch.ARM, nil), {add: arch.ARM, want: arch.ErrPresent, text: "arch: add arm to arm: already present"}}, []arch.Arch{arch.ARM}},
		{"absent", []op{add(arch.ARM, nil), {remove: arch.PPC, want: arch.ErrAbsent, text: "arch: remove ppc from arm: not present"}}, []arch.Arch{arch.ARM}},
		{"absent from none", []op{remove(arch.PPC, arch.ErrAbsent)}, nil},
		{"unknown", []op{{add: 5, want: arch.ErrUnknown, text: "arch: add Arch(0x5): not an architecture"}, remove(5, arch.ErrUnknown)}, nil},
		{"the zero Arch is not native", []op{{add: none, want: arch.ErrUnknown}}, nil},
		{"byte order", []op{add(arch.X86_64, nil), {add: arch.S390X, want: arch.ErrByteOrder, text: "arch: add s390x to x86_64: architectures differ in byte order"}}, []arch.Arch{arch.X86_64}},
		{"presence before byte order", []op{add(arch.S390X, nil), add(arch.S390X, arch.ErrPresent), add(arch.X86, arch.ErrByteOrder)}, []arch.Arch{arch.S390X}},
		{"the last goes, and the byte order with it", []op{add(arch.X86, nil), remove(arch.X86, nil), add(arch.SHEB, nil), add(arch.SH, arch.ErrByteOrder)}, []arch.Arch{arch.SHEB}},
		{"removed and added again it is the last", []op{add(arch.X86, nil), add(arch.ARM, nil), remove(arch.X86, nil), add(arch.X86, nil)}, []arch.Arch{arch.ARM, arch.X86}},
	} {
		var s arch.Set
		for i, o := range tc.ops {
			err := error(nil)
			if o.remove != 0 {
				err = s.Remove(o.remove)
			} else {
				err = s.Add(o.add)
			}
			if !errors.Is(err, o.want) || o.text != "" && err.Error() != o.text {
				t.Errorf("%s: step %d: %v, want %v %s", tc.name, i, err, o.want, o.text)
			}
		}
		if !slices.Equal(s.All(), tc.left) || s.Len() != len(tc.left) {
			t.Errorf("%s: %v is left, want %v", tc.name, s.All(), tc.left)
		}
		for _, a := range append(arch.All(), none, 5) {
			if s.Has(a) != slices.Contains(tc.left, a) {
				t.Errorf("%s: Has(%v) is %v", tc.name, a, s.Has(a))
			}
		}
	}
}

// TestSetPairs adds every architecture to every other: what decides is byte
// order alone.
func TestSetPairs(t *testing.T) {
	for _, a := range arch.All() {
		for _, b := range arch.All() {
			s, err := arch.NewSet(a, b)
			want := map[bool]error{a.BigEndian() != b.BigEndian(): arch.ErrByteOrder, a == b: arch.ErrPresent}[true]
			if !errors.Is(err, want) || want == nil && s.BigEndian() != a.BigEndian() {
				t.Errorf("%v and %v: %v, want %v", a, b, err, want)
			}
		}
	}
}

func TestSetCopies(t *testing.T) {
	s, err := arch.NewSet(arch.X86_64, arch.X86)
	if err != nil {
		t.Fatal(err)
	}
	one, two := s, s
	if one.Add(arch.ARM) != nil || two.Add(arch.AArch64) != nil || s.Remove(arch.X86_64) != nil {
		t.Fatal("the sets do not change")
	}
	if one.String() != "x86_64, x86, arm" || two.String() != "x86_64, x86, aarch64" || s.String() != "x86" {
		t.Errorf("copies share: %v; %v; %v", &one, &two, &s)
	}
}
