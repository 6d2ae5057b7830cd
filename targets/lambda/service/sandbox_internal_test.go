package service

import (
	"context"
	"errors"
	"testing"

	"servebench/targets"
	"servebench/targets/oci"
	"servebench/targets/targettest"
)

// A choice that is given up falls back to nothing.
func TestChoiceIsGivenUp(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	if _, unavailable := oci.FindRuntime(); unavailable != nil {
		t.Skip(unavailable)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := Function{Workload: targets.Workload{Command: []string{targettest.Build(t)}}}
	if s, _, err := Choose(ctx, Auto, f, t.TempDir(), t.Errorf); !errors.Is(err, context.Canceled) {
		t.Errorf("chose %v, %v", s, err)
	}
}
