package overhead

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
)

// splitSample is what a target's split is computed from: the same rounds of both
// phases, of the target and of the base.
type splitSample struct{ overhead, whole, baseOverhead, baseWhole *stat.Sample }

// split holds the parts in nanoseconds.
type split struct{ overhead, model, baseOverhead, baseModel float64 }

// at is the split of one drawing of rounds, each as often as times says; false
// when a phase has no answer in it.
func (s splitSample) at(q float64, times []int64) (split, bool) {
	var v [4]float64
	for i, one := range []*stat.Sample{s.overhead, s.whole, s.baseOverhead, s.baseWhole} {
		value, ok := one.QuantileOfRounds(q, times)
		if !ok {
			return split{}, false
		}
		v[i] = float64(value)
	}
	return split{v[0], v[1] - v[0], v[2], v[3] - v[2]}, true
}

// overheadResamples are more than elsewhere, for the widened percentiles lie far out.
const overheadResamples = 5000

// resample draws rounds, with replacement, as many as there are, and the same
// ones from all four samples: what a round has in common for both phases and
// both targets stays together.
func (s splitSample) resample(q float64, rounds int, seed uint64) []split {
	rng := rand.New(rand.NewPCG(seed, math.Float64bits(q)))
	times := make([]int64, rounds)
	var all []split
	for range overheadResamples {
		clear(times)
		for range times {
			times[rng.IntN(len(times))]++
		}
		if one, ok := s.at(q, times); ok {
			all = append(all, one)
		}
	}
	return all
}

// fill computes the row's parts. The base has no ratio to itself.
func (s splitSample) fill(row *Row, base bool, seed uint64) {
	once := slices.Repeat([]int64{1}, row.Rounds)
	whole, ok := s.at(row.Q, once)
	if !ok {
		row.Known = false
		return
	}
	var drawn []split
	if row.Rounds >= fewOverheadRounds {
		drawn = s.resample(row.Q, row.Rounds, seed)
	}
	overhead, model := func(v split) float64 { return v.overhead }, func(v split) float64 { return v.model }
	baseOverhead, baseModel := func(v split) float64 { return v.baseOverhead }, func(v split) float64 { return v.baseModel }
	tail := stat.ExpandedTail(row.Rounds)
	row.Whole = time.Duration(whole.overhead + whole.model)
	row.Overhead, row.Model = newPart(overhead, whole, drawn, tail), newPart(model, whole, drawn, tail)
	if base {
		return
	}
	row.Overhead.compare(newPart(baseOverhead, whole, drawn, tail), overhead, baseOverhead, whole, drawn, tail)
	row.Model.compare(newPart(baseModel, whole, drawn, tail), model, baseModel, whole, drawn, tail)
}

func newPart(of func(split) float64, whole split, drawn []split, tail float64) Part {
	p := Part{Value: time.Duration(of(whole)), ToldApart: of(whole) > 0}
	if len(drawn) == 0 {
		return p
	}
	low, high := ends(drawn, of, tail)
	if low == high {
		return p // rounds without any spread do not tell one
	}
	p.HasInterval, p.Low, p.High = true, time.Duration(low), time.Duration(high)
	p.ToldApart = p.ToldApart && low > 0
	return p
}

// compare sets the ratio to the base's part where both are told apart from
// nothing: a ratio to noise says nothing. Drawings in which the base's part is
// none count as endless.
func (p *Part) compare(base Part, of, baseOf func(split) float64, whole split, drawn []split, tail float64) {
	if !p.ToldApart || !base.ToldApart {
		return
	}
	ratio := func(v split) float64 {
		if baseOf(v) <= 0 {
			return math.Inf(1)
		}
		return of(v) / baseOf(v)
	}
	p.HasRatio, p.Ratio = true, ratio(whole)
	if len(drawn) == 0 {
		return
	}
	p.RatioLow, p.RatioHigh = ends(drawn, ratio, tail)
	if p.HasRatioInterval = !math.IsInf(p.RatioHigh, 0) && p.RatioLow < p.RatioHigh; !p.HasRatioInterval {
		p.RatioLow, p.RatioHigh = 0, 0
	}
}

// ends cuts the tail off both sides of the resampled values.
func ends(drawn []split, of func(split) float64, tail float64) (low, high float64) {
	values := make([]float64, len(drawn))
	for i, v := range drawn {
		values[i] = of(v)
	}
	slices.Sort(values)
	cut := int(tail * float64(len(values)))
	return values[cut], values[len(values)-1-cut]
}
