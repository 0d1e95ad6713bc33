package sandbox

import (
	"github.com/tileseal/tileseal/internal/rule"
)

// A Starter tells which calls the startup policies allow.
type Starter struct {
	policy *rule.Policy
	free   [2]int
}

// NewStarter takes the names that [Startup] gives.
func NewStarter(names []string) (*Starter, error) {
	p, err := recording() // a policy that allows nothing
	if err != nil {
		return nil, err
	}
	p.Default = rule.KillProcess
	list, err := Policies(names)
	if err != nil {
		return nil, err
	}
	for _, q := range list {
		add(p, q)
	}
	return &Starter{p, freeDescriptors()}, nil
}

// Policy allows what starts a program, and nothing else.
func (s *Starter) Policy() *rule.Policy { return s.policy }

// Params are the values of its parameters for the command with this process id.
func (s *Starter) Params(pid int) map[string]int64 {
	list, err := values(s.policy, nil, pid, s.free)
	if err != nil {
		return nil
	}
	params := map[string]int64{}
	for i, p := range s.policy.Params {
		params[p.Name] = int64(list[i])
	}
	return params
}
