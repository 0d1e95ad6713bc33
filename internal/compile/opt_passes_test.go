package compile

import "github.com/tileseal/tileseal/internal/rule"

var passTests = []passTest{
	{
		name:    "numbers: ranges of one verdict, and the heaviest first",
		calls:   []rule.Call{call(0, nil), call(1, nil), call(2, nil), call(9, nil)},
		weights: Weights{Objective: All, Calls: []Seen{{Nr: 9, Count: 10}, {Nr: 1, Count: 1}}},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x1, l7, l8
	l7:  ret ok
	l8:  jeq #0x2, l9, l10
	l9:  ret ok
	l10: jeq #0x9, l11, l12
	l11: ret ok
	l12: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l6
	l2: ld [0]
	l3: jeq #0x9, l5, l4
	l4: jgt #0x2, l6, l5
	l5: ret ok
	l6: ret no
`,
	},
	{
		name:  "words: both tests of one argument behind one load",
		calls: []rule.Call{call(0, nil), call(5, rule.Or{rule.And{arg(0, 32, rule.Eq, 3), arg(1, 32, rule.Eq, 1)}, arg(0, 32, rule.Eq, 7)})},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l15
	l7:  ld [16]
	l8:  jeq #0x3, l9, l11
	l9:  ld [24]
	l10: jeq #0x1, l14, l11
	l11: ld [16]
	l12: jeq #0x7, l14, l13
	l13: ret no
	l14: ret ok
	l15: ret no
`,
		after: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l2, l11
	l2:  ld [0]
	l3:  jeq #0x5, l4, l9
	l4:  ld [16]
	l5:  jeq #0x3, l7, l6
	l6:  jeq #0x7, l10, l11
	l7:  ld [24]
	l8:  jeq #0x1, l10, l11
	l9:  jeq #0x0, l10, l11
	l10: ret ok
	l11: ret no
`,
	},
	{
		name:    "arguments: alternatives by weight",
		calls:   []rule.Call{call(0, nil), call(5, rule.Or{param(0, 0), param(0, 1)})},
		weights: Weights{Calls: []Seen{seen(5, 9, 4), seen(5, 1, 3)}, Params: []uint64{3, 4}},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l13
	l7:  ld [16]
	l8:  jeq #$a, l12, l9
	l9:  ld [16]
	l10: jeq #$b, l12, l11
	l11: ret no
	l12: ret ok
	l13: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l9
	l2: ld [0]
	l3: jeq #0x5, l4, l7
	l4: ld [16]
	l5: jeq #$b, l8, l6
	l6: jeq #$a, l8, l9
	l7: jeq #0x0, l8, l9
	l8: ret ok
	l9: ret no
`,
	},
	{
		name:  "ranges: neighbouring values",
		calls: []rule.Call{call(0, nil), call(5, rule.Or{arg(0, 32, rule.Eq, 4), arg(0, 32, rule.Eq, 5), arg(0, 32, rule.Eq, 6), arg(0, 32, rule.Eq, 7), arg(0, 32, rule.Eq, 8)})},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l19
	l7:  ld [16]
	l8:  jeq #0x4, l18, l9
	l9:  ld [16]
	l10: jeq #0x5, l18, l11
	l11: ld [16]
	l12: jeq #0x6, l18, l13
	l13: ld [16]
	l14: jeq #0x7, l18, l15
	l15: ld [16]
	l16: jeq #0x8, l18, l17
	l17: ret no
	l18: ret ok
	l19: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l9
	l2: ld [0]
	l3: jeq #0x5, l4, l7
	l4: ld [16]
	l5: jge #0x4, l6, l9
	l6: jgt #0x8, l9, l8
	l7: jeq #0x0, l8, l9
	l8: ret ok
	l9: ret no
`,
	},
	{
		name:  "above: none of several parameters",
		calls: []rule.Call{call(0, nil), call(5, rule.Not{X: rule.Or{arg(0, 32, rule.Eq, 2), param(0, 0), param(0, 1)}})},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l15
	l7:  ld [16]
	l8:  jeq #0x2, l13, l9
	l9:  ld [16]
	l10: jeq #$a, l13, l11
	l11: ld [16]
	l12: jeq #$b, l13, l14
	l13: ret no
	l14: ret ok
	l15: ret no
`,
		after: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l2, l11
	l2:  ld [0]
	l3:  jeq #0x5, l5, l4
	l4:  jeq #0x0, l10, l11
	l5:  ld [16]
	l6:  jgt #max(2,a,b), l10, l7
	l7:  jeq #0x2, l11, l8
	l8:  jeq #$a, l11, l9
	l9:  jeq #$b, l11, l10
	l10: ret ok
	l11: ret no
`,
	},
	{
		name:  "share: one body for two calls with the same rule",
		calls: []rule.Call{call(0, nil), call(5, arg(0, 32, rule.Eq, 3)), call(9, arg(0, 32, rule.Eq, 3))},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l11
	l7:  ld [16]
	l8:  jeq #0x3, l10, l9
	l9:  ret no
	l10: ret ok
	l11: jeq #0x9, l12, l16
	l12: ld [16]
	l13: jeq #0x3, l15, l14
	l14: ret no
	l15: ret ok
	l16: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l9
	l2: ld [0]
	l3: jeq #0x5, l6, l4
	l4: jeq #0x9, l6, l5
	l5: jeq #0x0, l8, l9
	l6: ld [16]
	l7: jeq #0x3, l8, l9
	l8: ret ok
	l9: ret no
`,
	},
	{
		name:    "order: the hot path falls through",
		calls:   []rule.Call{call(0, nil), call(5, arg(0, 32, rule.Eq, 3)), call(9, arg(1, 32, rule.Eq, 3))},
		weights: Weights{Calls: []Seen{seen(9, 9, 0, 3), seen(5, 1, 3)}},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l11
	l7:  ld [16]
	l8:  jeq #0x3, l10, l9
	l9:  ret no
	l10: ret ok
	l11: jeq #0x9, l12, l16
	l12: ld [24]
	l13: jeq #0x3, l15, l14
	l14: ret no
	l15: ret ok
	l16: ret no
`,
		after: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l2, l11
	l2:  ld [0]
	l3:  jeq #0x9, l4, l6
	l4:  ld [24]
	l5:  jeq #0x3, l10, l11
	l6:  jeq #0x5, l7, l9
	l7:  ld [16]
	l8:  jeq #0x3, l10, l11
	l9:  jeq #0x0, l10, l11
	l10: ret ok
	l11: ret no
`,
	},
	{
		name:  "first: arguments before numbers where nothing is unconditional",
		calls: []rule.Call{call(1, arg(0, 32, rule.Eq, 3)), call(9, arg(0, 32, rule.Eq, 3))},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x1, l5, l9
	l5:  ld [16]
	l6:  jeq #0x3, l8, l7
	l7:  ret no
	l8:  ret ok
	l9:  jeq #0x9, l10, l14
	l10: ld [16]
	l11: jeq #0x3, l13, l12
	l12: ret no
	l13: ret ok
	l14: ret no
`,
		after: `
	l0: ld [16]
	l1: jeq #0x3, l2, l8
	l2: ld [0]
	l3: jeq #0x1, l5, l4
	l4: jeq #0x9, l5, l8
	l5: ld [4]
	l6: jeq #0xc000003e, l7, l8
	l7: ret ok
	l8: ret no
`,
	},
	{
		name:  "bits: a mask tested without being applied",
		calls: []rule.Call{call(0, nil), call(5, &rule.Cmp{Op: rule.Eq, Arg: 2, Width: 64, Mask: 4, X: rule.Operand{Param: -1}})},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l15
	l7:  ld [36]
	l8:  and #0x0
	l9:  jeq #0x0, l10, l13
	l10: ld [32]
	l11: and #0x4
	l12: jeq #0x0, l14, l13
	l13: ret no
	l14: ret ok
	l15: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l8
	l2: ld [0]
	l3: jeq #0x5, l5, l4
	l4: jeq #0x0, l7, l8
	l5: ld [32]
	l6: jset #0x4, l8, l7
	l7: ret ok
	l8: ret no
`,
	},
	{
		name:    "screen: one Jset finds numbers that are no range",
		calls:   []rule.Call{call(0, nil), call(1, nil), call(2, nil), call(3, nil), call(8, nil), call(9, nil), call(10, nil), call(11, nil)},
		weights: Weights{Objective: All, Calls: []Seen{{Nr: 1, Count: 5}, {Nr: 9, Count: 5}}},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x1, l7, l8
	l7:  ret ok
	l8:  jeq #0x2, l9, l10
	l9:  ret ok
	l10: jeq #0x3, l11, l12
	l11: ret ok
	l12: jeq #0x8, l13, l14
	l13: ret ok
	l14: jeq #0x9, l15, l16
	l15: ret ok
	l16: jeq #0xa, l17, l18
	l17: ret ok
	l18: jeq #0xb, l19, l20
	l19: ret ok
	l20: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l5
	l2: ld [0]
	l3: jset #0xfffffff4, l5, l4
	l4: ret ok
	l5: ret no
`,
	},
	{
		name:  "known: a condition that cannot fail is not tested",
		calls: []rule.Call{call(0, nil), call(5, rule.And{arg(0, 32, rule.Le, 7), arg(0, 32, rule.Lt, 9), rule.Not{X: arg(0, 32, rule.Eq, 12)}})},
		before: `
	l0:  ld [4]
	l1:  jeq #0xc000003e, l3, l2
	l2:  ret no
	l3:  ld [0]
	l4:  jeq #0x0, l5, l6
	l5:  ret ok
	l6:  jeq #0x5, l7, l15
	l7:  ld [16]
	l8:  jgt #0x7, l13, l9
	l9:  ld [16]
	l10: jge #0x9, l13, l11
	l11: ld [16]
	l12: jeq #0xc, l13, l14
	l13: ret no
	l14: ret ok
	l15: ret no
`,
		after: `
	l0: ld [4]
	l1: jeq #0xc000003e, l2, l8
	l2: ld [0]
	l3: jeq #0x5, l5, l4
	l4: jeq #0x0, l7, l8
	l5: ld [16]
	l6: jgt #0x7, l8, l7
	l7: ret ok
	l8: ret no
`,
	},
}
