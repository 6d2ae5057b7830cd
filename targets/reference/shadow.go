package reference

import (
	"math"
	"slices"
	"sync/atomic"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/prometheus/client_golang/prometheus"
)

// maxShadowed is how many requests a shadow has taken on at most; it leaves further ones out.
const maxShadowed = 64

// sameValue is how far two values of a regression may be apart, as a part of the larger one,
// and count as the same.
const sameValue = 1e-5

// shadow is an Observer that has another version predict a share of what was answered, after
// the answer, and compares what it says with what was answered. One request at a time is
// predicted, and the rest waits, within a bound.
type shadow struct {
	model   protocol.Model
	share   float64
	counts  shadowCounts
	drawn   atomic.Uint64
	waiting chan struct{} // has room for those that wait and the one that is predicted
	turn    chan struct{} // has room for the one that is predicted
}

// shadowCounts are what is counted of a shadow.
type shadowCounts struct{ compared, dropped, failed, same, different prometheus.Counter }

func newShadow(model protocol.Model, share float64, counts shadowCounts) *shadow {
	return &shadow{model: model, share: share, counts: counts, waiting: make(chan struct{}, maxShadowed), turn: make(chan struct{}, 1)}
}

// Observe implements protocol.Observer.
func (s *shadow) Observe(i protocol.Inference) {
	if i.Scores == nil || protocol.Drawn(s.drawn.Add(1)) >= s.share {
		return
	}
	select {
	case s.waiting <- struct{}{}:
		go s.predict(slices.Clone(i.Features), slices.Clone(i.Scores), i.Rows)
	default:
		s.counts.dropped.Inc()
	}
}

func (s *shadow) predict(features, answered []float32, rows int) {
	s.turn <- struct{}{}
	defer func() {
		if recover() != nil { // nobody waits for the answer of a model that panics
			s.counts.failed.Inc()
		}
		<-s.turn
		<-s.waiting
	}()
	scores, err := s.model.PredictRows(nil, features, rows)
	if err != nil {
		s.counts.failed.Inc()
		return
	}
	s.counts.compared.Inc()
	n := differing(s.model, answered, scores)
	s.counts.same.Add(float64(rows - n))
	s.counts.different.Add(float64(n))
}

// differing counts the rows for which two versions of a model say different classes, or values.
func differing(m protocol.Model, a, b []float32) (n int) {
	for i, width := 0, m.Scores(); i < len(a); i += width {
		same := generators.MostLikely(a[i:i+width]) == generators.MostLikely(b[i:i+width])
		if len(m.Schema.Classes) == 0 {
			x, y := float64(a[i]), float64(b[i])
			same = math.Abs(x-y) <= sameValue*max(math.Abs(x), math.Abs(y))
		}
		if !same {
			n++
		}
	}
	return n
}
