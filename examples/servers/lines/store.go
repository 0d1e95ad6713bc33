package main

import (
	"strings"
	"sync"
)

// maxKeys is how many values are kept at most. None is longer than a line.
const maxKeys = 10_000

// A store is values under keys.
type store struct {
	mu     sync.Mutex
	values map[string]string
}

// answer does what a line asks for and says what came of it; more is false if
// it asks for the end of the connection.
func (s *server) answer(line []byte) (answer string, more bool) {
	verb, rest, _ := strings.Cut(string(line), " ")
	key, value, hasValue := strings.Cut(rest, " ")
	switch {
	case verb == "quit" && rest == "":
		return "bye", false
	case verb == "set" && key != "" && hasValue:
		return s.store.set(key, value), true
	case verb == "get" && key != "" && !hasValue:
		return s.store.get(key), true
	case verb == "del" && key != "" && !hasValue:
		return s.store.del(key), true
	case verb == "debug" && *debug:
		return s.misbehave(rest), true
	}
	return "error not understood", true
}

func (s *store) set(key, value string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.values[key]; !known && len(s.values) >= maxKeys {
		return "error full"
	}
	s.values[key] = value
	return "ok"
}

func (s *store) get(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.values[key]; ok {
		return "value " + value
	}
	return "none"
}

func (s *store) del(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.values[key]; !ok {
		return "none"
	}
	delete(s.values, key)
	return "ok"
}
