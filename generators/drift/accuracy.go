package drift

import (
	"math"
	"time"
)

// Accuracy is the share of right answers among the last outcomes. It is for one goroutine.
type Accuracy struct {
	width   time.Duration
	buckets []rolled
	right   int64
	n       int64
	added   int64 // outcomes; those of a count are numbered by them
	latest  int64 // part of a span
}

// rolled is a part of the outcomes: one, or those of a moment.
type rolled struct {
	at       int64 // the number of the part since the beginning
	right, n int64
}

// spanParts is how many parts a span is divided into, and so how exactly it ends: to 1 %.
const spanParts = 100

// NewAccuracy returns the accuracy of the last so many outcomes, at least 1.
func NewAccuracy(outcomes int) *Accuracy { return &Accuracy{buckets: make([]rolled, max(1, outcomes))} }

// NewAccuracyOver returns the accuracy of the outcomes of the last span, at least 100 ns, to
// within 1 % of it, in memory that does not depend on how many there are.
func NewAccuracyOver(span time.Duration) *Accuracy {
	return &Accuracy{width: max(1, span/spanParts), buckets: make([]rolled, spanParts)}
}

// Add adds an outcome at a time since any beginning, which must not fall; without a span it
// does not matter.
func (a *Accuracy) Add(at time.Duration, right bool) {
	part := a.added
	if a.width > 0 {
		part = int64(at / a.width)
		a.expire(part)
	}
	b := &a.buckets[part%int64(len(a.buckets))]
	if b.at != part || a.width == 0 {
		a.right, a.n = a.right-b.right, a.n-b.n
		*b = rolled{at: part}
	}
	b.n++
	a.n++
	if right {
		b.right++
		a.right++
	}
	a.added++
}

// expire forgets what is older than the span that ends with the part.
func (a *Accuracy) expire(part int64) {
	if part == a.latest {
		return
	}
	a.latest = part
	for i := range a.buckets {
		if b := &a.buckets[i]; b.n > 0 && b.at <= part-int64(len(a.buckets)) {
			a.right, a.n = a.right-b.right, a.n-b.n
			*b = rolled{}
		}
	}
}

// Share is a share of outcomes with its 95 % interval. N = 0: not known.
type Share struct {
	Right, N         int64
	Value, Low, High float64
}

// At is the accuracy at a time, which must not be before the last outcome's; without a span it
// does not matter.
func (a *Accuracy) At(at time.Duration) Share {
	if a.width > 0 {
		a.expire(int64(at / a.width))
	}
	return NewShare(a.right, a.n)
}

// NewShare is the share of right answers with the interval of E. B. Wilson, "Probable
// inference, the law of succession, and statistical inference", Journal of the American
// Statistical Association 22 (1927), which costs next to nothing to compute again with every
// look at a window. It takes the outcomes to be independent. Without any it is the zero Share.
func NewShare(right, n int64) Share {
	if n <= 0 {
		return Share{}
	}
	const z = 1.959963984540054 // the 97.5 % point of the normal distribution
	total, p := float64(n), float64(right)/float64(n)
	center := (p + z*z/(2*total)) / (1 + z*z/total)
	half := z / (1 + z*z/total) * math.Sqrt(p*(1-p)/total+z*z/(4*total*total))
	return Share{right, n, p, max(0, center-half), min(1, center+half)}
}
