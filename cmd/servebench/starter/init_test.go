package starter

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"servebench/cmd/cli"
	"servebench/scenarios/draft"
	"servebench/scenarios/probe"
)

// A file that exists is not written over, whatever it is.
func TestWriteNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	if err := writeNew(path, "one", false); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, "two", false); !os.IsExist(err) {
		t.Errorf("%v, want %v", err, fs.ErrExist)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "one" {
		t.Errorf("%q, %v", text, err)
	}
	if err := writeNew(path, "two", true); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "two" {
		t.Errorf("%q, %v", text, err)
	}
}

// A scenario that was written and cannot be run as it is, or has not all targets, says so by
// the exit code.
func TestLacking(t *testing.T) {
	for _, c := range []struct {
		d    draft.Draft
		code int
	}{
		{draft.Draft{}, cli.OK},
		{draft.Draft{Problem: errors.New("answered 500")}, cli.NotAvailable},
		{draft.Draft{Interrupted: true}, cli.Interrupted},
		{draft.Draft{Interrupted: true, Problem: errors.New("answered 500")}, cli.Interrupted},
	} {
		c.d.Choice.Route = &probe.Route{Method: "GET", Path: "/"}
		err, code := lacking(&c.d), cli.OK
		if exit, coded := errors.AsType[*cli.ExitError](err); coded {
			code = exit.Code
		}
		if code != c.code || (err == nil) != (c.code == cli.OK) {
			t.Errorf("%+v: %v, code %d, want %d", c.d, err, code, c.code)
		}
	}
}

// A file outside of the scenario's folder has a path of this machine alone.
func TestOutside(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "scorer.tar")
	inside := filepath.Join(dir, "scorer.tar")
	for _, file := range []string{inside, elsewhere} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{inside: "", elsewhere: elsewhere, "registry.example/scorer:1.4": "", "": ""} {
		if got := outside(dir, "", file); got != want {
			t.Errorf("outside(%q) = %q, want %q", file, got, want)
		}
	}
}
