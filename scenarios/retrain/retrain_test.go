package retrain

import (
	"encoding/csv"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/generators"
	"servebench/scenarios/corpus"
	"servebench/scenarios/monitor"
	"servebench/targets"
	"servebench/targets/local"

	"github.com/google/go-cmp/cmp"
)

var schema = generators.Schema{
	Features: []generators.Feature{{Name: "x"}, {Name: "kind", Categories: []string{"plain", "odd, one"}}},
	Classes:  []string{"no", "yes"},
}

func rows(n int) (all []monitor.Row) {
	for i := range n {
		all = append(all, monitor.Row{Features: []float32{float32(i) / 2, float32(i % 2)}, Outcome: schema.Classes[i%2]})
	}
	return all
}

// train has a shell train, and returns what came of it.
func train(t *testing.T, script string, n int, change func(*Trainer, *Config)) monitor.Trained {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	done := make(chan monitor.Trained, 1)
	cfg := Config{
		Schema: schema, Dir: t.TempDir(), URL: "http://127.0.0.1:1", Serving: corpus.NewServing("m"),
		Command: func(string, string) ([]string, error) { return []string{"/bin/sh", "-c", script}, nil },
		Trained: func(d monitor.Trained) { done <- d },
		Redact:  func(text string) string { return strings.ReplaceAll(text, "hush", "***") },
	}
	trainer := New(cfg)
	trainer.Start(time.Now().Add(-time.Second))
	if change != nil {
		change(trainer, &trainer.Config)
	}
	trainer.Train(monitor.Job{Reason: "psi: x", At: time.Millisecond, Rows: rows(n)})
	d := <-done
	trainer.Stop()
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("%s is left behind", left[0].Name())
	}
	return d
}

// TestCommand wants a command of the user's to have the examples and what it is run for, and its
// model to be taken as served.
func TestCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.csv")
	d := train(t, `cp "$SERVEBENCH_DATA" '`+out+`' && test -n "$SERVEBENCH_MODEL" && test "$SERVEBENCH_URL $SERVEBENCH_REASON" = 'http://127.0.0.1:1 psi: x'`, 600, nil)
	if d.Failed != "" || d.Swapped < d.Trained || d.Trained < d.Began || d.Began < time.Second || d.CPU <= 0 || d.Rows != 600 || d.Reason != "psi: x" {
		t.Errorf("%+v", d.Retraining)
	}
	if p := d.Reference.Profile; p == nil || p.Rows != 600 || len(p.Columns) != 2 {
		t.Errorf("reference %+v, want the features of 600 rows", d.Reference)
	}
	text, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	all, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"x", "kind", "label"}, {"0", "plain", "no"}, {"0.5", "odd, one", "yes"}}, all[:3]); diff != "" || len(all) != 601 {
		t.Errorf("%d lines; -want +got:\n%s", len(all), diff)
	}
}

func TestMissingValues(t *testing.T) {
	if got := cell(schema.Features[0], float32(math.NaN())) + "|" + cell(schema.Features[1], 7); got != "|7" {
		t.Errorf("a missing value and an unknown category are %q, want none and the number", got)
	}
}

// TestFailures wants a training that fails to say why, without secrets, and to swap nothing.
func TestFailures(t *testing.T) {
	for _, x := range []struct{ script, want string }{
		{"echo no hush data >&2; exit 3", "the training exited with status 3"},
		{"kill -9 $$", "the training was ended by signal 9"},
	} {
		d := train(t, x.script, 100, nil)
		if !strings.HasPrefix(d.Failed, x.want) || strings.Contains(d.Failed, "hush") || d.Swapped != 0 || d.Trained == 0 {
			t.Errorf("%s: %+v, want %s", x.script, d.Retraining, x.want)
		}
		if strings.Contains(x.script, "echo") && !strings.Contains(d.Failed, "no *** data") {
			t.Errorf("%s does not quote the output", d.Failed)
		}
	}
	d := train(t, "", 100, func(_ *Trainer, c *Config) {
		c.Command = func(string, string) ([]string, error) { return []string{"/no/such/program"}, nil }
		c.Redact = nil
	})
	if !strings.Contains(d.Failed, "/no/such/program") {
		t.Errorf("%+v", d.Retraining)
	}
}

// TestDescendants wants what a training leaves running to end with it, wherever it went.
func TestDescendants(t *testing.T) {
	group, err := local.NewLimited(targets.Limits{})
	if err != nil {
		t.Skipf("no cgroups here: %v", err)
	}
	if err := group.Close(); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "left")
	d := train(t, "setsid sleep 1000 & echo $! > '"+left+"'", 100, nil)
	text, err := os.ReadFile(left)
	if err != nil || d.Failed != "" {
		t.Fatalf("%v; %+v", err, d.Retraining)
	}
	// The command line of a zombie is empty.
	if command, _ := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(text)), "cmdline")); len(command) > 0 {
		t.Errorf("%q is still there", command)
	}
}

// TestStop wants a training that is under way to end with the load, which is no failure, and none to
// begin later.
func TestStop(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	began, done := filepath.Join(t.TempDir(), "began"), make(chan monitor.Trained, 1)
	trainer := New(Config{
		Schema: schema, Dir: t.TempDir(), Serving: corpus.NewServing("m"), Redact: strings.Clone,
		Command: func(string, string) ([]string, error) {
			return []string{"/bin/sh", "-c", "echo > '" + began + "'; exec sleep 1000"}, nil
		},
		Trained: func(d monitor.Trained) { done <- d },
	})
	trainer.Start(time.Now())
	trainer.Train(monitor.Job{Reason: "adwin", Rows: rows(100)})
	for _, err := os.Stat(began); err != nil; _, err = os.Stat(began) {
		time.Sleep(time.Millisecond)
	}
	trainer.Stop()
	if d := <-done; d.Failed != "" || d.Trained != 0 || d.Swapped != 0 || d.Began == 0 {
		t.Errorf("%+v, want it to have begun and no more", d.Retraining)
	}
	trainer.Train(monitor.Job{Reason: "adwin", Rows: rows(100)})
	if d := <-done; d.Began != 0 || d.Failed != "" {
		t.Errorf("after the end: %+v, want nothing to begin", d.Retraining)
	}
}

// TestLoad wants a server's refusal to be told apart from a failure, of which nobody knows which
// model answers then.
func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		status  int
		refused bool
	}{{200, false}, {400, true}, {403, true}, {500, false}} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/repository/models/m/load" {
				t.Errorf("path %s", r.URL.Path)
			}
			w.WriteHeader(x.status)
			_, _ = w.Write([]byte(`{"error":"no"}`))
		}))
		err := Repository{targets.Endpoint{URL: server.URL}, "m"}.Load(t.Context(), path, 2)
		server.Close()
		_, refused := err.(*RefusedError)
		if (err == nil) != (x.status == 200) || refused != x.refused {
			t.Errorf("status %d: %v", x.status, err)
		}
	}
}
