package validity

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
)

// noise makes the medians of the seconds of some rounds: a level of the round's
// own, and a deviation from it that neighbouring seconds share by rho, of the
// given standard deviation. The last quarter is slower by the factor.
type noise struct {
	rounds, seconds int
	rho, deviation  float64
	factor          float64
}

func (n noise) draw(rng *rand.Rand) []stat.Stretch {
	var all []stat.Stretch
	for range n.rounds {
		level := float64(time.Millisecond) * math.Exp(0.1*rng.NormFloat64())
		off := rng.NormFloat64()
		var s stat.Stretch
		for i := range n.seconds {
			if i > 0 {
				off = n.rho*off + math.Sqrt(1-n.rho*n.rho)*rng.NormFloat64()
			}
			v := level * math.Exp(n.deviation*off)
			if 4*i >= 3*n.seconds {
				s.End = append(s.End, v*n.factor)
			} else {
				s.Begin = append(s.Begin, v)
			}
		}
		all = append(all, s)
	}
	return all
}

// share is how often a drift is told.
func (n noise) share(runs int) float64 {
	rng := rand.New(rand.NewPCG(7, uint64(n.rounds*1000+n.seconds)))
	told := 0
	for range runs {
		if newDrift(n.draw(rng)).matters() {
			told++
		}
	}
	return float64(told) / float64(runs)
}

// Stationary noise is told as a drift in fewer than 2 of 100 phases, whether
// seconds are independent or alike, quiet or as restless as on a shared machine.
func TestStationaryNoiseIsNoDrift(t *testing.T) {
	for _, n := range []noise{
		{1, 8, 0, 0.05, 1}, {3, 10, 0, 0.05, 1}, {5, 10, 0, 0.15, 1}, {1, 120, 0, 0.3, 1},
		{1, 60, 0.5, 0.1, 1}, {3, 10, 0.5, 0.1, 1}, {5, 20, 0.5, 0.15, 1}, {5, 10, 0.7, 0.1, 1}, {1, 300, 0.7, 0.15, 1},
	} {
		share := n.share(3000)
		if share >= 0.02 {
			t.Errorf("%+v: told in %s, want fewer than 2 %%", n, format.Percent(share))
		}
	}
}

// A last quarter that is 30 % slower or faster is found where there are enough
// seconds to tell.
func TestDriftIsFound(t *testing.T) {
	for _, n := range []noise{
		{3, 10, 0, 0.05, 1.3}, {5, 10, 0.3, 0.05, 1.3}, {1, 120, 0.5, 0.1, 1.3}, {5, 20, 0.5, 0.1, 1 / 1.3},
	} {
		share := n.share(500)
		if share < 0.9 {
			t.Errorf("%+v: told in %s, want at least 90 %%", n, format.Percent(share))
		}
	}
	d := newDrift(noise{3, 20, 0, 0.01, 1.3}.draw(rand.New(rand.NewPCG(1, 1))))
	if math.Abs(d.change-0.3) > 0.03 {
		t.Errorf("change %v, want about 0.3", d.change)
	}
}

// Changes of a few microseconds matter to nobody, however sure they are.
func TestSmallDriftDoesNotMatter(t *testing.T) {
	s := noise{1, 40, 0, 0.02, 1.3}.draw(rand.New(rand.NewPCG(1, 1)))[0]
	for _, part := range [][]float64{s.Begin, s.End} {
		for i := range part {
			part[i] /= 10
		}
	}
	if d := newDrift([]stat.Stretch{s}); d.chance >= driftAlpha || d.matters() {
		t.Errorf("%+v: want it certain, and too small to matter", d)
	}
}
