package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made is a comparison with made-up figures: three rounds, a tool that is missing,
// one that fails, one that drops requests.
func made() *comparison {
	c := &comparison{
		Schema: schema, Created: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Rounds: 3, Span: 3 * time.Second,
		Machine: []fact{{"CPU", "a processor"}, {"memory", "8 GiB"}, {"kernel", "6.1"}},
		Tools: []found{
			{Name: "servebench", Version: "devel"}, {Name: "vegeta", Version: "v12.13.0"},
			{Name: "vegeta-10-workers", Version: "v12.13.0"}, {Name: "bombardier", Version: "v1.2.6"},
			{Name: "wrk", Missing: "wrk is not installed; apt-get install wrk does that"},
		},
	}
	costs := map[string]time.Duration{"servebench": 9, "vegeta": 20, "bombardier": 7}
	for round := 1; round <= c.Rounds; round++ {
		for _, tool := range []string{"servebench", "vegeta", "bombardier"} {
			for _, l := range []string{"GET", "POST"} {
				cost := costs[tool] * time.Microsecond * time.Duration(9+round) / 10
				c.Trials = append(c.Trials, trial{
					Round: round, Kind: closed, Load: l, Tool: tool, Requests: 100_000, CPU: 100_000 * cost, Span: 3 * time.Second,
					Stolen: float64(round) / 100,
				})
			}
			for _, rate := range openRates() {
				late := punctuality{Held: 1, P50: 20 * time.Microsecond, P99: time.Duration(100+10*round) * time.Microsecond}
				if tool == "vegeta" && rate == 20000 {
					late.Held = 0.16
				}
				c.Trials = append(c.Trials, trial{Round: round, Kind: open, Load: rateName(rate), Tool: tool, Requests: 1, Arrived: &late})
			}
		}
		for _, rate := range openRates() {
			lag := &ownLag{P50: 5 * time.Microsecond, P99: time.Duration(rate/20) * time.Microsecond}
			c.Trials = append(c.Trials, trial{Round: round, Kind: open, Load: poissonName(rate), Tool: own, Requests: 1, Reading: reading{Lag: lag}})
		}
	}
	for tool, p99 := range map[string]time.Duration{"servebench": 901, "vegeta": 899, "vegeta-10-workers": 4} {
		c.Trials = append(c.Trials, trial{Round: 1, Kind: stalled, Load: stalled, Tool: tool, Requests: 1, Reading: reading{P99: p99 * time.Millisecond}})
	}
	c.Trials = append(c.Trials, trial{Round: 1, Kind: stalled, Load: stalled, Tool: "bombardier", Failed: "3 of 10 requests failed"})
	return c
}

func TestReports(t *testing.T) {
	c := made()
	for name, got := range map[string]string{"report.txt": textReport(c), "report.md": markdownReport(c)} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := string(readFile(t, name)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	got := map[string]string{}
	for _, v := range made().verdicts() {
		got[v.goal] = v.holds
	}
	for goal, want := range map[string]string{
		"GET: CPU per request ≤ 0.50 × vegeta":       "holds",
		"GET: CPU per request ≤ 1.15 × bombardier":   "misses",
		"POST: CPU per request ≤ 1.60 × wrk":         "not measured",
		"1,000/s, constant: lag p99 ≤ 150 µs":        "holds",
		"1,000/s, poisson: lag p99 ≤ 150 µs":         "holds",
		"5,000/s, poisson: lag p99 ≤ 150 µs":         "misses",
		"20,000/s: at least 99.9 % of the rate held": "holds",
	} {
		if got[goal] != want {
			t.Errorf("%s: %q, want %q", goal, got[goal], want)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, tc := range []struct {
		values []float64
		want   string
	}{
		{nil, "–"},
		{[]float64{1234.4}, "1,234"},
		{[]float64{3, 1, 2}, "2.00 [1.00, 3.00]"},
		{[]float64{40, 10}, "25.0 [10.0, 40.0]"},
		{[]float64{99.96}, "100"},
		{[]float64{1234567}, "1,234,567"},
	} {
		if got := spreadOf(tc.values).format(); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.values, got, tc.want)
		}
	}
}

// checkMessage has an error say what it should.
func checkMessage(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
}
