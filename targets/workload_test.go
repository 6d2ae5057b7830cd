package targets

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	w := Workload{Command: []string{"srv", "--listen={host}:{port}", "{port}", "{model}"}}
	got := w.Arguments("127.0.0.1", 8080)
	if want := []string{"srv", "--listen=127.0.0.1:8080", "8080", "{model}"}; !slices.Equal(got, want) {
		t.Errorf("Arguments = %q, want %q", got, want)
	}
	if w.Command[2] != "{port}" {
		t.Error("Arguments changed the workload")
	}
}

func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "server"), []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for name, c := range map[string]struct {
		w    Workload
		want []string
	}{
		"plain":   {Workload{}, []string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=1"}},
		"CPUs":    {Workload{Limits: Limits{CPUs: 1.5}}, []string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=1", "GOMAXPROCS=2", "OMP_NUM_THREADS=2", "OPENBLAS_NUM_THREADS=2", "MKL_NUM_THREADS=2"}},
		"chosen":  {Workload{Limits: Limits{CPUs: 1, GOMAXPROCS: 4}}, []string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=1", "GOMAXPROCS=4", "OMP_NUM_THREADS=4", "OPENBLAS_NUM_THREADS=4", "MKL_NUM_THREADS=4"}},
		"own env": {Workload{Env: []string{"HOME=/x", "A=1", "A=2", "HOMER=y"}}, []string{"PATH=" + SearchPath, "HOME=/x", "HOST=h", "PORT=1", "A=2", "HOMER=y"}},
		"address": {Workload{Env: []string{"LISTEN={host}:{port}", "PORT=0{port}", "MODEL={model}"}},
			[]string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=01", "LISTEN=h:1", "MODEL={model}"}},
		"usual place":   {Workload{Command: []string{"sh"}}, []string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=1"}},
		"by its path":   {Workload{Command: []string{dir + "/server"}}, []string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=1"}},
		"found in PATH": {Workload{Command: []string{"server"}}, []string{"PATH=" + dir + ":" + SearchPath, "HOME=/", "HOST=h", "PORT=1"}},
		"own PATH":      {Workload{Command: []string{"server"}, Env: []string{"PATH=/x"}}, []string{"PATH=/x", "HOME=/", "HOST=h", "PORT=1"}},
		"found nowhere": {Workload{Command: []string{"nonesuch"}}, []string{"PATH=" + SearchPath, "HOME=/", "HOST=h", "PORT=1"}},
	} {
		if got := c.w.Environment("h", 1); !slices.Equal(got, c.want) {
			t.Errorf("%s: Environment = %q, want %q", name, got, c.want)
		}
	}
}

func TestExecutable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "server")
	if err := os.WriteFile(file, []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Chdir(dir)
	for _, name := range []string{"server", "./server", file} {
		if got, err := (Workload{Command: []string{name}}).Executable(); err != nil || got != file {
			t.Errorf("Executable of %s = %s, %v, want %s", name, got, err, file)
		}
	}
	for _, w := range []Workload{{}, {Command: []string{"./other"}}} {
		if got, err := w.Executable(); err == nil {
			t.Errorf("Executable of %q = %s, want an error", w.Command, got)
		} else if len(w.Command) > 0 && !strings.Contains(err.Error(), "other") {
			t.Errorf("error %v does not name the file", err)
		}
	}
}

// Why a command cannot be run is said of the command, not in the words of os/exec.
func TestExecutableThatCannotBeRun(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Chdir(dir)
	if err := os.WriteFile("notes", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"nosuchprogram": "find the server's executable: nosuchprogram is not in PATH",
		"./nosuch":      "find the server's executable: ./nosuch does not exist",
		"./notes":       "find the server's executable: ./notes may not be executed: chmod +x makes it a program",
		dir:             "find the server's executable: " + dir + " is a folder",
	} {
		if _, err := (Workload{Command: []string{name}}).Executable(); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
