package oci

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestAskEndsWithTheContext has a runtime leave something behind that holds its output
// open.
func TestAskEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runtime")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nsleep 30 &\nsleep 30\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	if _, err := Ask(ctx, path); !errors.Is(err, context.Canceled) || time.Since(began) > 20*time.Second {
		t.Errorf("error %v after %v, want that it was cancelled", err, time.Since(began))
	}
}
