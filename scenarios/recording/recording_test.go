package recording

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
)

var update = flag.Bool("update", false, "write the golden files anew")

const server = "http://127.0.0.1:8080"

// recordings are those of testdata, with what they need besides.
var recordings = []struct {
	file    string
	format  string
	options Options
}{
	{"session.har", "har", Options{}},
	{"targets.txt", "vegeta", Options{}},
	{"targets.jsonl", "vegeta-json", Options{Rate: 20}},
	{"access.log", "access-log", Options{URL: server + "/base/", Bodies: "testdata/bodies.jsonl"}},
	{"input.json", "perf-analyzer", Options{URL: server, Model: "scorer"}},
	{"capture.jsonl", "sagemaker", Options{URL: server}},
}

// TestImport writes what every format becomes, and holds it against golden files.
func TestImport(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.format, func(t *testing.T) {
			r.options.Dir = filepath.Join(t.TempDir(), strings.ReplaceAll(r.file, ".", "-"))
			summary, err := Import(filepath.Join("testdata", r.file), r.options)
			if err != nil {
				t.Fatal(err)
			}
			if summary.options.format.Name != r.format {
				t.Errorf("read as %s, want %s", summary.options.format.Name, r.format)
			}
			checkFolder(t, summary)
			text := strings.ReplaceAll(summary.String(), r.options.Dir, "DIR")
			golden(t, filepath.Join(r.format, "summary.txt"), []byte(text))
			for _, name := range []string{ScenarioFile, requestsFile, arrivalsFile} {
				if name != arrivalsFile || summary.plan.timed {
					golden(t, filepath.Join(r.format, name), read(t, filepath.Join(r.options.Dir, name)))
				}
			}
		})
	}
}

// TestNoSecrets holds every file and every message to be without the secrets of the
// recordings, whose names end in secret1 and the like.
func TestNoSecrets(t *testing.T) {
	for _, r := range recordings {
		if !bytes.Contains(read(t, filepath.Join("testdata", r.file)), []byte("secret1")) {
			continue
		}
		r.options.Dir, r.options.Answers = t.TempDir(), true
		summary, err := Import(filepath.Join("testdata", r.file), r.options)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(r.options.Dir, "*"))
		if err != nil || len(files) < 2 {
			t.Fatal(files, err)
		}
		texts := []string{summary.String()}
		for _, file := range files {
			texts = append(texts, string(read(t, file)))
		}
		for _, text := range texts {
			for _, secret := range []string{"secret1", "secret2", "4711", "signature1", "me:url"} {
				if at := strings.Index(text, secret); at >= 0 {
					t.Errorf("%s: %q is left in …%s…", r.file, secret, text[max(0, at-60):at+20])
				}
			}
		}
	}
}

// checkFolder holds a folder to what the scenario's readers want of it.
func checkFolder(t *testing.T, s *Summary) {
	t.Helper()
	var scenario map[string]any
	if err := yaml.Unmarshal(read(t, filepath.Join(s.Dir, ScenarioFile)), &scenario); err != nil {
		t.Errorf("the scenario is no YAML: %v", err)
	}
	columns := map[string]bool{}
	lines := 0
	for line := range bytes.Lines(read(t, filepath.Join(s.Dir, requestsFile))) {
		var request map[string]any
		if err := json.Unmarshal(line, &request); err != nil {
			t.Fatalf("line %d is no JSON: %v", lines+1, err)
		}
		if lines++; lines == 1 {
			for name := range request {
				columns[name] = true
			}
		}
	}
	if lines != s.Requests || lines == 0 {
		t.Errorf("%d lines for %d requests", lines, s.Requests)
	}
	text := string(read(t, filepath.Join(s.Dir, ScenarioFile)))
	for rest := strings.ReplaceAll(text, "{{{{", ""); ; {
		_, after, found := strings.Cut(rest, "{{")
		name, after, closed := strings.Cut(after, "}}")
		if !found {
			break
		}
		if rest = after; !closed || !columns[name] {
			t.Errorf("the placeholder {{%s}} has no column", name)
		}
	}
	if s.plan.timed {
		if n := countArrivals(t, s); n != lines {
			t.Errorf("%d arrivals for %d requests", n, lines)
		}
	}
}

// countArrivals reads the trace as package arrivals does.
func countArrivals(t *testing.T, s *Summary) int {
	t.Helper()
	trace := bytes.NewReader(read(t, filepath.Join(s.Dir, arrivalsFile)))
	if !s.plan.whole {
		times, err := arrivals.ParseTimes(trace)
		if err != nil {
			t.Error(err)
		}
		return len(times)
	}
	counts, err := arrivals.ParseCounts(trace, 1<<40)
	if err != nil {
		t.Error(err)
	}
	n := 0
	for _, count := range counts {
		n += int(count)
	}
	return n
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, path)), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// importText imports a recording that consists of a text.
func importText(t testing.TB, name, text string, o Options) (*Summary, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "out")
	}
	return Import(path, o)
}

// TestFaults says what is wrong, and what would be right.
func TestFaults(t *testing.T) {
	log := string(read(t, "testdata/access.log"))
	tensors := `{"data": [{"IN": {"b64": "AAA="}}]}`
	for _, tc := range []struct {
		name, text string
		options    Options
		want       string
	}{
		{"empty", "", Options{}, "the file is empty; want a recording"},
		{"unknown", "hello\n", Options{}, "it is not a recording in a known format; want one of har, vegeta-json, vegeta, access-log, perf-analyzer, sagemaker, or the right one named with --format"},
		{"format", log, Options{Format: "hat"}, `unknown format "hat" (did you mean "har"?); want one of`},
		{"no server", log, Options{}, "it does not say which server the requests are for; want its URL, such as --url http://127.0.0.1:8080"},
		{"bad server", log, Options{URL: "127.0.0.1:8080"}, "the URL of the server is not valid; want http:// or https://"},
		{"no model", tensors, Options{URL: server}, "perf-analyzer does not say which model takes the tensors; want its name on the server, such as --model resnet50"},
		{"no datatype", tensors, Options{URL: server, Model: "m"}, "the input IN is given as bytes, without its datatype; want it and the shape, such as --tensor 'IN=FP32[3,224,224]'"},
		{"bad datatype", tensors, Options{URL: server, Model: "m", Tensors: map[string]string{"IN": "FP31[1]", "IM": "FP32[1]"}},
			"--tensor IM: the recording has no such input (did you mean \"IN\"?); want IN\n--tensor IN: \"FP31[1]\" is not a datatype with a shape; want such as"},
		{"no host", "GET http://a.example.com/\n", Options{Host: "b.example.com"}, `no request went to the host "b.example.com" (did you mean "a.example.com"?); want a.example.com`},
		{"nothing left", "GET ftp://a/\nGET http://a/ b\n", Options{Format: "vegeta-json"}, "there is no request in it (left out: lines that cannot be read: 2 (lines 1, 2)); want at least one"},
		{"not JSON", `{"log": {"entries": [` + "\n\n}", Options{}, ".har:3:1: /log/entries/0: this is not JSON"},
		{"no entries", `{"log": {"version": "1.2"}}`, Options{}, "log.entries: "},
		{"no list", `{"log": {"entries": 5}}`, Options{}, "log.entries: it is not a list; want a list"},
		{"too long", "- - - [01/Jan/2020:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n- - - [01/Jan/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1\n", Options{URL: server},
			"its requests are from 2020-01-01 to 2026-01-01; want at most 720h, a part of it, or --rate to send them at another pace"},
		{"fewer answers", `{"data": [{"IN": [1]}, {"IN": [2]}], "validation_data": [{"OUT": [1]}]}`, Options{URL: server, Model: "m"}, "validation_data: "},
		{"more answers", `{"data": [{"IN": [1]}], "validation_data": [{"OUT": [1]}, {"OUT": [1]}]}`, Options{URL: server, Model: "m"}, "it has more steps than data, which has 1"},
		{"no gzip", "\x1f\x8bhello", Options{}, "it begins as gzip does, but is not gzip"},
		{"no bodies", log, Options{URL: server, Bodies: "testdata/none"}, "testdata/none"},
		{"useless", log, Options{URL: server, Model: "m", Tensors: map[string]string{"IN": "FP32"}}, "--model is for perf-analyzer, and the recording was read as access-log; want none\n--tensor is for perf-analyzer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := importText(t, "file.har", tc.text, tc.options)
			if _, ok := errors.AsType[decode.Faults](err); !ok || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
		})
	}
}

// TestMinimalHAR reads an archive that holds no more than it has to, and replays it without
// times.
func TestMinimalHAR(t *testing.T) {
	const har = `{"log":{"entries":[{"request":{"method":"POST","url":"http://a/b","headers":[],"postData":{"mimeType":"application/x-www-form-urlencoded",
		"params":[{"name":"f%5B1%5D","value":"a b"},{"name":"100%","value":""}]}}}]}}`
	s, err := importText(t, "minimal.har", har, Options{})
	if err != nil || s.plan.timed {
		t.Fatal(err, s)
	}
	checkFolder(t, s)
	if text := string(read(t, filepath.Join(s.Dir, requestsFile))); !strings.Contains(text, `"body":"f%5B1%5D=a+b&100%25="`) {
		t.Error(text)
	}
}

// TestCutOff keeps what a recording holds before it breaks off, wherever that is.
func TestCutOff(t *testing.T) {
	whole := string(read(t, "testdata/session.har"))
	entries := strings.Index(whole, `{"startedDateTime": "2026-10-01T12`)
	for at := entries; at < len(whole)-4; at += 97 {
		s, err := importText(t, "cut.har", whole[:at], Options{})
		if err != nil || s.cutOff == "" || s.Requests < 1 || !strings.Contains(s.String(), "breaks off or is damaged, in entry ") {
			t.Fatalf("cut off at %d: %v", at, err)
		}
		checkFolder(t, s)
	}
	damaged := whole[:entries] + "what is this" + whole[entries:]
	if s, err := importText(t, "damaged.har", damaged, Options{}); err != nil || s.Requests != 1 || !strings.Contains(s.cutOff, "entry 2, where line 9 is not JSON") {
		t.Errorf("%v: %+v", err, s)
	}
}

// TestCompressed reads a recording that was compressed, and as much as there is of one
// that was cut off.
func TestCompressed(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := range 2000 {
		fmt.Fprintf(z, "10.0.0.1 - - [29/Nov/2026:14:%02d:%02d +0000] \"GET /%d HTTP/1.1\" 200 512\n", i/60, i%60, rand.Uint64())
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := importText(t, "access.log.gz", b.String(), Options{URL: server})
	if err != nil || s.Requests != 2000 || s.cutOff != "" {
		t.Fatal(err, s)
	}
	s, err = importText(t, "access.log.gz", b.String()[:b.Len()/2], Options{URL: server})
	if err != nil || s.Requests < 500 || s.Requests > 1500 || s.cutOff == "" {
		t.Fatal(err, s)
	}
	checkFolder(t, s)
}

// TestOrder brings requests into the order of their arrival, and writes those that come
// too late for that at the time of the one before.
func TestOrder(t *testing.T) {
	var log strings.Builder
	rng := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var want []int
	for i := range 3000 {
		offset := i/10 + rng.IntN(60)
		want = append(want, offset)
		fmt.Fprintf(&log, "- - - [%s] \"GET /%d HTTP/1.1\" 200 1\n", start.Add(time.Duration(offset)*time.Second).Format("02/Jan/2006:15:04:05 -0700"), offset)
	}
	slices.Sort(want)
	s, err := importText(t, "access.log", log.String(), Options{URL: server})
	if err != nil || s.late != 0 {
		t.Fatal(err, s.late)
	}
	checkFolder(t, s)
	i := 0
	for line := range bytes.Lines(read(t, filepath.Join(s.Dir, requestsFile))) {
		if !bytes.Contains(line, fmt.Appendf(nil, `"path":"/%d"`, want[i])) {
			t.Fatalf("line %d is %s, want /%d", i+1, line, want[i])
		}
		i++
	}
}

// TestLate counts what comes too late in a recording to be put into its place.
func TestLate(t *testing.T) {
	body := strings.Repeat("x", window/8)
	var har strings.Builder
	har.WriteString(`{"log":{"entries":[`)
	for i := range 12 {
		second := i + 10
		if i == 11 {
			second = 0
		}
		fmt.Fprintf(&har, `{"startedDateTime":"2026-01-01T00:00:%02d.5Z","request":{"method":"POST","url":"http://a/%d","postData":{"text":%q}}},`, second, second, body)
	}
	s, err := importText(t, "late.har", strings.TrimSuffix(har.String(), ",")+"]}}", Options{})
	if err != nil || s.late != 1 || !strings.Contains(s.String(), "1 request came so late") {
		t.Fatal(err, s)
	}
	checkFolder(t, s)
}

// TestStreams holds the memory that a recording takes to be less than its size.
func TestStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 150 MB; run it without -short")
	}
	path := filepath.Join(t.TempDir(), "big.jsonl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	data := strings.Repeat("1.5,", 12_500)
	for i := range 3000 {
		fmt.Fprintf(file, `{"captureData":{"endpointInput":{"observedContentType":"text/csv","data":"%s1","encoding":"CSV"}},"eventMetadata":{"inferenceTime":"2026-10-01T21:%02d:%02dZ"}}`+"\n", data, i/60, i%60)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	stop, peak := make(chan bool), make(chan uint64)
	go func() { peak <- mostHeap(stop) }()
	s, err := Import(path, Options{URL: server, Dir: t.TempDir()})
	close(stop)
	if most := <-peak; err != nil || s.Requests != 3000 || most > 80<<20 || most < window {
		t.Errorf("%v: %d MiB of memory for a recording of 143 MiB", err, most>>20)
	}
}

// mostHeap is the most memory that objects take until it is stopped, in bytes.
func mostHeap(stop <-chan bool) uint64 {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for most := uint64(0); ; {
		metrics.Read(heap)
		most = max(most, heap[0].Value.Uint64())
		select {
		case <-stop:
			return most
		case <-time.After(time.Millisecond):
		}
	}
}

// TestExisting leaves files as they are, unless it is forced to write over them.
func TestExisting(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir}
	if _, err := importText(t, "a.txt", "GET http://a/1\n", o); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(dir, requestsFile))
	if _, err := importText(t, "b.txt", "GET http://a/2\n", o); err == nil || !strings.Contains(err.Error(), "exists already; want another folder with --out, or --force") {
		t.Error(err)
	}
	if !bytes.Equal(before, read(t, filepath.Join(dir, requestsFile))) {
		t.Error("what was there is changed")
	}
	o.Force = true
	if _, err := importText(t, "b.txt", "GET http://a/2\n", o); err != nil {
		t.Error(err)
	}
}

// TestSigned has requests signed anew that were signed for AWS.
func TestSigned(t *testing.T) {
	const target = `POST https://runtime.sagemaker.eu-central-1.amazonaws.com/endpoints/a/invocations
Authorization: AWS4-HMAC-SHA256 Credential=AKIAsecret1/20261001/eu-central-1/sagemaker/aws4_request, SignedHeaders=host, Signature=secret1
X-Amz-Date: 20261001T000000Z
X-Amz-Security-Token: secret1
`
	for name, o := range map[string]Options{"a.txt": {}, "b.txt": {URL: server}} {
		s, err := importText(t, name, target, o)
		if err != nil {
			t.Fatal(err)
		}
		text := string(read(t, filepath.Join(s.Dir, ScenarioFile))) + string(read(t, filepath.Join(s.Dir, requestsFile))) + s.String()
		if !strings.Contains(text, "  auth:\n    aws:\n      service: sagemaker\n      region: eu-central-1\n") || strings.Contains(text, "secret1") || strings.Contains(text, "20261001") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestKeep leaves what only sounds like a secret.
func TestKeep(t *testing.T) {
	const target = "GET http://a/?key=sortkey12345&pin=55\nX-Session: affinity12345\n"
	s, err := importText(t, "a.txt", target, Options{Keep: []string{"key", "x-session"}})
	if err != nil {
		t.Fatal(err)
	}
	text := string(read(t, filepath.Join(s.Dir, requestsFile))) + string(read(t, filepath.Join(s.Dir, ScenarioFile)))
	if !strings.Contains(text, "sortkey12345") || !strings.Contains(text, "affinity12345") || strings.Contains(text, "55") {
		t.Errorf("%s\n%s", s, text)
	}
	if got := s.Variables(); !slices.Equal(got, []string{"PIN"}) {
		t.Error(got)
	}
}

// TestCleanJSON replaces what keys name as secret, and nothing else.
func TestCleanJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"password": "x", "a": 1}`:                                   `{"password": "removed", "a": 1}`,
		"{\n \"auth\" : {\"user\": \"u\", \"n\": 5},\n \"b\": \"c\"}": "{\n \"auth\" : {\"user\": \"removed\", \"n\": 5},\n \"b\": \"c\"}",
		`{"api_keys": ["a", ["b\"", 3]], "x": ["d"]}`:                 `{"api_keys": ["removed", ["removed", 3]], "x": ["d"]}`,
		`{"tokens": ["a", "b"], "max_tokens": 5, "eos_token": "e"}`:   `{"tokens": ["a", "b"], "max_tokens": 5, "eos_token": "e"}`,
		`{"pin": 1234, "access_token": "t\\\"", "z": null}`:           `{"pin": 0, "access_token": "removed", "z": null}`,
		`{"image": "https://u:p@b/c?X-Amz-Signature=s&w=1"}`:          `{"image": "https://removed@b/c?X-Amz-Signature=removed&w=1"}`,
		`{"a": "x eyJhbGci.eyJzdWIi.c2ln, Bearer 0123456789=."}`:      `{"a": "x removed, Bearer removed."}`,
		`[{"secret": ""}, "secret"]`:                                  `[{"secret": ""}, "secret"]`,
		`{"secret": {"a": []}, "b": "c"}`:                             `{"secret": {"a": []}, "b": "c"}`,
		`{"token": "a" `:                                              `{"token": "a" `, // is no JSON
	} {
		c := newCleaner(nil)
		got := c.content(inBody, []byte(in), "application/json")
		if string(got) != want || (in == want) != (c.found == nil) {
			t.Errorf("%s becomes %s (%v), want %s", in, got, c.found, want)
		}
	}
}

// TestCleanForms replaces the secret fields of forms.
func TestCleanForms(t *testing.T) {
	c := newCleaner(nil)
	got := c.content(inBody, []byte("user=a&pass%77ord=b&x="), "application/x-www-form-urlencoded")
	if string(got) != "user=a&pass%77ord=removed&x=" || len(c.found) != 1 {
		t.Errorf("%s, %v", got, c.found)
	}
	form := "--B\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nhidden\r\n--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\x00\r\n--B--\r\n"
	got = c.content(inBody, []byte(form), "multipart/form-data; boundary=B")
	if string(got) != strings.Replace(form, "hidden", "removed", 1) || len(c.found) != 2 {
		t.Errorf("%q, %v", got, c.found)
	}
}

// TestTargets takes URLs apart.
func TestTargets(t *testing.T) {
	for in, want := range map[string]string{
		"http://a":                         "http a /",
		"HTTPS://A:443?b#c":                "https a /?b",
		"http://a:80/b c":                  "http a /b%20c",
		"http://u:p@a:8080/ü%20%zz%":       "http a:8080 /%C3%BC%20%25zz%25",
		"http://[::1]:9/":                  "http [::1]:9 /",
		"http://a b/":                      badURL,
		"/only":                            badURL,
		"blob:http://a/b":                  otherScheme,
		"wss://a/":                         webSocket,
		"data:,x":                          dataURL,
		"chrome-extension://abc/script.js": otherScheme,
	} {
		var r Request
		got := r.setURL(in)
		if got == "" {
			got = r.Scheme + " " + r.Host + " " + r.Target
		}
		if got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

// TestTensors reads elements that are nested, or not, and writes them nested again.
func TestTensors(t *testing.T) {
	for in, want := range map[string]string{
		`5`:                                     `[1] i [5]`,
		`[1, 2.5]`:                              `[2] f [1,2.5]`,
		`[[1,2],[3,4],[5,6]]`:                   `[3 2] i [[1,2],[3,4],[5,6]]`,
		`[[["a"],["]"]]]`:                       `[1 2 1] s [[["a"],["]"]]]`,
		`{"content": [1,2,3,4], "shape":[2,2]}`: `[2 2] i [[1,2],[3,4]]`,
		`{"content": [[1],[2]], "shape":[2]}`:   `[2] i [1,2]`,
		`{"b64": "AAA=", "shape":[2]}`:          `[2] r {"b64":"AAA="}`,
		`{"content": [1,2], "shape":[3]}`:       "not a tensor",
		`{"content": [1,2], "shape":[-1]}`:      "not a tensor",
		`{"shape":[1]}`:                         "not a tensor",
		`[1, [2]]`:                              "not a tensor",
		`[[1], 2]`:                              "not a tensor",
		`[[1], [2, 3]]`:                         "not a tensor",
		`[[[]], 1]`:                             "not a tensor",
		`[1, "a"]`:                              "not a tensor",
		`[null]`:                                "not a tensor",
		`[]`:                                    "not a tensor",
		strings.Repeat("[", 33) + "1" + strings.Repeat("]", 33): "not a tensor",
	} {
		var x Tensor
		got := "not a tensor"
		if x.read([]byte(in)) == nil {
			got = fmt.Sprintf("%v %c %s", x.Shape, x.kind, x.nested())
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// FuzzImport holds every recording, of every format, to become a folder that its readers
// take, or a fault.
func FuzzImport(f *testing.F) {
	formats := Formats()
	add := func(format string, text []byte) {
		f.Add(uint8(slices.IndexFunc(formats, func(f Format) bool { return f.Name == format })), text)
	}
	for _, r := range recordings {
		add(r.format, read(f, filepath.Join("testdata", r.file)))
	}
	add("har", []byte(`{"log":{"entries":[{"startedDateTime":"2026-10-01T10:00:00Z","request":{"method":"GET","url":"http://a?token=b&c","headers":[{"name":"Authorization","value":"Bearer {{x}} $"}]}}]}}`))
	add("perf-analyzer", []byte(`{"data":[{"IN":{"content":[[1,2],[3,4]],"shape":[4]},"A":true}],"validation_data":[[{"expect":{"b64":"AAAA"}}]]}`))
	f.Fuzz(func(t *testing.T, format uint8, text []byte) {
		name := formats[int(format)%len(formats)].Name
		o := Options{Format: name, URL: server, Answers: true}
		switch name {
		case "access-log":
			o.Bodies = "testdata/bodies.jsonl"
		case "perf-analyzer":
			o.Model = "m"
		}
		s, err := importText(t, "a.b", string(text), o)
		if err == nil {
			checkFolder(t, s)
		} else if _, ok := errors.AsType[decode.Faults](err); !ok {
			t.Error(err)
		}
	})
}

// FuzzSecret holds a secret to be in no file, wherever it stood besides the place that
// its name says is one.
func FuzzSecret(f *testing.F) {
	f.Add("correct horse", "q=correct+horse", `{"password": "x", "note": "correct horse"}`)
	f.Add(`a"b\c/d%2Fe&f=`, "q=a", `[{"auth": {"user": "a\"b"}}, 5]`)
	f.Fuzz(func(t *testing.T, secret, query, body string) {
		secret = strings.ToValidUTF8(strings.TrimSpace(secret), "?")
		har := func(secret, query, body string) string {
			text, err := json.Marshal(map[string]any{"log": map[string]any{"entries": []any{map[string]any{
				"startedDateTime": "2026-10-01T10:00:00Z",
				"request": map[string]any{
					"method": "POST", "url": "http://a/?" + query,
					"headers":  []any{map[string]any{"name": "X-Api-Key", "value": secret}, map[string]any{"name": "X-Other", "value": body}},
					"postData": map[string]any{"text": body},
				},
			}}}})
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		everything := func(secret, query, body string) string {
			s, err := importText(t, "a.har", har(secret, query, body), Options{})
			if err != nil {
				return err.Error()
			}
			return s.String() + string(read(t, filepath.Join(s.Dir, requestsFile))) + string(read(t, filepath.Join(s.Dir, ScenarioFile)))
		}
		if len(secret) < 8 || strings.Contains(everything("other-secret", "", ""), secret) {
			return
		}
		if got := everything(secret, query, body+secret); strings.Contains(got, secret) {
			t.Errorf("%q is left in\n%s", secret, got)
		}
	})
}
