package schedule

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func law(t testing.TB, name string, c Config) Law {
	t.Helper()
	for _, k := range Kinds() {
		if k.Name == name {
			l, err := k.New(c)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
	}
	t.Fatalf("no law %q", name)
	return nil
}

// TestLawProperties holds every law to the contract of Law for many shapes.
func TestLawProperties(t *testing.T) {
	configs := []Config{
		{Rate: 100, Duration: 2 * time.Second},
		{Rate: 1, Duration: time.Second},
		{Rate: 0.3, Duration: time.Second}, // rounds to no arrival
		{Rate: 0.5, Duration: time.Second}, // rounds to one
		{Rate: 333.333, Duration: 7 * time.Second},
		{Rate: 1e6, Duration: 20 * time.Millisecond},
		{Rate: 5e9, Duration: 10 * time.Microsecond}, // gaps below the clock's unit
		{Rate: 2.5, Duration: time.Hour},
		{Rate: 1000, Duration: 1500 * time.Microsecond}, // n = 2, from 1.5
	}
	for _, k := range Kinds() {
		for _, c := range configs {
			for seed := range uint64(5) {
				t.Run(fmt.Sprintf("%s/%v_per_s/%v/%d", k.Name, c.Rate, c.Duration, seed), func(t *testing.T) {
					l := law(t, k.Name, c)
					got := slices.Collect(l.Arrivals(rng(seed)))
					if want := int(math.Round(c.Rate * c.Duration.Seconds())); len(got) != want {
						t.Errorf("%d arrivals, want %d", len(got), want)
					}
					if !slices.IsSorted(got) {
						t.Error("not ascending")
					}
					for _, due := range got {
						if due < 0 || due >= c.Duration {
							t.Fatalf("arrival at %v, want one in [0, %v)", due, c.Duration)
						}
					}
					if again := slices.Collect(l.Arrivals(rng(seed))); !slices.Equal(got, again) {
						t.Error("the same seed gave another schedule")
					}
				})
			}
		}
	}
}

func TestArrivalsCanBeIteratedTwice(t *testing.T) {
	for _, k := range Kinds() {
		seq := law(t, k.Name, Config{Rate: 50, Duration: time.Second}).Arrivals(rng(3))
		if a, b := slices.Collect(seq), slices.Collect(seq); !slices.Equal(a, b) {
			t.Errorf("%s: the second iteration differs", k.Name)
		}
	}
}

func TestArrivalsStopEarly(t *testing.T) {
	for _, k := range Kinds() {
		n := 0
		for range law(t, k.Name, Config{Rate: 50, Duration: time.Second}).Arrivals(rng(3)) {
			if n++; n == 10 {
				break
			}
		}
		if n != 10 {
			t.Errorf("%s: %d arrivals before the break, want 10", k.Name, n)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	mistakes := []struct {
		config Config
		want   string
	}{
		{Config{Rate: 0, Duration: time.Second}, "rate: 0 per second"},
		{Config{Rate: -3, Duration: time.Second}, "rate: -3 per second"},
		{Config{Rate: math.NaN(), Duration: time.Second}, "rate: NaN per second"},
		{Config{Rate: math.Inf(1), Duration: time.Second}, "rate: +Inf per second"},
		{Config{Rate: 1}, "duration: 0s"},
		{Config{Rate: 1, Duration: -time.Second}, "duration: -1s"},
		{Config{Rate: 1e15, Duration: time.Hour}, "arrivals, want at most"},
	}
	for _, k := range Kinds() {
		for _, m := range mistakes {
			_, err := k.New(m.config)
			if err == nil || !strings.Contains(err.Error(), m.want) || !strings.HasPrefix(err.Error(), k.Name+" law: ") {
				t.Errorf("%s %+v: error %v, want one that says %q", k.Name, m.config, err, m.want)
			}
		}
	}
}

func TestKindsAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if k.Name == "" || !strings.HasSuffix(k.Doc, ".") || seen[k.Name] {
			t.Errorf("kind %+v: want a name of its own and a sentence", k)
		}
		seen[k.Name] = true
	}
}

// BenchmarkArrivals makes ten million arrivals.
func BenchmarkArrivals(b *testing.B) {
	for _, k := range Kinds() {
		b.Run(k.Name, func(b *testing.B) {
			l := law(b, k.Name, Config{Rate: 1e6, Duration: 10 * time.Second})
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for range l.Arrivals(rng(1)) {
					n++
				}
				if n != 10_000_000 {
					b.Fatal(n)
				}
			}
		})
	}
}
