package fault

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSharesAreExact counts the requests that a share hits: as many as it says, in each stretch
// of 1/share requests one, and the same ones each time.
func TestSharesAreExact(t *testing.T) {
	for _, tt := range []struct {
		text    string
		n, hits int64
	}{
		{"wrong=1%", 600, 6}, {"wrong=1%", 100_000, 1000}, {"drop=5%", 300, 15}, {"hang=2%", 300, 6}, {"error=33%:500", 10_000, 3300},
		{"error=70%", 1000, 700}, {"wrong=100%", 57, 57}, {"drop=0.0001%", 3_000_000, 3}, {"slow=1KiB/s", 10, 10},
	} {
		f, problem, _ := parse(tt.text)
		if problem != "" {
			t.Fatalf("%s: %s", tt.text, problem)
		}
		var hits, last int64
		for n := range tt.n {
			if f.hits(n) {
				if stretch := n * f.share / whole; hits > 0 && stretch != last+1 {
					t.Fatalf("%s: request %d is hit, in stretch %d after %d", tt.text, n, stretch, last)
				}
				hits, last = hits+1, n*f.share/whole
			}
		}
		if hits != tt.hits {
			t.Errorf("%s hits %d of %d requests, want %d", tt.text, hits, tt.n, tt.hits)
		}
	}
}

// TestHitsLookRandom holds the places of hits in their stretches to being spread.
func TestHitsLookRandom(t *testing.T) {
	f, _, _ := parse("wrong=10%")
	var at [10]int
	for n := range int64(10_000) {
		if f.hits(n) {
			at[n%10]++
		}
	}
	if slices.Min(at[:]) < 60 || slices.Max(at[:]) > 140 { // of 100 each; 4 standard deviations
		t.Errorf("hits by their place in a stretch of 10: %v", at)
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `"" is no fault; want one of latency=`},
		{"wrong", `"wrong" is no fault; want wrong=SHARE, with a share from 0.0001% to 100%`},
		{"wrong=1", "such as wrong=1%"}, {"wrong=0%", "a share from"}, {"wrong=101%", "a share from"}, {"wrong=NaN%", "a share from"}, {"wrong=-1%", "a share from"},
		{"latency=20ms", "such as latency=exponential:20ms"}, {"latency=pareto:20ms", "latency=exponential"}, {"latency=constant:0s", "latency=exponential"},
		{"stall=2s/1s", "a time and a longer period"}, {"stall=1s", "a longer period"}, {"stall=0s/1s", "a longer period"},
		{"leak=5", "such as leak=64KiB"}, {"leak=2GiB", "at most 1GiB"}, {"slow=1KiB", "such as slow=500B/s"}, {"slow=0B/s", "slow=500B/s"},
		{"error=1%:200", "a status from 400 to 599"}, {"error=1%:", "a status"}, {"error=5", "a share"}, {"wrng=1%", "one of latency="},
	} {
		_, err := New(Config{Faults: []string{tt.text, "hang=1%"}})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hang=1%\"") {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
	err := Config{Faults: []string{"drop=1%", "x", "drop=2%"}}.Check()
	if got := fmt.Sprint(err); strings.Count(got, "\n") != 1 || !strings.Contains(got, "\"drop=2%\" is a second fault of the kind drop") {
		t.Errorf("want two mistakes, got %s", got)
	}
}

// FuzzParse reads any text: what is taken hits a request of each stretch.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"wrong=1%", "error=2%:503", "latency=lognormal:1ms", "stall=1s/2s", "leak=1KiB", "slow=1B/s", "=", "hang=1e-300%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		f, problem, want := parse(text)
		if problem != "" {
			if want == "" {
				t.Errorf("%q: %s, without what would be right", text, problem)
			}
			return
		}
		if f.share < 1 || f.share > whole || f.text != text {
			t.Errorf("%q: %+v", text, f)
		}
	})
}
