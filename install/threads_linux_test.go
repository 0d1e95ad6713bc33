package install

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is no thread id is not passed over: who cannot read the list has not
// seen every thread.
func TestThreads(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"7", "12"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	tids, err := threads(dir)
	if slices.Sort(tids); err != nil || !slices.Equal(tids, []int{7, 12}) {
		t.Errorf("%v, %v", tids, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "self"), 0o777); err != nil {
		t.Fatal(err)
	}
	if tids, err := threads(dir); tids != nil || err == nil || !strings.HasSuffix(err.Error(), `"self" is not a thread id`) {
		t.Errorf("%v, %v", tids, err)
	}
}
