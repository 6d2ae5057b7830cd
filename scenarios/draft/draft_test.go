package draft

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/targets"
)

func TestRoundRate(t *testing.T) {
	for rate, want := range map[float64]float64{0.02: 1, 1: 1, 9.9: 9, 10: 10, 37: 30, 600: 50} {
		if got := roundRate(rate); got != want {
			t.Errorf("roundRate(%v) = %v, want %v", rate, got, want)
		}
	}
}

// The program, its arguments and the files that go along are those of the folder in which the
// server runs, and what changes there from run to run stays behind.
func TestReadCommand(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, mode := range map[string]os.FileMode{
		"app.py": 0o644, "in/model.bin": 0o644, "app": 0o644, "server": 0o755, "start.sh": 0o755,
		".venv/pyvenv.cfg": 0o644, ".venv/bin/serve": 0o755, "node_modules/.bin/express": 0o755,
		".git/config": 0o644, ".env": 0o644, "runs/1/run.json": 0o644, File: 0o644, "requests.csv": 0o644, "other/pyvenv.cfg": 0o644,
	} {
		text := "\x7fELF"
		if name == "start.sh" {
			text = "#!/bin/sh\n"
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"app", "app.py", "in", "node_modules", "server", "start.sh"}
	for _, c := range []struct {
		dir, command string
		given        []string
		words, files []string
	}{
		{".", `python3 app.py --model=in/model.bin --name 'a b' app in`, []string{"in"}, []string{"python3", "app.py", "--model=in/model.bin", "--name", "a b", "app", "in"}, []string{"in", "app.py"}},
		{".", "python3 -m app", nil, []string{"python3", "-m", "app"}, all},
		{".", "serve app:app", nil, []string{dir + "/.venv/bin/serve", "app:app"}, append(slices.Clone(all), ".venv")},
		{".", "serve app:app", []string{"app.py"}, []string{dir + "/.venv/bin/serve", "app:app"}, []string{"app.py", ".venv"}},
		{".", "express", nil, []string{dir + "/node_modules/.bin/express"}, all},
		{".", "./start.sh", nil, []string{dir + "/start.sh"}, all},
		{".", "./server", nil, []string{dir + "/server"}, nil},
		{".", "./server app.py", nil, []string{dir + "/server", "app.py"}, []string{"app.py"}},
		{".", "./server", []string{"."}, []string{dir + "/server"}, all},
		{"bench", "./server in/model.bin", []string{"."}, []string{dir + "/server", dir + "/in/model.bin"}, all},
		{".", "${HOME}/server", nil, []string{"${HOME}/server"}, nil},
		{".", "", nil, nil, nil},
	} {
		m := &maker{Options: Options{Command: c.command, Files: c.given, Say: func(string) {}}, folder: filepath.Join(dir, c.dir)}
		var files []string
		for _, file := range c.files {
			files = append(files, filepath.Join(dir, file))
		}
		if err := m.readCommand(); err != nil || !slices.Equal(m.command, c.words) || !slices.Equal(m.Files, files) {
			t.Errorf("%s: %q with %q, %v, want %q with %q", c.command, m.command, m.Files, err, c.words, files)
		}
	}
	for line, want := range map[string]string{
		"a | b": "as in a shell", "a > b": "as in a shell", "a 'b": "as in a shell",
		"nonesuch": "is not in PATH, nor in a virtual environment in " + dir,
	} {
		m := &maker{Options: Options{Command: line}, folder: dir}
		if err := m.readCommand(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", line, err, want)
		}
	}
}

// A folder with very many files is not taken along unasked.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	for i := range mostEntries + 1 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := &maker{Options: Options{Command: "python3 -m app"}, folder: dir}
	if err := m.readCommand(); err == nil || !strings.Contains(err.Error(), "101 files and folders, too many") {
		t.Error(err)
	}
}

// A server that speaks TLS is known by its handshake: to a plain request many give an answer.
func TestSpeaksTLS(t *testing.T) {
	for _, server := range []*httptest.Server{httptest.NewTLSServer(http.NotFoundHandler()), httptest.NewServer(http.NotFoundHandler())} {
		defer server.Close()
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		port := server.Listener.Addr().(*net.TCPAddr).Port
		if got := speaksTLS(t.Context(), port); got != (server.TLS != nil) {
			t.Errorf("%s speaks TLS: %t", server.URL, got)
		}
		if !answers(t.Context(), targets.Loopback, port, false) {
			t.Errorf("%s gives no answer", server.URL)
		}
	}
}
