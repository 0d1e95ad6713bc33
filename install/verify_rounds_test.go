//go:build linux

package install

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	sealedStatus = "State:\tS (sleeping)\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	openStatus   = "State:\tS (sleeping)\nNoNewPrivs:\t0\nSeccomp:\t0\n"
)

// thread makes the directory of one.
func thread(t *testing.T, dir string, tid int, status string) {
	t.Helper()
	dir = filepath.Join(dir, strconv.Itoa(tid))
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if status == "" {
		return // ended between the listing and the look
	}
	if err := os.WriteFile(filepath.Join(dir, "status"), []byte(status), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A thread that starts while another is read is found in the next round. A pipe in
// place of the first thread's file has Verify wait until it is there.
func TestVerifyRounds(t *testing.T) {
	dir := t.TempDir()
	thread(t, dir, 1, "")
	thread(t, dir, 3, "")
	pipe := filepath.Join(dir, "1", "status")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	verdict := make(chan error, 1)
	go func() { verdict <- verify(1, dir) }()
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0) // once it is read
	if err != nil {
		t.Fatal(err)
	}
	thread(t, dir, 2, openStatus)
	f.WriteString(sealedStatus)
	f.Close()
	var ue *UnsealedError
	if err := <-verdict; !errors.As(err, &ue) || ue.Threads != 2 || !slices.Equal(ue.TIDs, []int{2}) {
		t.Errorf("%v", err)
	}
}

// A thread that ended is skipped, and hides none behind it.
func TestVerifyEnded(t *testing.T) {
	dir := t.TempDir()
	for i, status := range []string{"", sealedStatus, "State:\tZ (zombie)\n", openStatus} {
		thread(t, dir, i+1, status)
	}
	var ue *UnsealedError
	if err := verify(1, dir); !errors.As(err, &ue) || ue.Threads != 2 || !slices.Equal(ue.TIDs, []int{4}) {
		t.Errorf("%v", err)
	}
}

// Each of the two words has to be there; a thread that is dead has no say.
func TestVerifyStatus(t *testing.T) {
	for _, row := range []struct {
		status string
		want   status
	}{
		{sealedStatus, status{sealed: true}},
		{openStatus, status{}},
		{"NoNewPrivs:\t1\n", status{}},
		{"Seccomp:\t2\n", status{}},
		{"NoNewPrivs:\t1\nSeccomp:\t1\n", status{}}, // strict mode is no filter
		{"State:\tZ (zombie)\n" + sealedStatus[len("State:\tS (sleeping)\n"):], status{sealed: true, dead: true}},
		{"State:\tX (dead)\n", status{dead: true}},
		{"", status{}},
	} {
		file := filepath.Join(t.TempDir(), "status")
		if err := os.WriteFile(file, []byte(row.status), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := readStatus(file); err != nil || got != row.want {
			t.Errorf("%q: %+v, %v; want %+v", row.status, got, err, row.want)
		}
	}
}
