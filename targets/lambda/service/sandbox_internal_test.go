package service

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/oci"
	"servebench/targets/targettest"
)

func TestLargeImagesAreRefused(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	program := targettest.Build(t)
	img, err := image.Open(t.Context(), targets.Workload{Command: []string{program}})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	size := targets.Bytes(info.Size())
	for range 2 { // counted, and kept
		if err := checkSize(t.Context(), img, size-1); err == nil || !strings.Contains(err.Error(), "Lambda takes images of ") {
			t.Errorf("one byte too large: %v", err)
		}
	}
	if err := checkSize(t.Context(), img, 2*size); err != nil {
		t.Error(err)
	}
}

// A choice that is given up falls back to nothing.
func TestChoiceIsGivenUp(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	if _, unavailable := oci.FindRuntime(); unavailable != nil {
		t.Skip(unavailable)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := Function{Workload: targets.Workload{Command: []string{targettest.Build(t)}}}
	if s, _, err := Choose(ctx, Auto, f, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("chose %v, %v", s, err)
	}
}
