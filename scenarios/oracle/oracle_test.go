package oracle

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestDesigns holds each oracle to what its closed form supposes, and to enough
// requests for its quantiles.
func TestDesigns(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range All() {
		for _, o := range []Oracle{o, o.Short()} {
			if err := o.Clock.Check(); err != nil {
				t.Errorf("%s: %v", o.Name, err)
			}
			if n := o.Rate * o.Span.Seconds(); n < 10_000 {
				t.Errorf("%s: %g requests, too few for p99.9", o.Name, n)
			}
			if o.Settle%time.Second != 0 {
				t.Errorf("%s settles in %v, which are no whole seconds", o.Name, o.Settle)
			}
			if o.Kind == stall {
				if o.Span%o.Clock.Every != 0 {
					t.Errorf("%s: %v are no whole periods of %v", o.Name, o.Span, o.Clock.Every)
				}
				continue
			}
			busy := o.Rate / float64(o.Clock.Queues) * o.Clock.Service.Seconds()
			if math.Abs(busy-o.Utilisation) > 1e-9 {
				t.Errorf("%s: utilisation %g, want %g", o.Name, busy, o.Utilisation)
			}
		}
		if seen[o.Name] {
			t.Errorf("two are called %s", o.Name)
		}
		seen[o.Name] = true
	}
}

// TestClosedFormIsWhatIsSimulated holds the closed forms, the settling and the
// simulation against each other: the shares that are simulated beyond a quantile
// are, in the mean, what the quantile leaves, within four standard errors.
func TestClosedFormIsWhatIsSimulated(t *testing.T) {
	const plays = 40
	for _, o := range All() {
		if o.Kind == stall {
			continue
		}
		beyond, err := o.simulateOften(7, plays)
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range Quantiles() {
			var mean, squares float64
			for _, share := range beyond[i] {
				mean += share / plays
				squares += share * share / plays
			}
			if off := math.Abs(mean - (1 - q)); off > 4*math.Sqrt((squares-mean*mean)/plays) {
				t.Errorf("%s, quantile %g: a share of %.5f is beyond it", o.Name, q, mean)
			}
		}
	}
}

// TestChanceKnowsThatNothingIsBelowAService looks at the interval of a quantile
// that half of the requests, which do not wait, are at.
func TestChanceKnowsThatNothingIsBelowAService(t *testing.T) {
	o := All()[1] // M/D/1 at 0.5
	chance, err := o.Chance(7)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range Quantiles() {
		if c := chance[i]; c.Low > o.Expected(q) || c.High <= o.Expected(q) || c.Low < o.Clock.Service {
			t.Errorf("quantile %g: by chance %v to %v, and %v in closed form", q, c.Low, c.High, o.Expected(q))
		}
	}
}

func TestJudge(t *testing.T) {
	o := All()[2] // M/M/1 at 0.5
	expected := o.Expected(0.9)
	by := func(share float64) time.Duration { return time.Duration(share * float64(expected)) }
	for _, tc := range []struct {
		measured  float64
		low, high float64
		want      Within
	}{
		{1.005, 1, 1, WithinTolerance},
		{0.991, 0.9, 1.1, WithinTolerance},
		{1.05, 0.9, 1.1, WithinInterval},
		{0.89, 0.9, 1.1, WithinNeither},
		{1.02, 1, 1, WithinNeither},
	} {
		got := o.Judge(0.9, by(tc.measured), Interval{by(tc.low), by(tc.high)})
		if got.Within != tc.want || math.Abs(got.Error-(tc.measured-1)) > 1e-6 {
			t.Errorf("%g of %g to %g: %+v, want %s", tc.measured, tc.low, tc.high, got, tc.want)
		}
	}
}

func TestScenario(t *testing.T) {
	for i, want := range []string{
		"clock: {distribution: constant, service: 500ms, workers: 0, queues: 1, seed: 1, stall: 1s, every: 12s}}",
		"load: [{name: steady, arrivals: poisson, rate: 2500, duration: 35s}]",
		"clock: {distribution: exponential, service: 200ms, workers: 1, queues: 1000, seed: 1}}",
	} {
		if text := string(All()[i].Scenario()); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q:\n%s", All()[i].Name, want, text)
		}
	}
}

// TestAgain wants other seeds, and nothing else to change.
func TestAgain(t *testing.T) {
	for _, o := range All() {
		first, again := string(o.Scenario()), string(o.Again().Scenario())
		if strings.Count(first, "seed: 1") != 2 || strings.ReplaceAll(first, "seed: 1", "seed: 2") != again {
			t.Errorf("%s is\n%s\nand again\n%s", o.Name, first, again)
		}
	}
}
