package draft

import (
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/scenarios/probe"
	"servebench/targets"
)

// The rate keeps a server busy for less than a third of the time, however slow it is.
func TestRateFor(t *testing.T) {
	for answer, want := range map[time.Duration]float64{0: 100, time.Millisecond: 100, 10 * time.Millisecond: 30, 33 * time.Millisecond: 9, 300 * time.Millisecond: 1, time.Second: 0.3, 4 * time.Second: 0.07} {
		if got := rateFor(answer); math.Abs(got-want) > 1e-9 || answer > 0 && got*answer.Seconds() > busy+1e-9 {
			t.Errorf("rateFor(%v) = %v, want %v", answer, got, want)
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
		".git/config": 0o644, "server.log": 0o644, ".env": 0o644, "runs/1/run.json": 0o644, File: 0o644, "requests.csv": 0o644, "other/pyvenv.cfg": 0o644,
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

// What is to be done about a server that ended is said by the kind of its last words, and
// of those the line that names the fault is told.
func TestAdvice(t *testing.T) {
	for _, c := range []struct{ output, failure, here, elsewhere string }{
		{"Traceback:\n  import x\nModuleNotFoundError: No module named 'x'", "ModuleNotFoundError: No module named 'x'", "install that", "with --files"},
		{"throw err;\n\nError: Cannot find module 'express'\nRequire stack:\n- /app/server.js\n  code: 'MODULE_NOT_FOUND',\n\nNode.js v22", "Error: Cannot find module 'express'", "install that", "with --files"},
		{"OSError: [Errno 30] Read-only file system: '/var/lib'", "OSError: [Errno 30] Read-only file system: '/var/lib'", "/tmp", "/tmp"},
		{"PermissionError: [Errno 13] Permission denied: '/srv/x'", "PermissionError: [Errno 13] Permission denied: '/srv/x'", "which user", "/tmp"},
		{"  File \"<frozen os>\", line 679\nKeyError: 'MODEL_NAME'", "KeyError: 'MODEL_NAME'", "--env", "--env"},
		{"MODEL_PATH is not set", "MODEL_PATH is not set", "--env", "--env"},
		{"usage: app.py --model M\napp.py: error: the following arguments are required: --model", "app.py: error: the following arguments are required: --model", "--command", "--command"},
		{"Error: listen EADDRINUSE: address already in use", "Error: listen EADDRINUSE: address already in use", "has the port", "has the port"},
		{"open model.bin: no such file or directory", "open model.bin: no such file or directory", "--dir", "--files"},
		{"lambda: environment 2 exited with status 2; its output ends: sh: 1: cannot open m.bin: No such file", "sh: 1: cannot open m.bin: No such file", "--dir", "--files"},
		{"goodbye", "goodbye", "", ""},
		{"", "it wrote no output", "", ""},
	} {
		here, elsewhere, line := advice(c.output, false, false), advice(c.output, true, false), failure(c.output)
		if line != c.failure || !strings.Contains(here, c.here) || !strings.Contains(elsewhere, c.elsewhere) || (c.here == "") != (here == "") {
			t.Errorf("%q: %q, here %q, elsewhere %q", c.output, line, here, elsewhere)
		}
	}
}

// The first target has a rate of its own where a slower one lowers that of the scenario.
func TestAlone(t *testing.T) {
	for _, c := range []struct{ first, rate, own float64 }{{0.001, 100, 0}, {0.001, 0.5, 100}, {0.1, 0.2, 3}} {
		d := &Draft{tried: []trying{{answer: time.Duration(c.first * float64(time.Second))}}}
		d.alone(c.rate)
		if rate := max(c.own, c.rate); d.OwnRate != c.own || d.Requests != probe.RequestsAt(rate) || d.Trial != probe.WarmUpAt(c.rate)+probe.PhaseAt(rate)+trialTime {
			t.Errorf("%+v: %v/s, %d requests, %v", c, d.OwnRate, d.Requests, d.Trial)
		}
	}
}

// What an image lacks is to be added to the image, wherever it runs.
func TestAdviceForImage(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		if got := advice("ModuleNotFoundError: No module named 'x'", elsewhere, true); got != "add it to the image" {
			t.Error(got)
		}
	}
}

// A target that is much slower than the others is left out where it would lower the rate of
// all, and one is not that is slower and fast enough.
func TestOmitSlow(t *testing.T) {
	for _, c := range []struct {
		answers []time.Duration
		left    int
	}{
		{[]time.Duration{time.Millisecond, 4 * time.Millisecond, 40 * time.Millisecond}, 2},
		{[]time.Duration{100 * time.Microsecond, 2 * time.Millisecond}, 2},
		{[]time.Duration{0, 0}, 2},
	} {
		m, d := &maker{kinds: []targets.Kind{{Name: "0"}}}, &Draft{}
		for i, answer := range c.answers {
			d.tried = append(d.tried, trying{target: fmt.Sprint(i), quickest: answer, answer: 7 * answer})
		}
		if m.omitSlow(d); len(d.tried) != c.left || len(d.omitted) != len(c.answers)-c.left {
			t.Errorf("%v: %v, left out %v", c.answers, d.tried, d.omitted)
		}
	}
}
