package doctor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/tileseal/tileseal/install"
	"golang.org/x/sys/unix"
)

// speed is what makes filters cheap.
func speed() []Fact {
	const topic = "speed"
	const file = "/proc/sys/net/core/bpf_jit_enable"
	text, err := os.ReadFile(file)
	value := strings.TrimSpace(string(text))
	if word, ok := map[string]string{"0": "no", "1": "yes", "2": "yes, and its output is logged"}[value]; ok {
		value = word
	}
	cached, err2 := cache()
	return []Fact{
		fact(topic, "filters compiled to machine code (JIT)", value, "read "+file, err),
		fact(topic, "verdicts cached by call number", yes(cached), "measured", err2),
	}
}

// cache reports whether the kernel remembers which calls a filter allows whatever
// their arguments (seccomp_cache_prepare, kernel/seccomp.c). Two filters allow
// everything after as many instructions as there may be; the second looks at an
// argument first, so that nothing can be remembered of it. If the first costs as
// much as the second, nothing is.
func cache() (bool, error) {
	const loadNr, loadArgument = 0, 16
	first, err := cost(loadNr)
	if err != nil {
		return false, err
	}
	second, err := cost(loadArgument)
	if err != nil {
		return false, err
	}
	switch ratio := float64(second) / float64(first); {
	case ratio > 3:
		return true, nil
	case ratio < 1.3:
		return false, nil
	default:
		return false, fmt.Errorf("%v a call against %v decides nothing; the machine may be busy", first, second)
	}
}

// cost is the time one getppid takes under a filter of full length that begins by
// loading a word of the call. The filter is on a thread that ends here.
func cost(load uint32) (time.Duration, error) {
	type answer struct {
		cost time.Duration
		err  error
	}
	got := make(chan answer)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			got <- answer{0, errors.New("the thread to measure on was the process's first")}
			return
		}
		filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: load}}
		for len(filter) < maxInsns-1 {
			filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0xffffffff})
		}
		filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
		if err := install.Thread(filter); err != nil {
			got <- answer{0, err}
			return
		}
		const rounds, calls = 20, 100
		least := time.Duration(1<<63 - 1)
		for range rounds {
			start := time.Now()
			for range calls {
				unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
			}
			least = min(least, time.Since(start)/calls)
		}
		got <- answer{max(least, 1), nil}
	}()
	a := <-got
	return a.cost, a.err
}
