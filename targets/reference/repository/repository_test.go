package repository

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

// readText makes of a file's text a model that is described by it. Text that begins with "bad" is none.
func readText(name, path string) (protocol.Model, Digest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return protocol.Model{}, Digest{}, err
	}
	m, digest, err := parseText(name, text)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return m, digest, err
}

func parseText(name string, text []byte) (protocol.Model, Digest, error) {
	if strings.HasPrefix(string(text), "bad") {
		return protocol.Model{}, Digest{}, errors.New("not a model")
	}
	m := protocol.Model{Name: name, Doc: string(text), Schema: generators.Schema{Classes: strings.Fields(string(text))[:1]}}
	return m, sha256.Sum256(text), nil
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// open opens a repository of a folder and of files by their names.
func open(t *testing.T, dir string, files ...string) *Repository {
	t.Helper()
	r, err := Open(config(dir, files...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func config(dir string, files ...string) Config {
	c := Config{
		Dir: dir, Read: readText, Parse: parseText, Reserved: []string{"noop"}, Registry: protocol.NewRegistry(),
		Serve: func(models []protocol.Model, _ Settings) (served []*protocol.Served) {
			for _, m := range models {
				served = append(served, &protocol.Served{Model: m})
			}
			return served
		},
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		c.Sources = append(c.Sources, Source{name, func() (protocol.Model, Digest, error) { return readText(name, file) }})
	}
	return c
}

// served says which versions a model has, with what their files say, and their weights.
func served(r *Repository, name string) string {
	var list []string
	for _, v := range r.config.Registry.Versions(name) {
		list = append(list, fmt.Sprintf("%s=%s:%g", v.Version, v.Doc, v.Weight))
	}
	return strings.Join(list, " ")
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, "a one", dir, "m", "1", "model.json")
	write(t, "a ten", dir, "m", "10", "model.json")
	write(t, "x", dir, "m", "010", "model.json") // no version
	write(t, "x", dir, ".hidden", "readme")
	write(t, `{"traffic": {"1": 90, "3": 10}}`, dir, "split", "config.json")
	write(t, "a one", dir, "split", "1", "model.json")
	write(t, "a three", dir, "split", "3", "model.bin")
	r := open(t, dir)
	if got, want := served(r, "m"), "10=a ten:1"; got != want {
		t.Errorf("m is served as %s, want %s", got, want)
	}
	if got, want := served(r, "split"), "1=a one:90 3=a three:10"; got != want {
		t.Errorf("split is served as %s, want %s", got, want)
	}
	write(t, "a eleven", dir, "m", "11", "model.json")
	write(t, "a", dir, "later", "1", "model.json")
	for _, name := range []string{"m", "later"} {
		if err := r.Load(name, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := served(r, "m"), "11=a eleven:1"; got != want {
		t.Errorf("m is served as %s, want %s", got, want)
	}
	if err := r.Load("m", `{"traffic": {"1": 1, "11": 0}}`, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := served(r, "m"), "1=a one:1 11=a eleven:0"; got != want {
		t.Errorf("m is served as %s, want %s", got, want)
	}
	if err := r.Unload("split"); err != nil || served(r, "split") != "" {
		t.Errorf("split is served as %s after unloading it: %v", served(r, "split"), err)
	}
	want := "[{m 1 READY } {m 11 READY } {split  UNAVAILABLE unloaded} {later 1 READY }]"
	if got := fmt.Sprint(r.Index()); got != want {
		t.Errorf("the index is %s, want %s", got, want)
	}
}

// TestFile changes a file: contents that differ are another version, and the version that is
// served can go on beside it.
func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.json")
	write(t, "a one", file)
	r := open(t, "", file)
	for _, step := range []struct{ text, config, want string }{
		{"a one", "", "1=a one:1"},
		{"a two", "", "2=a two:1"},
		{"a two", "", "2=a two:1"},
		{"a three", `{"traffic": {"2": 3, "3": 1}}`, "2=a two:3 3=a three:1"},
		{"a three", `{"traffic": {"2": 1}}`, "2=a two:1"},
		{"a three", "", "3=a three:1"},
		{"a two", "", "4=a two:1"},
	} {
		write(t, step.text, file)
		if err := r.Load("m", step.config, nil); err != nil {
			t.Fatal(err)
		}
		if got := served(r, "m"); got != step.want {
			t.Errorf("after %+v the model is served as %s", step, got)
		}
	}
}

// TestFailuresLeaveTheOldOneServing: and the index says why.
func TestFailuresLeaveTheOldOneServing(t *testing.T) {
	dir := t.TempDir()
	write(t, "a one", dir, "m", "1", "model.json")
	r := open(t, dir)
	write(t, "bad", dir, "m", "2", "model.json")
	write(t, "b other class", dir, "m", "3", "model.json")
	for _, c := range []struct {
		name, config string
		status       int
		want         string
	}{
		{"m", `{"traffic": {"2": 1}}`, 400, "2/model.json: not a model"},
		{"m", `{"traffic": {"1": 1, "3": 1}}`, 400, "versions 1 and 3 take different features or have different classes"},
		{"m", `{"traffic": {"4": 1, "5": 1}}`, 400, "there is no version 4 of model \"m\", want one of 1, 2, 3\nthere is no version 5"},
		{"m", `{`, 400, "config: cut off after 1 bytes"},
		{"nope", "", 404, `model "nope" is not in the repository, want one of m`},
		{"../m", "", 404, `model "../m" is not in the repository`},
		{"..", "", 404, `model ".." is not in the repository`},
	} {
		err := r.Load(c.name, c.config, nil)
		if protocol.StatusOf(err) != c.status || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("load %s %s: %v, want %d with %s", c.name, c.config, err, c.status, c.want)
		}
		if got, want := served(r, "m"), "1=a one:1"; got != want {
			t.Errorf("load %s %s: served as %s, want %s", c.name, c.config, got, want)
		}
	}
	write(t, "[]", dir, "m", "config.json")
	if err := r.Load("m", "", nil); !strings.Contains(fmt.Sprint(err), "m/config.json: byte 1: the whole is a list, want an object") {
		t.Errorf("a config that is a list: %v", err)
	}
	index := r.Index()
	if len(index) != 2 || index[0].State != protocol.StateReady || index[1].State != protocol.StateUnavailable || !strings.Contains(index[1].Reason, "config.json") {
		t.Errorf("the index is %v", index)
	}
}

func TestOpenNamesEveryFault(t *testing.T) {
	dir := t.TempDir()
	write(t, "bad", dir, "a", "1", "model.json")
	write(t, "x", dir, "b", "readme")
	write(t, "x", dir, "c", "1", "readme")
	write(t, "x", dir, "noop", "1", "model.json")
	_, err := Open(config(dir, filepath.Join(dir, "d.json")))
	for _, want := range []string{
		"a/1/model.json: not a model", "b: no version, want a folder with a number", `c/1: want one file named "model."`,
		"the name noop is taken", "d.json: no such file",
	} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if _, err := Open(config(filepath.Join(dir, "nope"))); err == nil {
		t.Error("a folder that is not there was opened")
	}
}

func TestSettingsNameEveryFault(t *testing.T) {
	for text, want := range map[string]string{
		`{"traffic": {"1": 0}}`:           "traffic: the weights add up to 0, want a finite sum above 0",
		`{"traffic": {}}`:                 "traffic: the weights add up to 0, want a finite sum above 0",
		`{"traffic": {"1": -1, "01": 2}}`: "traffic: \"01\" is no version, want a number above 0\ntraffic: version \"1\" has the weight -1, want 0 or more",
		`{"shadow": {"version": "x", "share": 2}, "max_batch_size": -1, "dynamic_batching": {"max_queue_delay_microseconds": -1, "default_queue_policy": {"max_queue_size": -1}}}`: "shadow.version: \"x\" is no version, want a number above 0\n" +
			"shadow.share: 2 is out of bounds, want a number above 0 and at most 1\n" +
			"max_batch_size: -1 is out of bounds, want a number of rows from 0 to 65536\n" +
			"dynamic_batching.max_queue_delay_microseconds: -1 is out of bounds, want a number from 0 to 10000000\n" +
			"dynamic_batching.default_queue_policy.max_queue_size: -1 is below 0, want a number of requests, or 0 for any",
		`{"traffic": {"1": 1}, "shadow": {"version": "1", "share": 1}}`: `shadow.version: "1" has a part of the traffic, want another version`,
		`{"trafic": {"1": 1}}`:      `unknown field "trafic"`,
		`{"traffic": {"1": "all"}}`: `byte 23: traffic is a text, want a number`,
		`{"traffic": {"1": 1}} {}`:  "not JSON at byte 23: '{' does not belong there",
		``:                          "cut off after 0 bytes",
	} {
		if _, err := ParseSettings([]byte(text)); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func FuzzSettings(f *testing.F) {
	for _, seed := range []string{`{}`, `{"traffic": {"1": 90, "2": 10}}`, `{"traffic": {"1": 1e308, "2": 1e308}}`, `{"shadow": {"version": "7", "share": 0.5}, "max_batch_size": 8, "dynamic_batching": {"max_queue_delay_microseconds": 100}}`, `null`, `[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSettings(text)
		if err != nil {
			return
		}
		numbers, weights := s.versions([]int{7})
		total := 0.0
		for i, number := range numbers {
			if number < 1 || weights[i] < 0 {
				t.Fatalf("version %d has the weight %g", number, weights[i])
			}
			total += weights[i]
		}
		if !(total > 0) || len(numbers) != len(weights) {
			t.Fatalf("the weights %v add up to %g", weights, total)
		}
	})
}

// TestFileOfARequest serves a model that came with a request until the model is loaded again.
func TestFileOfARequest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.json")
	write(t, "a one", file)
	r := open(t, "", file)
	load := func(name, content string) error {
		return r.Load(name, "", &protocol.ModelFile{Version: 7, Content: []byte(content)})
	}
	if err := load("m", "a seven"); err != nil || served(r, "m") != "7=a seven:1" {
		t.Errorf("served as %s: %v, want the model of the request", served(r, "m"), err)
	}
	if err := load("m", "bad"); err == nil || served(r, "m") != "7=a seven:1" {
		t.Errorf("a broken file: served as %s: %v, want the one before", served(r, "m"), err)
	}
	if err := load("other", "a"); protocol.StatusOf(err) != 404 {
		t.Errorf("a model that is not in the repository: %v, want status 404", err)
	}
	if err := r.Load("m", "", nil); err != nil || served(r, "m") != "1=a one:1" {
		t.Errorf("served as %s: %v, want the repository's own", served(r, "m"), err)
	}
}
