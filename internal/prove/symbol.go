package prove

import (
	"fmt"
	"strings"
)

// Symbol is how listings write the operand of an instruction that is filled in
// when the program is installed, as in $log_fd or sort($a, $b, 2)[1]; "" for a
// number. A parameter of 32 bits has no high word, which is 0.
func (p *Program) Symbol(pc int) string {
	s := p.Insns[pc].Slot
	switch {
	case s == nil, s.Sort == nil && s.High && p.Params[s.Param].Bits == 32:
		return ""
	case s.Sort == nil && s.High:
		return "$" + p.Params[s.Param].Name + ">>32"
	case s.Sort == nil:
		return "$" + p.Params[s.Param].Name
	}
	var members []string
	for _, x := range s.Sort {
		if x.Param >= 0 {
			members = append(members, "$"+p.Params[x.Param].Name)
		} else {
			members = append(members, fmt.Sprint(uint32(x.Value)))
		}
	}
	return fmt.Sprintf("sort(%s)[%d]", strings.Join(members, ", "), s.Index)
}
