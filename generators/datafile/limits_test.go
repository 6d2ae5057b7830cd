package datafile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"servebench/generators"
)

// TestOpenRefusesPipe opens a pipe that nobody writes to, which must not wait.
func TestOpenRefusesPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.csv")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "pipe.csv is a pipe; want a file") {
		t.Errorf("a pipe: %v", err)
	}
}

func TestOpenRefusesManyColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wide.csv")
	if err := os.WriteFile(path, []byte(strings.Repeat(",", maxColumns)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "wide.csv, line 1: the header has 10001 columns; want at most 10000"
	if _, err := Open(path); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestTensorOfDeepLists reads lists deeper than the stack, as a field of CSV may hold.
func TestTensorOfDeepLists(t *testing.T) {
	schema := generators.Tensor{Name: "x", Datatype: generators.FP32, Shape: []int64{-1}}
	_, err := parseTensor(schema, generators.Value{Text: strings.Repeat("[", 20<<20)})
	if err == nil || !strings.Contains(err.Error(), "more than 64 deep") {
		t.Errorf("got %v", err)
	}
}
