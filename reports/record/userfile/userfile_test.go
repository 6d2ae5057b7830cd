package userfile_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"servebench/reports/record/userfile"
)

// Only a file is read, and only up to its limit: nothing else is waited for or read
// without end.
func TestOnlyFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := errors.Join(
		syscall.Mkfifo(at("pipe"), 0o600),
		os.WriteFile(at("long"), bytes.Repeat([]byte("x"), 1025), 0o600),
		os.WriteFile(at("right"), bytes.Repeat([]byte("x"), 1024), 0o600),
		os.Symlink("/dev/zero", at("link")),
	); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		at("pipe"):      "is a pipe, not a file",
		at("socket"):    "is a socket, not a file",
		dir:             "is a folder, not a file",
		"/dev/zero":     "is a device, not a file",
		at("link"):      "is a device, not a file",
		at("long"):      "is longer than 1 KiB",
		at("missing"):   "no such file",
		"/proc/cpuinfo": "longer than", // a file that says that it is empty
	} {
		if _, err := userfile.Read(path, 1024); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
	if text, err := userfile.Read(at("right"), 1024); err != nil || len(text) != 1024 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestMarkIsLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "marked")
	if err := os.WriteFile(path, []byte("\ufeffa\ufeff"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := userfile.ReadText(path, 1024); err != nil || string(text) != "a\ufeff" {
		t.Errorf("%q, %v", text, err)
	}
	if raw, err := userfile.Read(path, 1024); err != nil || string(raw) != "\ufeffa\ufeff" {
		t.Errorf("%q, %v", raw, err)
	}
}

// A pipe is read to its end where that is asked for, within the limit.
func TestReadTextOnce(t *testing.T) {
	for written, want := range map[string]string{"\ufeffsome": "some", strings.Repeat("x", 2000): ""} {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		go os.WriteFile(path, []byte(written), 0)
		text, err := userfile.ReadTextOnce(t.Context(), path, 1024)
		if string(text) != want || (err == nil) != (want != "") {
			t.Errorf("%.10q: %q, %v", written, text, err)
		}
	}
}

// The end of its context ends the wait for a pipe, whether or not somebody has opened
// its other end.
func TestPipeThatNobodyWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	read := func() (context.CancelFunc, <-chan error) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := userfile.ReadTextOnce(ctx, path, 1024)
			done <- err
		}()
		return cancel, done
	}
	cancel, done := read()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("nobody there: %v", err)
	}
	cancel, done = read()
	writer, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := writer.WriteString("half"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("no end: %v", err)
	}
}
