package calibration

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
)

var usual = Search{From: 1000, Most: 1e6, Least: 50, Precision: 0.08}

// machine is one that is valid up to a rate; noise is the chance that a try of a
// rate that is valid fails all the same.
func machine(limit, noise float64) func(context.Context, float64) (Try, error) {
	rng := rand.New(rand.NewPCG(3, 3))
	return func(_ context.Context, rate float64) (Try, error) {
		t := Try{Rate: rate, Valid: rate <= limit && rng.Float64() >= noise}
		if !t.Valid {
			t.Why = "lag 9 ms"
		}
		return t, nil
	}
}

func TestSearchFinds(t *testing.T) {
	for _, limit := range []float64{63, 77, 999, 1000, 1001, 1999, 2000, 23_456, 640_000, 1e6} {
		most, tries, err := usual.Run(t.Context(), machine(limit, 0))
		if err != nil || most > limit || most < limit/(1+usual.Precision)-1 {
			t.Errorf("a limit of %g: found %g, %v", limit, most, err)
		}
		if len(tries) > 2*16 {
			t.Errorf("a limit of %g: %d tries", limit, len(tries))
		}
	}
	if most, _, err := usual.Run(t.Context(), machine(1e9, 0)); err != nil || most != usual.Most {
		t.Errorf("no limit: found %g, %v", most, err)
	}
}

// TestSearchOutlivesNoise wants a rate never to be given up for one disturbance,
// and the outcome never to be above the limit.
func TestSearchOutlivesNoise(t *testing.T) {
	const limit = 20_000
	near := 0
	for seed := range 100 {
		rng := rand.New(rand.NewPCG(uint64(seed), 0))
		since := 2 // tries since the last disturbance
		most, _, err := usual.Run(t.Context(), func(_ context.Context, rate float64) (Try, error) {
			since++
			if since > 2 && rng.Float64() < 0.3 {
				since = 0
			}
			return Try{Rate: rate, Valid: rate <= limit && since > 0}, nil
		})
		if err != nil || most > limit {
			t.Fatalf("found %g, %v", most, err)
		}
		if most >= limit/(1+usual.Precision)-1 {
			near++
		}
	}
	if near != 100 {
		t.Errorf("found the limit %d times of 100, though no two of three tries were disturbed", near)
	}
}

// TestSearchTakesTheBestOfThree has a rate of two fates decided by a third try, and
// no rate believed that got through once.
func TestSearchTakesTheBestOfThree(t *testing.T) {
	for fates, want := range map[string]struct {
		most  float64
		tries int
	}{
		"+":   {1000, 1},
		"-++": {1000, 3},
		"-+-": {500, 3},
		"--":  {500, 2},
	} {
		at1000 := 0
		s := Search{From: 1000, Most: 1000, Least: 500, Precision: 1}
		most, _, err := s.Run(t.Context(), func(_ context.Context, rate float64) (Try, error) {
			if rate < 1000 {
				return Try{Rate: rate, Valid: true}, nil
			}
			at1000++
			return Try{Rate: rate, Valid: fates[at1000-1] == '+'}, nil
		})
		if err != nil || most != want.most || at1000 != want.tries {
			t.Errorf("%s at 1000: found %g after %d tries of it, %v; want %g after %d", fates, most, at1000, err, want.most, want.tries)
		}
	}
}

// TestSearchEndsWhereNothingIsMonotone wants an end and a rate that was valid, also
// of a machine without rhyme or reason.
func TestSearchEndsWhereNothingIsMonotone(t *testing.T) {
	for seed := range 200 {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		seen := map[float64]bool{}
		most, tries, err := usual.Run(t.Context(), func(_ context.Context, rate float64) (Try, error) {
			valid := rng.IntN(2) == 0
			seen[rate] = seen[rate] || valid
			return Try{Rate: rate, Valid: valid}, nil
		})
		if len(tries) > 120 || err == nil && !seen[most] || err != nil && !errors.Is(err, ErrNoRate) {
			t.Fatalf("seed %d: %g after %d tries, %v", seed, most, len(tries), err)
		}
	}
}

func TestSearchSaysWhyItFails(t *testing.T) {
	if _, tries, err := usual.Run(t.Context(), machine(1, 0)); !errors.Is(err, ErrNoRate) || !strings.Contains(err.Error(), "63/s: lag 9 ms") || len(tries) == 0 {
		t.Errorf("no valid rate: %v", err)
	}
	broken := errors.New("broken")
	if _, _, err := usual.Run(t.Context(), func(context.Context, float64) (Try, error) { return Try{}, broken }); !errors.Is(err, broken) {
		t.Errorf("a try that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, tries, err := usual.Run(ctx, func(_ context.Context, rate float64) (Try, error) {
		if rate >= 4000 {
			cancel()
		}
		return Try{Rate: rate, Valid: true}, nil
	})
	if !errors.Is(err, context.Canceled) || len(tries) != 3 {
		t.Errorf("cancelled: %v after %d tries", err, len(tries))
	}
}

func TestDisturbed(t *testing.T) {
	below := &record.Floor{Rate: 5000, P50: 100 * time.Microsecond}
	for _, tt := range []struct {
		p50   time.Duration
		below *record.Floor
		want  string // "": a floor
	}{
		{2 * time.Millisecond, nil, ""},
		{2*time.Millisecond + 1, nil, "not the load generator's"},
		{300 * time.Microsecond, below, ""},
		{301 * time.Microsecond, below, "p50 301µs, more than 3 times the 100µs at 5000/s"},
		{6710 * time.Microsecond, below, "p50 6.71ms, "},
		{50 * time.Microsecond, below, ""},
	} {
		why := Disturbed(record.Floor{Rate: 7025, P50: tt.p50}, tt.below)
		if (why == "") != (tt.want == "") || !strings.Contains(why, tt.want) {
			t.Errorf("p50 %v above %+v: %q, want %q", tt.p50, tt.below, why, tt.want)
		}
	}
}
