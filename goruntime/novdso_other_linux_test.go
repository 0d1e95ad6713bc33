//go:build !amd64

package goruntime

import "testing"

// withoutVDSO skips the test: the launcher reads the registers of amd64.
func withoutVDSO(t *testing.T, _ *scene, goarch string) {
	t.Skip("no launcher that hides the vDSO from " + goarch)
}
