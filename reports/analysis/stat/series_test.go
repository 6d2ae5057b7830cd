package stat

import (
	"math"
	"testing"
)

// seconds makes a round of seconds of 200 requests, so many of each over a limit of 1 ms.
func seconds(over ...int64) (round []Tally) {
	for _, k := range over {
		round = append(round, Tally{{1e6, perBlock - k}, {2e6, k}})
	}
	return round
}

// TestOneSidedBounds: at 2.5 % they are the ends of the interval.
func TestOneSidedBounds(t *testing.T) {
	for _, p := range []Proportion{NewProportion(0, 100), NewProportion(7, 100), NewProportion(100, 100)} {
		if low, high := p.Least(Unlikely), p.Most(Unlikely); math.Abs(low-p.Low) > 1e-12 || math.Abs(high-p.High) > 1e-12 {
			t.Errorf("%d of %d: %v to %v, want %v to %v", p.K, p.N, low, high, p.Low, p.High)
		}
	}
	if most := (Proportion{}).Most(0.05); most != 1 {
		t.Errorf("of nothing at most %v, want 1", most)
	}
}

// TestRequestsInAQueueAreWorthLess: the more they come together, from second to second, over
// neighbouring ones, or from round to round.
func TestRequestsInAQueueAreWorthLess(t *testing.T) {
	even := [][]Tally{seconds(4, 5, 3, 4, 4, 5, 3, 4), seconds(5, 4, 4, 3, 4, 3, 5, 4)}
	lone := [][]Tally{seconds(32, 0, 0, 0, 0, 0, 0, 0), seconds(0, 0, 0, 32, 0, 0, 0, 0)}
	neighbours := [][]Tally{seconds(16, 16, 0, 0, 0, 0, 0, 0), seconds(0, 0, 0, 16, 16, 0, 0, 0)}
	apart := [][]Tally{seconds(16, 0, 0, 16, 0, 0, 0, 0), seconds(0, 0, 0, 16, 0, 0, 16, 0)}
	rounds := [][]Tally{seconds(8, 8, 9, 8, 7, 8, 8, 8), seconds(0, 0, 0, 0, 0, 0, 0, 0)}
	effective := func(all [][]Tally) float64 { return NewSample(all).OverInQueue(1e6, 0.98).Effective }
	if got := effective(even); got != 2*8*perBlock {
		t.Errorf("even: %v, want all of them", got)
	}
	for name, pair := range map[string][2][][]Tally{
		"in a second": {lone, even}, "in neighbouring seconds": {neighbours, apart}, "in a round": {rounds, even},
	} {
		if less, more := effective(pair[0]), effective(pair[1]); less > 0.8*more {
			t.Errorf("%s: %v, and %v where they are not", name, less, more)
		}
	}
	if p := NewSample(nil).OverInQueue(1e6, 0.99); p != (Proportion{}) {
		t.Errorf("of nothing %+v", p)
	}
}

// TestNothingOverIsToldByTheRest: a queue that keeps the limit is worth no more requests than
// its slowest tell, unless they are far below it.
func TestNothingOverIsToldByTheRest(t *testing.T) {
	clustered := NewSample([][]Tally{seconds(32, 0, 0, 0, 0, 0, 0, 0), seconds(0, 0, 0, 32, 0, 0, 0, 0)})
	if p := clustered.OverInQueue(3e6, 0.99); p.K != 0 || p.Effective > 0.2*float64(p.N) {
		t.Errorf("near the limit: %+v", p)
	}
	if p := clustered.OverInQueue(5e6, 0.99); p.K != 0 || p.Effective != float64(p.N) {
		t.Errorf("far below the limit: %+v", p)
	}
}
