package service

import (
	"os"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/image"
)

func TestLargeImagesAreRefused(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	img, err := image.Open(t.Context(), targets.Workload{Command: []string{os.Args[0]}})
	if err != nil {
		t.Skipf("no image can be made of this test: %v", err)
	}
	info, err := os.Stat(os.Args[0])
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
