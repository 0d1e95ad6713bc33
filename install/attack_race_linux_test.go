package install_test

import (
	"flag"
	"fmt"
	"strconv"
	"testing"
)

// installs is how often the races install: go test ./install -run Race -args -installs=10000
var installs = flag.Int("installs", 400, "how many times the races of the attack tests install a filter")

// perProcess is how many of them one victim makes: filters add up, and each
// makes every call slower.
const perProcess = 200

// Threads start and end while filters are installed. None, old or new, gets a
// call through that was denied when Process returned; when Process fails, none
// is born with what the thread that tried had.
func TestAttackRace(t *testing.T) {
	for _, kind := range []string{"race", "clash"} {
		t.Run(kind, func(t *testing.T) {
			forEachVictim(t, func(t *testing.T, child string) {
				births := 0
				for done := 0; done < *installs; done += perProcess {
					n := 0
					out := run(t, child, fmt.Sprintf("-%s=%d", kind, min(perProcess, *installs-done)))
					if _, err := fmt.Sscanf(out.stdout, "%d\n", &n); err != nil || !out.exited(0) {
						t.Fatalf("after %d: %q, wait status %#x\n%s", done, out.stdout, uint32(out.status), out.stderr)
					}
					births += n
				}
				if births < *installs/4 {
					t.Errorf("%d threads were born during %d installs: that is no race", births, *installs)
				}
				t.Attr("installs", strconv.Itoa(*installs))
				t.Attr("births", strconv.Itoa(births))
			})
		})
	}
}

// Threads that make the denied call without end are alive until the filter is
// there and no longer: by the time Process has returned the process is dying.
func TestAttackHammer(t *testing.T) {
	forEachVictim(t, func(t *testing.T, child string) {
		rounds := max(1, *installs/40)
		for range rounds {
			for _, kind := range []string{"old", "new"} {
				run(t, child, "-hammer="+kind).want(t, "hammering\n", "killed")
			}
		}
		t.Attr("processes", strconv.Itoa(2*rounds))
	})
}
