package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// A progress tells whoever sits at the terminal how far long work has come. It
// leaves no trace there.
type progress struct {
	w     io.Writer // nil: nobody watches
	what  string
	total int

	mu   sync.Mutex
	done int
}

// progress is for work of so many steps. Without a terminal, or with only a few
// steps, it says nothing.
func (c *command) progress(what string, steps int) *progress {
	p := &progress{what: what, total: steps}
	const few = 3
	if f, ok := c.stderr.(*os.File); ok && steps > few && isTerminal(f) {
		p.w = f
	}
	return p
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// step says that one more step is done, and after the last clears the line.
func (p *progress) step() {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	const clear = "\r\x1b[K"
	if p.done++; p.done == p.total {
		fmt.Fprint(p.w, clear)
		return
	}
	fmt.Fprintf(p.w, "%s%s %d of %d", clear, p.what, p.done, p.total)
}
