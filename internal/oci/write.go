package oci

import (
	"encoding/json"

	"github.com/tileseal/tileseal/internal/policytext"
	"github.com/tileseal/tileseal/internal/rule"
)

type (
	profileJSON struct {
		DefaultAction   string     `json:"defaultAction"`
		DefaultErrnoRet *uint16    `json:"defaultErrnoRet,omitempty"`
		Architectures   []string   `json:"architectures"`
		Syscalls        []ruleJSON `json:"syscalls"`
	}
	ruleJSON struct {
		Names    []string  `json:"names"`
		Action   string    `json:"action"`
		ErrnoRet *uint16   `json:"errnoRet,omitempty"`
		Args     []argJSON `json:"args,omitempty"`
	}
	argJSON struct {
		Index    int     `json:"index"`
		Value    uint64  `json:"value"`
		ValueTwo *uint64 `json:"valueTwo,omitempty"`
		Op       string  `json:"op"`
	}
)

// JSON is a profile without selectors as the specification has it.
func (p *Profile) JSON() []byte {
	out := profileJSON{DefaultAction: actionName(p.Default), DefaultErrnoRet: errnoOf(p.Default), Architectures: []string{}, Syscalls: []ruleJSON{}}
	for _, a := range p.Archs {
		out.Architectures = append(out.Architectures, archName(a))
	}
	for _, r := range p.Rules {
		j := ruleJSON{Action: actionName(r.Action), ErrnoRet: errnoOf(r.Action)}
		for _, n := range r.Names {
			j.Names = append(j.Names, n.Name)
		}
		for _, a := range r.Args {
			arg := argJSON{Index: a.Index, Value: a.Value, Op: opName(a.Op)}
			if a.Op == policytext.MaskedEQ {
				arg.ValueTwo = &a.ValueTwo
			}
			j.Args = append(j.Args, arg)
		}
		out.Syscalls = append(out.Syscalls, j)
	}
	text, err := json.MarshalIndent(out, "", "\t")
	if err != nil {
		panic(err) // strings and numbers always have a form
	}
	return append(text, '\n')
}

func errnoOf(a rule.Action) *uint16 {
	if kind := a.Kind(); kind != rule.Errno && kind != rule.Trace {
		return nil
	}
	data := a.Data()
	return &data
}
