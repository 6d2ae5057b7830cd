package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/scenarios"
	"servebench/scenarios/recording"
)

// recorder is a server that remembers what it was asked.
type recorder struct {
	mu    sync.Mutex
	asked map[string]int
}

// ServeHTTP answers with the path, the length of the body, and a number of any form.
func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.asked[asked(req.Method, req.RequestURI, req.Header, string(body))]++
	r.mu.Unlock()
	fmt.Fprintf(w, `{"path": %q, "bytes": %d, "score": 0.5}`, req.URL.Path, len(body))
}

// asked is all that matters of a request.
func asked(method, target string, header http.Header, body string) string {
	text := method + " " + target
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Row", "Content-Type"} {
		text += fmt.Sprintf("|%q", header[name])
	}
	return text + "|" + body
}

// TestReplay imports a HAR and runs the scenario that comes of it: the server gets
// exactly what was recorded, each parameter and field with the requests that had it, with
// secrets from the environment in the place of those that were recorded, and the answers are compared with the recorded ones.
func TestReplay(t *testing.T) {
	server := &recorder{asked: map[string]int{}}
	running := httptest.NewServer(server)
	defer running.Close()
	t.Chdir(t.TempDir())

	awkward := []string{"plain ${TOKEN}", `{"a": "{{b}} ${C} \"d\" \\ $$", "e": [1, 2]}`, "\x00\xff\xfe", "{ \"pretty\":\n  \"ü\" }\n", `"{{{{"`, ""}
	want := map[string]int{}
	var entries []any
	start := time.Date(2026, 10, 1, 10, 0, 0, 5e6, time.UTC)
	const requests = 30
	for i := range requests {
		method, body := "POST", awkward[i%len(awkward)]
		header := http.Header{"X-Row": {fmt.Sprint(i)}, "Cookie": {"session=cookiesecret"}}
		if i%7 == 0 {
			method = "DELETE"
			delete(header, "X-Row")
		}
		if i%3 > 0 { // in two of three requests, by one scheme or another
			header.Set("Authorization", []string{"Bearer recordedsecret", "recordedsecret"}[i%2])
		}
		if i%4 == 0 {
			header.Set("X-Api-Key", "keysecret")
		}
		if i%5 == 0 {
			header.Set("Content-Type", "text/plain")
		}
		target := fmt.Sprintf("/v1/{{x}}/%d", i) + []string{
			"", "?q=a%20b&c=$${TOKEN}", "?token=parametersecret", "?q=1&token=parametersecret&z", "?token=parametersecret&q=${TOKEN}&signature=parametersecret", "?",
		}[i%6]
		score := 0.5
		if i == 11 {
			score = 0.75 // which the server will not answer
		}
		path, _, _ := strings.Cut(target, "?")
		var headers []map[string]string
		for name := range header {
			headers = append(headers, map[string]string{"name": name, "value": header.Get(name)})
		}
		entries = append(entries, map[string]any{
			"startedDateTime": start.Add(time.Duration(i) * 20 * time.Millisecond).Format(time.RFC3339Nano),
			"request": map[string]any{
				"method": method, "url": running.URL + target, "headers": headers,
				"postData": map[string]string{"text": base64.StdEncoding.EncodeToString([]byte(body)), "encoding": "base64"},
			},
			"response": map[string]any{"status": 200, "content": map[string]string{"text": fmt.Sprintf(`{"score": %v, "path": %q, "bytes": %d.0}`, score, path, len(body))}},
		})
		given := strings.NewReplacer("recordedsecret", "givensecret1", "parametersecret", "givensecret2%20", "keysecret", "givensecret3", "&signature=parametersecret", "")
		header.Del("Cookie") // which holds for a visit
		for name := range header {
			header.Set(name, given.Replace(header.Get(name)))
		}
		sent := strings.Replace(given.Replace(target), "{{x}}", "%7B%7Bx%7D%7D", 1) // by the client
		want[asked(method, sent, header, body)] = 1
	}
	har, err := json.Marshal(map[string]any{"log": map[string]any{"entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, "session.har", string(har))

	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"import", "session.har", "--answers"}, &out, &errs); code != cli.OK {
		t.Fatalf("import exits with %d:\n%s", code, &errs)
	}
	t.Setenv("AUTHORIZATION", "givensecret1")
	t.Setenv("TOKEN", "givensecret2%20")
	t.Setenv("X_API_KEY", "givensecret3")
	out.Reset()
	code := run(t.Context(), []string{"run", "session/scenario.yaml", "--set", "rounds=1", "-o", "json", "--progress", "none", "--raw"}, &out, &errs)
	if code != cli.OK && code != cli.Invalid { // INVALID on a busy machine
		t.Fatalf("run exits with %d:\n%s\n%s", code, &errs, &out)
	}
	for key := range server.asked { // the first one once more, as the first answer
		server.asked[key] = min(server.asked[key], 1)
	}
	if !maps.Equal(server.asked, want) {
		for key := range want {
			if server.asked[key] == 0 {
				t.Errorf("not asked: %q", key)
			}
		}
		for key := range server.asked {
			if want[key] == 0 {
				t.Errorf("asked besides: %q", key)
			}
		}
	}
	var summary struct {
		Targets []struct {
			Sent, OK  int
			Agreement struct{ Value float64 }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &summary); err != nil || len(summary.Targets) != 1 {
		t.Fatalf("%v in %s", err, &out)
	}
	if got := summary.Targets[0]; got.Sent != requests || got.OK != requests-1 || got.Agreement.Value != float64(requests-1)/requests {
		t.Errorf("%+v, want %d requests, and one wrong answer", got, requests)
	}
	noSecrets(t, ".", "session.har", "recordedsecret", "cookiesecret", "parametersecret", "keysecret", "givensecret")
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, "secret") {
			t.Errorf("a secret is in %s", text)
		}
	}
}

// TestImportedScenarios reads the scenario that each recording of the readers' own tests
// becomes, as run does.
func TestImportedScenarios(t *testing.T) {
	cat := catalogue()
	cat.Environment = func(string) (string, bool) { return "value", true }
	from := filepath.Join(moduleRoot, "scenarios", "recording", "testdata")
	for file, options := range map[string]recording.Options{
		"session.har": {}, "targets.txt": {}, "targets.jsonl": {},
		"access.log":    {URL: "http://127.0.0.1:8080", Bodies: filepath.Join(from, "bodies.jsonl")},
		"input.json":    {URL: "http://127.0.0.1:8080", Model: "scorer"},
		"capture.jsonl": {URL: "https://runtime.sagemaker.eu-central-1.amazonaws.com/endpoints/scorer"},
	} {
		options.Dir = filepath.Join(t.TempDir(), "replay")
		if _, err := recording.Import(filepath.Join(from, file), options); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		path := filepath.Join(options.Dir, recording.ScenarioFile)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenarios.Parse(path, text, cat)
		if err == nil {
			_, err = s.ArrivalProcesses()
		}
		if err != nil {
			t.Errorf("%s: %v\nin\n%s", file, err, text)
		}
	}
}

// noSecrets reads every file of a folder but one.
func noSecrets(t *testing.T, dir, but string, secrets ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == but {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files read: %v", files, err)
	}
}
