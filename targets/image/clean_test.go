package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets"
)

func TestClean(t *testing.T) {
	dir := alone(t)
	if kept, err := Stored(t.Context()); err != nil || kept.Files != 0 {
		t.Errorf("before any image: %+v, %v", kept, err)
	}
	if err := Clean(); err != nil {
		t.Errorf("Clean of nothing: %v", err)
	}
	w := targets.Workload{Image: writeSaved(t, ownImage(t))}
	img, err := Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.Folder(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept, err := Stored(t.Context())
	if err != nil || kept.Files == 0 || kept.Size == 0 || kept.Dir != filepath.Join(dir, "images") {
		t.Errorf("kept %+v, %v", kept, err)
	}
	var uses [2]interface{ Close() error }
	for i := range uses {
		if uses[i], err = Use(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, use := range uses {
		if err := Clean(); err == nil || !strings.Contains(err.Error(), "a run uses them") {
			t.Errorf("Clean during a run: %v", err)
		}
		if err := use.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := Clean(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(kept.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", kept.Dir, err)
	}
	if _, err := img.Folder(t.Context()); err != nil {
		t.Errorf("an image after that: %v", err)
	}
}
