package attack

import (
	"math"
	"runtime/metrics"
	"time"
)

// The runtime's histograms that tell of the generator's own disturbances.
const (
	schedLatencies = "/sched/latencies:seconds"       // ready goroutines waiting for a thread
	gcPauses       = "/sched/pauses/total/gc:seconds" // the world stopped for a collection
)

// latencies is a histogram of the runtime's, as counted so far or between two
// readings.
type latencies struct {
	counts []uint64
	bounds []float64 // in seconds, of the buckets, one more than counts; the runtime's, not to be changed
}

// readLatencies reads the runtime's histograms.
func readLatencies() (sched, pauses latencies) {
	samples := []metrics.Sample{{Name: schedLatencies}, {Name: gcPauses}}
	metrics.Read(samples)
	return latenciesOf(samples[0]), latenciesOf(samples[1])
}

// latenciesOf returns an empty histogram where this runtime has none.
func latenciesOf(s metrics.Sample) latencies {
	if s.Value.Kind() != metrics.KindFloat64Histogram {
		return latencies{}
	}
	h := s.Value.Float64Histogram()
	return latencies{counts: h.Counts, bounds: h.Buckets}
}

// since returns what was counted after an earlier reading.
func (l latencies) since(earlier latencies) latencies {
	counts := make([]uint64, len(l.counts))
	for i, n := range l.counts {
		counts[i] = n
		if i < len(earlier.counts) {
			counts[i] -= earlier.counts[i]
		}
	}
	return latencies{counts: counts, bounds: l.bounds}
}

// quantile returns the upper bound of the bucket that the q-quantile is in, 0 < q
// ≤ 1; 0 of no values. Of the last bucket, which has no upper bound, it is the
// lower one.
func (l latencies) quantile(q float64) time.Duration {
	var total, sum uint64
	for _, n := range l.counts {
		total += n
	}
	rank := uint64(math.Ceil(q * float64(total)))
	for i, n := range l.counts {
		if sum += n; n > 0 && sum >= rank {
			bound := l.bounds[i+1]
			if math.IsInf(bound, 1) {
				bound = l.bounds[i]
			}
			return time.Duration(bound * float64(time.Second))
		}
	}
	return 0
}
