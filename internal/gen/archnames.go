package gen

import (
	"encoding/json"
	"strings"

	"github.com/tileseal/tileseal/arch"
)

// ArchNames are the architectures of one program, by the names policies have
// for them. In JSON they are a name, or a list of names if there are several.
type ArchNames []string

// NamesOf are the names of architectures.
func NamesOf(archs []arch.Arch) ArchNames {
	names := make(ArchNames, len(archs))
	for i, a := range archs {
		names[i] = ArchName(a)
	}
	return names
}

// Set looks the names up. An error is that of arch.ByName or arch.Set.Add.
func (n ArchNames) Set() (arch.Set, error) {
	var set arch.Set
	for _, name := range n {
		a, err := arch.ByName(name)
		if err != nil {
			return arch.Set{}, err
		}
		if err := set.Add(a); err != nil {
			return arch.Set{}, err
		}
	}
	return set, nil
}

// String lists the names.
func (n ArchNames) String() string { return strings.Join(n, ", ") }

// MarshalJSON implements json.Marshaler.
func (n ArchNames) MarshalJSON() ([]byte, error) {
	if len(n) == 1 {
		return json.Marshal(n[0])
	}
	return json.Marshal([]string(n))
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *ArchNames) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(n))
	}
	*n = make(ArchNames, 1)
	return json.Unmarshal(text, &(*n)[0])
}
