package drift

import "math"

// adwin is the detector of that name: an exponential histogram of the outcomes since the last
// change, whose length follows from them.
type adwin struct {
	spending Spending
	looks    int
	rows     [][]bucket // row i holds buckets of 2^i outcomes, the oldest first
	n        int        // outcomes in all buckets
	added    int        // outcomes since the last alarm
	window   bucket
	last     Result
}

// bucket is a part of the outcomes: how many were wrong, and the sum of the squared deviations
// from their mean.
type bucket struct{ sum, deviation float64 }

const (
	adwinBuckets = 5   // of one size, beyond which two are merged
	adwinEvery   = 32  // outcomes from look to look
	adwinLeast   = 5   // the shortest part that is compared
	adwinHalf    = 300 // looks after which one half of what it may err is spent
	// leastOutcomes is before how many outcomes a stream is TooFew.
	leastOutcomes = 128
)

// NewADWIN returns the detector adwin: A. Bifet and R. Gavaldà, "Learning from time-changing
// data with adaptive windowing", SIAM International Conference on Data Mining (2007), in its
// second version, which keeps O(log n) numbers. Every 32 outcomes it compares each older part
// of its window with the rest. The statistic is the share of wrong answers in the recent part
// less that in the older part, at the cut where it is furthest; the threshold is the bound of
// the paper's theorem 3.2 with variance, in the same unit. Where the recent part is better,
// the older one is forgotten.
func NewADWIN(s Spending) StreamDetector { return &adwin{spending: s, last: Result{State: TooFew}} }

// Add implements StreamDetector.
func (d *adwin) Add(wrong bool) Result {
	if d.last.State == Drift {
		d.rows, d.n, d.added, d.window, d.last = nil, 0, 0, bucket{}, Result{State: TooFew}
	}
	d.insert(wrong)
	d.added++
	d.last.N = d.n
	switch {
	case d.n < leastOutcomes:
		d.last = Result{State: TooFew, N: d.n}
		return d.last
	case d.added%adwinEvery != 0:
		return d.last
	}
	d.looks++
	for delta := d.spending.At(d.looks); ; {
		cut := d.furthestCut(delta)
		d.last = Result{State: Stable, Statistic: cut.rise, Threshold: cut.bound, N: d.n}
		switch {
		case cut.rise > cut.bound:
			d.last.State = Drift
			return d.last
		case cut.fall > cut.fallBound:
			if d.forget(); d.n >= leastOutcomes {
				continue
			}
			d.last = Result{State: TooFew, N: d.n}
		}
		return d.last
	}
}

func (d *adwin) insert(wrong bool) {
	b := bucket{}
	if wrong {
		b.sum = 1
	}
	d.window = merge(d.window, float64(d.n), b, 1)
	d.n++
	for i := 0; ; i++ {
		if i == len(d.rows) {
			d.rows = append(d.rows, nil)
		}
		row := append(d.rows[i], b)
		d.rows[i] = row
		if len(row) <= adwinBuckets {
			return
		}
		size := float64(int64(1) << i)
		b = merge(row[0], size, row[1], size)
		d.rows[i] = append(row[:0], row[2:]...)
	}
}

// merge puts two parts of n and m outcomes together: T. F. Chan, G. H. Golub, R. J. LeVeque,
// "Algorithms for computing the sample variance", The American Statistician 37 (1983).
func merge(a bucket, n float64, b bucket, m float64) bucket {
	if n == 0 {
		return b
	}
	apart := a.sum/n - b.sum/m
	return bucket{a.sum + b.sum, a.deviation + b.deviation + apart*apart*n*m/(n+m)}
}

// forget removes the oldest bucket.
func (d *adwin) forget() {
	last := len(d.rows) - 1
	oldest, size := d.rows[last][0], float64(int64(1)<<last)
	if d.rows[last] = d.rows[last][1:]; len(d.rows[last]) == 0 {
		d.rows = d.rows[:last]
	}
	rest := float64(d.n) - size
	sum := d.window.sum - oldest.sum
	apart := oldest.sum/size - sum/rest
	d.window = bucket{sum, max(0, d.window.deviation-oldest.deviation-apart*apart*size*rest/(size+rest))}
	d.n -= int(size)
}

// cut is where the parts of the window differ most, measured by the bound: by how much the
// recent part is worse, and where it is better.
type cut struct{ rise, bound, fall, fallBound float64 }

func (d *adwin) furthestCut(delta float64) cut {
	n := float64(d.n)
	variance := d.window.deviation / n
	level := math.Log(2 * math.Log(n) / delta)
	found := cut{rise: math.Inf(-1), bound: 1, fall: math.Inf(-1), fallBound: 1}
	older, wrong := 0.0, 0.0
	for i := len(d.rows) - 1; i >= 0; i-- {
		for _, b := range d.rows[i] {
			older += float64(int64(1) << i)
			wrong += b.sum
			recent := n - older
			if older < adwinLeast+1 || recent < adwinLeast+1 {
				continue
			}
			// The parts count for a little less than they hold, as MOA and river have it.
			m := 1/(older-adwinLeast+1) + 1/(recent-adwinLeast+1)
			bound := math.Sqrt(2*m*variance*level) + 2.0/3*m*level
			rise := (d.window.sum-wrong)/recent - wrong/older
			if rise/bound > found.rise/found.bound {
				found.rise, found.bound = rise, bound
			}
			if -rise/bound > found.fall/found.fallBound {
				found.fall, found.fallBound = -rise, bound
			}
		}
	}
	return found
}
