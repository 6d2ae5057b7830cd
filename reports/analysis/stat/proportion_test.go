package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// The intervals are those of R 4.3, binom.test, and hold the binomial's tails.
func TestExactInterval(t *testing.T) {
	for _, tt := range []struct {
		k, n      int64
		low, high float64
	}{
		{0, 10, 0, 0.3084971},
		{1, 10, 0.002528579, 0.4450161},
		{5, 10, 0.187086, 0.812914},
		{10, 10, 0.6915029, 1},
		{3, 3, 0.292401774, 1},
		{0, 5000, 0, 0.000737504},
	} {
		p := NewProportion(tt.k, tt.n)
		if math.Abs(p.Low-tt.low) > 1e-5*max(tt.low, 1e-3) || math.Abs(p.High-tt.high) > 1e-5*max(tt.high, 1e-3) {
			t.Errorf("%d of %d: [%.8g, %.8g], want [%.8g, %.8g]", tt.k, tt.n, p.Low, p.High, tt.low, tt.high)
		}
	}
	if p := NewProportion(0, 0); p != (Proportion{}) {
		t.Errorf("0 of 0: %+v", p)
	}
	for _, n := range []int64{1, 2, 10, 100, 400, 5000, 1_000_000} {
		for k := range min(n, 60) + 1 {
			p, binomial := NewProportion(k, n), func(p float64) distuv.Binomial { return distuv.Binomial{N: float64(n), P: p} }
			if below := binomial(p.Low).CDF(float64(k - 1)); k > 0 && math.Abs(1-below-Unlikely) > 1e-6 {
				t.Errorf("%d of %d: as many or more with a probability of %v at %v", k, n, 1-below, p.Low)
			}
			if upTo := binomial(p.High).CDF(float64(k)); k < n && math.Abs(upTo-Unlikely) > 1e-6 {
				t.Errorf("%d of %d: as many or fewer with a probability of %v at %v", k, n, upTo, p.High)
			}
		}
	}
}

// Answers to requests that come round again tell no more than one round of
// them.
func TestRepeatedAnswersDoNotNarrow(t *testing.T) {
	once, often := NewProportion(90, 100), Repeated([]Counts{{4500, 5000}, {4500, 5000}}, 100)
	if often.Low != once.Low || often.High != once.High {
		t.Errorf("10000 answers to 100 examples: [%v, %v], want [%v, %v]", often.Low, often.High, once.Low, once.High)
	}
	if unknown := Repeated([]Counts{{9000, 10000}}, 0); unknown != NewProportion(9000, 10000) {
		t.Errorf("without knowing how many examples: %+v", unknown)
	}
}

// The ranks hold the quantile with at least 95 %, and narrower ones would not.
func TestOrderRanks(t *testing.T) {
	for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
		for _, n := range []int64{1, 7, 20, 100, 1000, 10000, 300000} {
			low, high := orderRanks(q, n)
			below := distuv.Binomial{N: float64(n), P: q}
			holds := func(low, high int64) float64 {
				p := 1.0
				if high <= n {
					p = below.CDF(float64(high - 1))
				}
				if low > 0 {
					p -= below.CDF(float64(low - 1))
				}
				return p
			}
			if p := holds(low, high); p < 0.95-1e-9 {
				t.Errorf("q = %v, n = %d: ranks %d and %d hold it with %.4f", q, n, low, high, p)
			}
			if low < 0 || high > n+1 || low >= high {
				t.Errorf("q = %v, n = %d: ranks %d and %d", q, n, low, high)
			}
			if n >= 1000 && holds(low+1, high-1) >= 0.95 {
				t.Errorf("q = %v, n = %d: ranks %d and %d are wider than needed", q, n, low, high)
			}
		}
	}
}

// With fewer blocks than can be resampled, the interval comes from order
// statistics and still holds the median of independent values.
func TestFewBlocksUseOrderStatistics(t *testing.T) {
	const trials = 400
	held := 0
	for trial := range trials {
		rng := rand.New(rand.NewPCG(uint64(trial), 1))
		var blocks []Tally
		for range fewBlocks - 1 {
			var all []Tally
			for range 30 {
				all = append(all, Tally{{int64(1e6 * rng.Float64()), 1}})
			}
			blocks = append(blocks, Merge(all))
		}
		b := NewSample([][]Tally{blocks}).Intervals([]float64{0.5}, 1)[0]
		if b.Low <= 5e5 && 5e5 <= b.High {
			held++
		}
	}
	if share := float64(held) / trials; share < 0.92 || share > 0.99 {
		t.Errorf("%.3f of the intervals hold the median, want about 0.95", share)
	}
}
