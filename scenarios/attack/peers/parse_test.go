package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// parsers are what reads each tool's report, with a report that the tool made.
func parsers() map[string]struct {
	parse func([]byte) (reading, error)
	want  reading
} {
	return map[string]struct {
		parse func([]byte) (reading, error)
		want  reading
	}{
		"vegeta.json":     {parseVegeta, reading{Sent: 200, P99: 764721}},
		"bombardier.json": {parseBombardier, reading{Sent: 202, P99: 607 * time.Microsecond}},
		"fortio.json":     {parseFortio, reading{Sent: 200, P99: 3 * time.Millisecond}},
		"k6.json":         {parseK6, reading{Sent: 200, P99: 11707642}},
		"hey.txt":         {parseHey, reading{Sent: 16981, P99: 1200 * time.Microsecond}},
		"wrk.txt":         {parseWrk, reading{Sent: 24076, P99: 3260 * time.Microsecond}},
		"servebench.json": {parseServebench, reading{
			Sent: 1000, P99: 1500 * time.Microsecond,
			Lag: &ownLag{P50: 5 * time.Microsecond, P99: 95 * time.Microsecond}, Remark: "INVALID: lag",
		}},
	}
}

func TestParse(t *testing.T) {
	for name, tc := range parsers() {
		t.Run(name, func(t *testing.T) {
			got, err := tc.parse(readFile(t, name))
			if err != nil {
				t.Fatal(err)
			}
			lag, want := got.Lag, tc.want.Lag
			got.Lag, tc.want.Lag = nil, nil
			if got != tc.want {
				t.Errorf("read %+v, want %+v", got, tc.want)
			}
			if want != nil && (lag == nil || *lag != *want) {
				t.Errorf("its own lag is %+v, want %+v", lag, want)
			}
		})
	}
}

// TestParseFailures changes the reports as the tools do when requests fail.
func TestParseFailures(t *testing.T) {
	for _, tc := range []struct {
		file, old, new string
		want           reading
	}{
		{"vegeta.json", `{"200":200}`, `{"0":3,"200":190,"503":7}`, reading{Sent: 200, Failed: 10}},
		{"bombardier.json", `"req5xx":0,"others":0`, `"req5xx":5,"others":2`, reading{Sent: 209, Failed: 7}},
		{"fortio.json", `"200": 200`, `"-1": 4, "200": 196`, reading{Sent: 200, Failed: 4}},
		{"k6.json", `"passes": 0`, `"passes": 9`, reading{Sent: 200, Failed: 9}},
		{"k6.json", `"http_reqs"`, `"dropped_iterations": {"count": 12}, "http_reqs"`, reading{Sent: 200, Remark: "12 iterations dropped"}},
		{"hey.txt", "[200]	16981", "[503]	16981", reading{Sent: 16981, Failed: 16981}},
		{"hey.txt", "responses\n", "responses\n\nError distribution:\n  [4]	Get \"http://127.0.0.1/\": EOF\n", reading{Sent: 16985, Failed: 4}},
		{"wrk.txt", "Requests/sec", "  Socket errors: connect 0, read 3, write 0, timeout 2\n  Non-2xx or 3xx responses: 5\nRequests/sec", reading{Sent: 24076, Failed: 10}},
		{"servebench.json", `"failed": 0`, `"failed": 3`, reading{Sent: 1000, Failed: 3, Remark: "INVALID: lag"}},
	} {
		text := string(readFile(t, tc.file))
		if !strings.Contains(text, tc.old) {
			t.Fatalf("%s holds no %q", tc.file, tc.old)
		}
		got, err := parsers()[tc.file].parse([]byte(strings.Replace(text, tc.old, tc.new, 1)))
		got.P99, got.Lag = 0, nil
		if err != nil || got != tc.want {
			t.Errorf("%s with %s: read %+v, %v; want %+v", tc.file, tc.new, got, err, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range parsers() {
		for _, text := range []string{"", "no such host", `[1, 2]`} {
			if got, err := tc.parse([]byte(text)); err == nil {
				t.Errorf("%s: read %+v of %q, want an error", name, got, text)
			}
		}
	}
}

// FuzzParseText has the parsers of text never count less than nothing, nor more
// failures than requests where failures are among them.
func FuzzParseText(f *testing.F) {
	for _, name := range []string{"hey.txt", "wrk.txt"} {
		f.Add(readFile(f, name))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseHey(text); err == nil && (r.Failed < 0 || r.Failed > r.Sent || r.P99 < 0) {
			t.Errorf("hey: %+v", r)
		}
		if r, err := parseWrk(text); err == nil && (r.Failed < 0 || r.Sent < 0 || r.P99 < 0) {
			t.Errorf("wrk: %+v", r)
		}
	})
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
