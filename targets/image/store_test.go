package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A file of the store is made once, however many ask for it at the same time.
func TestFileIsMadeOnce(t *testing.T) {
	alone(t)
	img := &Image{Digest: "sha256:x"}
	var made atomic.Int64
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			path, err := img.File(t.Context(), "disk", func(_ context.Context, path string) error {
				made.Add(1)
				time.Sleep(50 * time.Millisecond)
				return os.WriteFile(path, []byte("whole"), 0o600)
			})
			if err != nil {
				t.Error(err)
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != "whole" {
				t.Errorf("%s: %q, %v", path, text, err)
			}
		})
	}
	asking.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

// What a killed process left of an image is not taken for it, nor is what a failed one
// made.
func TestNothingHalfIsTaken(t *testing.T) {
	dir := alone(t)
	img, err := describe(ownImage(t))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := folderOf(img.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "root.part", "half"), 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := img.Folder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := tree(t, root); len(got) != 3 || got["half"] != "" {
		t.Errorf("the folder has %v", got)
	}
	failure := errors.New("failed")
	_, err = img.File(t.Context(), "disk", func(_ context.Context, path string) error {
		return errors.Join(os.WriteFile(path, []byte("half"), 0o600), failure)
	})
	if !errors.Is(err, failure) {
		t.Errorf("File: %v, want its failure", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "images", "*", "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if path, err := img.File(t.Context(), "disk", func(_ context.Context, path string) error { return os.WriteFile(path, nil, 0o600) }); err != nil || filepath.Base(path) != "disk" {
		t.Errorf("File after a failure: %s, %v", path, err)
	}
}

// Who waits for another to make something waits no longer than its context.
func TestWaitingEndsWithTheContext(t *testing.T) {
	alone(t)
	img := &Image{Digest: "sha256:x"}
	begun, end := make(chan struct{}), make(chan struct{})
	var making sync.WaitGroup
	making.Go(func() {
		if _, err := img.File(t.Context(), "disk", func(_ context.Context, path string) error {
			close(begun)
			<-end
			return os.WriteFile(path, nil, 0o600)
		}); err != nil {
			t.Error(err)
		}
	})
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := img.File(ctx, "disk", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("File: %v, want that it was cancelled", err)
	}
	close(end)
	making.Wait()
}
