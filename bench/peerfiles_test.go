//go:build linux && amd64

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	peerfiles "github.com/tileseal/tileseal/internal/peers"
)

// The programs that are checked in are what the peers make now. Another version
// of a peer may make others, and its absence leaves nothing to compare with.
func TestPeerFiles(t *testing.T) {
	texts := filepath.Join("..", peerfiles.Dir)
	for _, a := range peerfiles.Archs {
		have, err := peerfiles.Read(texts, a)
		if err != nil {
			t.Fatal(err)
		}
		want, err := peerPrograms(a, texts)
		if err != nil {
			t.Fatal(err)
		}
		if len(have) != len(want) {
			t.Fatalf("%v: %d programs in the file, the peers make %d; run make peers", a, len(have), len(want))
		}
		for i, w := range want {
			t.Run(strings.Join([]string{a.String(), w.Policy, w.Maker}, " "), func(t *testing.T) {
				if w.Version != have[i].Version && strings.HasPrefix(w.Maker, "libseccomp") {
					t.Skipf("the file is by %s, here is %s", have[i].Version, w.Version)
				}
				if w != have[i] {
					t.Errorf("the file has\n%+v\nand the peer makes\n%+v\nrun make peers", have[i], w)
				}
			})
		}
	}
}

// What the files say is missing is what is: every peer that has a program for an
// architecture has one of policy A there, and gVisor nowhere else.
func TestPeerFilesHaveA(t *testing.T) {
	for _, a := range peerfiles.Archs {
		list, err := peerfiles.Read(filepath.Join("..", peerfiles.Dir), a)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			gone := strings.HasPrefix(p.Maker, "gVisor") && !slices.Contains(gvisorArchs, a)
			if p.Policy == "A" && (p.Code == "") != gone {
				t.Errorf("%v: policy A by %s: %q %s", a, p.Maker, p.Code, p.Why)
			}
			if p.Policy == "A" && p.Note != "" {
				t.Errorf("%v: policy A by %s: %s", a, p.Maker, p.Note)
			}
		}
	}
}
