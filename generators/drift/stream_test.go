package drift

import (
	"math/rand/v2"
	"testing"
)

// TestStreamDetectors lets the error rate rise, and fall.
func TestStreamDetectors(t *testing.T) {
	for _, kind := range Kinds() {
		if kind.Stream == nil {
			continue
		}
		d, rng := kind.Stream(Alpha), rand.New(rand.NewPCG(1, 0))
		play := func(outcomes int, rate float64) (alarms, delay int) {
			for i := range outcomes {
				r := d.Add(rng.Float64() < rate)
				if (r.State == TooFew) != (r.N < leastOutcomes) {
					t.Fatalf("%s: %+v of %d outcomes", kind.Name, r, r.N)
				}
				if r.State == Drift {
					if r.Statistic <= r.Threshold {
						t.Errorf("%s: %+v", kind.Name, r)
					}
					if alarms++; alarms == 1 {
						delay = i
					}
				}
			}
			return alarms, delay
		}
		if alarms, _ := play(20_000, 0.1); alarms > 0 {
			t.Errorf("%s: %d alarms of a rate that stays", kind.Name, alarms)
		}
		if alarms, delay := play(20_000, 0.3); alarms != 1 || delay > 500 {
			t.Errorf("%s: %d alarms of a rise, the first after %d outcomes", kind.Name, alarms, delay)
		}
		if alarms, _ := play(20_000, 0.05); alarms > 0 {
			t.Errorf("%s: %d alarms of a fall", kind.Name, alarms)
		}
		if alarms, delay := play(20_000, 0.3); alarms == 0 || delay > 5000 {
			t.Errorf("%s: %d alarms of a rise after a fall, the first after %d outcomes", kind.Name, alarms, delay)
		}
	}
}

// TestADWINCountsItsWindow compares the histogram with the outcomes that it stands for.
func TestADWINCountsItsWindow(t *testing.T) {
	d := NewADWIN(Spending{Alpha: 1e-9}).(*adwin)
	rng := rand.New(rand.NewPCG(2, 0))
	var all []bool
	for i := range 100_000 {
		wrong := rng.IntN(10) == 0
		if i > 50_000 {
			wrong = rng.IntN(20) == 0 // the older outcomes are forgotten
		}
		all = append(all, wrong)
		if d.Add(wrong).State == Drift {
			t.Fatal("a fall is no drift")
		}
		if i%997 > 0 {
			continue
		}
		wrongs, n := 0.0, 0
		for _, w := range all[len(all)-d.n:] {
			if w {
				wrongs++
			}
		}
		kept := 0
		for i, row := range d.rows {
			n += len(row) << i
			kept += len(row)
		}
		p := wrongs / float64(d.n)
		if n != d.n || d.window.sum != wrongs || !near(d.window.deviation, float64(d.n)*p*(1-p)) || kept > 20*adwinBuckets {
			t.Fatalf("after %d: %d outcomes in %d buckets, %+v; want %d with %g wrong", i, n, kept, d.window, d.n, wrongs)
		}
	}
	if d.n > 60_000 {
		t.Errorf("the window still holds %d outcomes", d.n)
	}
}

func near(a, b float64) bool { return a-b < 1e-6*(1+b) && b-a < 1e-6*(1+b) }
