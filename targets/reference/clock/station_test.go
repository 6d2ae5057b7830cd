package clock

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestDistributionsAreWhatTheySay holds each distribution against its distribution function with a
// Kolmogorov–Smirnov test (critical value of 0.1 %: 1.95/√n).
func TestDistributionsAreWhatTheySay(t *testing.T) {
	below := map[string]func(x float64) float64{
		"uniform":     func(x float64) float64 { return min(x/2, 1) },
		"exponential": func(x float64) float64 { return 1 - math.Exp(-x) },
		"lognormal":   func(x float64) float64 { return 0.5 * math.Erfc(-(math.Log(x)+0.5)/math.Sqrt2) },
	}
	const n = 20_000
	for _, l := range distributions() {
		rng := rand.New(rand.NewPCG(7, 7))
		drawn := make([]float64, n)
		for i := range drawn {
			drawn[i] = l.draw(rng)
		}
		if l.name == "constant" {
			if slices.Min(drawn) != 1 || slices.Max(drawn) != 1 {
				t.Errorf("constant draws from %g to %g", slices.Min(drawn), slices.Max(drawn))
			}
			continue
		}
		slices.Sort(drawn)
		worst := 0.0
		for i, x := range drawn {
			p := below[l.name](x)
			worst = max(worst, p-float64(i)/n, float64(i+1)/n-p)
		}
		if critical := 1.95 / math.Sqrt(n); worst > critical {
			t.Errorf("%s is %.4f off its distribution, want at most %.4f", l.name, worst, critical)
		}
	}
}

// TestStationQueues plays small designs of constant service by hand.
func TestStationQueues(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		name     string
		set      func(*Config)
		arrivals []time.Duration
		done     []time.Duration
	}{
		{"one worker", func(*Config) {}, []time.Duration{0, 5 * ms, 50 * ms}, []time.Duration{20 * ms, 40 * ms, 70 * ms}},
		{"two workers", func(c *Config) { c.Workers = 2 }, []time.Duration{0, 5 * ms, 6 * ms}, []time.Duration{20 * ms, 25 * ms, 40 * ms}},
		{"nobody waits", func(c *Config) { c.Workers = 0 }, []time.Duration{0, 0, 1 * ms}, []time.Duration{20 * ms, 20 * ms, 21 * ms}},
		{
			"stalls from 100 to 150 ms", func(c *Config) { c.Workers, c.Stall, c.Every = 0, 50*ms, 100*ms },
			[]time.Duration{10 * ms, 79 * ms, 80 * ms, 129 * ms, 130 * ms, 190 * ms},
			[]time.Duration{30 * ms, 99 * ms, 150 * ms, 150 * ms, 150 * ms, 250 * ms},
		},
		{
			"a worker is held by a stall", func(c *Config) { c.Stall, c.Every = 50*ms, 100*ms },
			[]time.Duration{90 * ms, 91 * ms}, []time.Duration{150 * ms, 170 * ms},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := Default()
			config.Service = 20 * ms
			tc.set(&config)
			if err := config.Check(); err != nil {
				t.Fatal(err)
			}
			s := newStation(config)
			for i, at := range tc.arrivals {
				if done := s.arrive(at); done != tc.done[i] {
					t.Errorf("the arrival at %v is served at %v, want %v", at, done, tc.done[i])
				}
			}
		})
	}
}

// TestStationSpreads holds the queues to equal shares and one seed to one outcome.
func TestStationSpreads(t *testing.T) {
	config := Default()
	config.Distribution, config.Queues = "exponential", 10
	a, b := newStation(config), newStation(config)
	used := make([]int, config.Queues)
	for i := range 10_000 {
		at := time.Duration(i) * time.Second // nobody waits, so that the queue joined is the one that changed
		done := a.arrive(at)
		if done != b.arrive(at) {
			t.Fatal("one seed gives two outcomes")
		}
		used[slices.IndexFunc(a.free, func(q []time.Duration) bool { return q[0] == done })]++
	}
	for q, n := range used {
		if n < 880 || n > 1120 { // 1000 ± 4 σ
			t.Errorf("queue %d was joined %d times of 10,000", q, n)
		}
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	if err := Default().Check(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for want, config := range map[string]Config{
		"distribution: unknown distribution \"x\"; want one of constant, uniform, exponential, lognormal\n" +
			"service: 0s is not above 0; want a time such as 20ms\n" +
			"workers: -1 is out of bounds; want a number from 0 to 1000\n" +
			"queues: 0 is out of bounds; want a number from 1 to 10000\n" +
			"stall: -1s is below 0; want 0 or more": {Distribution: "x", Workers: -1, Stall: -time.Second},
		"every: stalls of 1s have no end in between; want a time above the stall": {Distribution: "constant", Service: 1, Queues: 1, Stall: time.Second, Every: time.Second},
		"every: there is no stall; want a stall beside it, or none":               {Distribution: "constant", Service: 1, Queues: 1, Every: time.Second},
	} {
		if err := config.Check(); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", config, err, want)
		}
	}
}

// TestSeedZeroDrawsAnew: servers that are started with it share no service times.
func TestSeedZeroDrawsAnew(t *testing.T) {
	served := func(seed uint64) (all [8]time.Duration) {
		c := Default()
		c.Distribution, c.Workers, c.Seed = "exponential", 0, seed
		s := newStation(c)
		for i := range all {
			all[i] = s.arrive(0)
		}
		return all
	}
	if first, second := served(0), served(0); first == second {
		t.Errorf("two starts with seed 0 drew the same: %s", first)
	}
	if first, second := served(7), served(7); first != second {
		t.Errorf("two starts with seed 7 drew %s and %s", first, second)
	}
}
