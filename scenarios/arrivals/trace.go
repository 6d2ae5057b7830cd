package arrivals

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// Trace is a recording of arrivals to be replayed: of their Times, or of their
// Counts per Interval.
type Trace struct {
	Times    []time.Duration // ascending
	Counts   []int64         // each at least 0
	Interval time.Duration   // above 0 with Counts
	// Speed is how many times faster than recorded it is replayed; 0: 1.
	Speed float64
	// Scale is by how much the number of arrivals is multiplied, in every part of
	// the trace alike; 0: 1, or what Config.Rate asks for.
	Scale float64
}

// replay is a trace with what is asked of it.
type replay struct {
	Trace
	duration time.Duration // replayed
	scale    float64
	recorded float64 // arrivals within the duration, before scale
	peak     float64 // of them, per second
	// most is how many of them are due within a second, or in one interval of counts
	// that is longer, by second.
	most float64
}

func newTrace(c Config) (Process, error) {
	r, err := c.newReplay()
	if err != nil {
		return nil, err
	}
	if r.Counts == nil {
		r.cutTimes(c.Duration)
	} else {
		r.measureCounts()
	}
	if r.recorded == 0 {
		return nil, &Mistake{ParamTrace, fmt.Sprintf("no arrival within %v", r.duration), "a trace with arrivals in it"}
	}
	if err := r.setScale(c.Rate); err != nil {
		return nil, err
	}
	if most := r.most * r.scale; most > MaxRate {
		return nil, &Mistake{ParamTrace, fmt.Sprintf("%.0f arrivals within a second", most), fmt.Sprintf("at most %.0f, which are more than one machine sends", MaxRate)}
	}
	if r.Counts == nil {
		return process{r.shape(), r.yieldTimes}, nil
	}
	s, err := spreadNamed(c.Gaps)
	if err != nil {
		return nil, err
	}
	return piecewise(r.shape(), r.stretches, s), nil
}

// newReplay checks what does not depend on the kind of trace, and finds out how
// long it is.
func (c Config) newReplay() (*replay, error) {
	if c.Trace == nil || len(c.Trace.Times)+len(c.Trace.Counts) == 0 {
		return nil, &Mistake{ParamTrace, "none", "a recording of arrivals"}
	}
	r := &replay{Trace: *c.Trace, scale: 1}
	if r.Speed == 0 {
		r.Speed = 1
	}
	if err := r.checkFactors(); err != nil {
		return nil, err
	}
	if c.Duration < 0 {
		return nil, checkLasting(ParamDuration, c.Duration)
	}
	whole := r.length()
	if !(whole < math.MaxInt64) {
		return nil, &Mistake{ParamTrace, "a recording too long to replay", "a higher speed"}
	}
	r.duration = c.Duration
	switch {
	case c.Duration > 0 && (r.Counts == nil || float64(c.Duration) <= whole):
	case c.Duration > 0:
		return nil, &Mistake{ParamDuration, fmt.Sprintf("%v, which is beyond the end of the trace", c.Duration), fmt.Sprintf("at most %v", time.Duration(whole))}
	case whole < 1:
		return nil, &Mistake{ParamTrace, "all its arrivals are at one moment, so that it has no duration", "a duration beside it"}
	default:
		r.duration = time.Duration(whole)
	}
	return r, nil
}

func (t *Trace) checkFactors() error {
	if t.Counts != nil && t.Interval <= 0 {
		return &Mistake{ParamTrace, fmt.Sprintf("counts of intervals of %v", t.Interval), "intervals of more than 0s"}
	}
	for _, factor := range []struct {
		name  string
		value float64
	}{{"speed", t.Speed}, {"scale", t.Scale}} {
		if !(factor.value >= 0) || math.IsInf(factor.value, 0) {
			return &Mistake{ParamTrace, fmt.Sprintf("a %s of %v", factor.name, factor.value), "a finite number above 0"}
		}
	}
	return nil
}

// length is how long the trace takes in nanoseconds, replayed: of times, up to the
// last one and one mean gap more.
func (r *replay) length() float64 {
	if r.Counts != nil {
		return float64(len(r.Counts)) * r.interval()
	}
	n := float64(len(r.Times))
	if n < 2 {
		return 0
	}
	return math.Ceil(float64(r.Times[len(r.Times)-1]-r.Times[0]) * n / (n - 1) / r.Speed)
}

// interval is how long the arrivals of one count take, replayed, in nanoseconds.
func (r *replay) interval() float64 { return float64(r.Interval) / r.Speed }

func (r *replay) setScale(rate float64) error {
	switch {
	case rate != 0 && r.Scale != 0:
		return &Mistake{ParamRate, "the trace's rate is set by its scale already", "one or the other"}
	case rate != 0:
		if err := checkPositive(ParamRate, rate); err != nil {
			return err
		}
		r.scale = rate * r.duration.Seconds() / r.recorded
	case r.Scale != 0:
		r.scale = r.Scale
	}
	return checkCountable(r.recorded*r.scale/r.duration.Seconds(), r.duration)
}

func (r *replay) shape() Shape {
	expected := r.recorded * r.scale
	return Shape{
		Arrivals: int64(math.Round(expected)),
		Duration: r.duration,
		Rate:     expected / r.duration.Seconds(),
		Peak:     r.peak * r.scale,
	}
}

// cutTimes leaves out the times from a duration on, as replayed; 0: none.
func (r *replay) cutTimes(duration time.Duration) {
	if duration > 0 {
		n := sort.Search(len(r.Times), func(k int) bool { return r.replayedAt(k) >= duration })
		r.Times = r.Times[:n]
	}
	r.recorded = float64(len(r.Times))
	r.most = r.busiest()
	r.peak = r.most / min(time.Second, r.duration).Seconds()
}

func (r *replay) replayedAt(k int) time.Duration {
	return time.Duration(float64(r.Times[k]-r.Times[0]) / r.Speed)
}

// busiest is the most arrivals recorded that are replayed within a second, or in
// all where it is over sooner.
func (r *replay) busiest() float64 {
	window := min(time.Second, r.duration)
	most, first := 0, 0
	for k := range r.Times {
		for r.replayedAt(k)-r.replayedAt(first) >= window {
			first++
		}
		most = max(most, k-first+1)
	}
	return float64(most)
}

// MostPerLine is the most arrivals that a line of a trace of counts may have: as many
// as may be due in its interval, or within a second where that is longer. Where the
// trace is scaled to a rate, it is as many as can be counted.
func MostPerLine(interval time.Duration, speed, scale, rate float64) int64 {
	if rate > 0 {
		return maxArrivals
	}
	if speed > 0 {
		interval = time.Duration(float64(interval) / speed)
	}
	most := MaxRate * max(interval, time.Second).Seconds()
	if scale > 0 {
		most /= scale
	}
	return int64(min(most, maxArrivals))
}

// measureCounts adds up the counts within the duration. Of an interval that is cut, as
// large a part of its arrivals belongs to it.
func (r *replay) measureCounts() {
	r.recorded, r.peak, r.most = 0, 0, 0
	second := float64(time.Second)
	window := max(1, int(second/r.interval())) // whole intervals
	var inWindow float64
	i := 0
	for start, count := range r.countsWithin {
		r.recorded += count
		r.peak = max(r.peak, count/min(r.interval(), float64(r.duration)-start)*second)
		if inWindow += count; i >= window {
			inWindow -= float64(r.Counts[i-window])
		}
		r.most = max(r.most, inWindow/max(1, r.interval()/second))
		i++
	}
}

// countsWithin yields the start of each interval, in nanoseconds, and the arrivals
// recorded in it, as far as the duration goes.
func (r *replay) countsWithin(yield func(start, count float64) bool) {
	width := r.interval()
	for i, count := range r.Counts {
		start := float64(i) * width
		left := float64(r.duration) - start
		if left <= 0 || !yield(start, float64(count)*min(left/width, 1)) {
			return
		}
	}
}

// stretches are the intervals with the arrivals that are replayed in each: up to
// the end of each interval, those recorded times the scale, rounded.
func (r *replay) stretches(yield func(stretch) bool) {
	width := r.interval()
	var recorded float64
	var before int64
	for start, count := range r.countsWithin {
		recorded += count
		upTo := int64(math.Round(recorded * r.scale))
		if !yield(stretch{start, min(width, float64(r.duration)-start), upTo - before}) {
			return
		}
		before = upTo
	}
}

// yieldTimes yields the times of a trace. Where fewer are wanted than recorded,
// some are left out; where more, each comes as often as the others, or once more,
// first at its own time and then at random ones before the next. Which it is,
// selection sampling decides, so that their number is exact (D. E. Knuth, The Art
// of Computer Programming, volume 2, section 3.4.2, algorithm S). However many are
// added, they are drawn one after the other, and none is held.
func (r *replay) yieldTimes(rng *rand.Rand, yield func(time.Duration) bool) {
	recorded, wanted := int64(len(r.Times)), r.shape().Arrivals
	each, more := wanted/recorded, wanted%recorded
	spread := drawnGaps(1)
	for k := range recorded {
		times := each
		if more > 0 && rng.Int64N(recorded-k) < more {
			more--
			times++
		}
		if times == 0 {
			continue
		}
		first, room := r.gap(int(k))
		if !yield(first) {
			return
		}
		goOn := spread(rng, times-1, func(x float64) bool {
			// Rounding must put none on the next one's time.
			return yield(first + min(time.Duration(x*float64(room)), max(room-1, 0)))
		})
		if !goOn {
			return
		}
	}
}

// gap returns when the k-th arrival is due, and how long before the next one or
// the end.
func (r *replay) gap(k int) (first, room time.Duration) {
	first = r.replayedAt(k)
	if k+1 < len(r.Times) {
		return first, r.replayedAt(k+1) - first
	}
	return first, r.duration - first
}
