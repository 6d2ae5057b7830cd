package attack

import (
	"time"

	"servebench/reports/record"
)

// gaps compares the gaps between requests as planned and as sent, in the order
// they were due. Results come in another order, so the stamps of a request wait
// in a ring until those before it are there.
type gaps struct {
	ring []stamps // by sequence number; the length is a power of two
	low  uint64   // the first sequence number whose stamps are not there yet
	high uint64   // above all whose are

	last          stamps // those of the request below low
	planned, sent scatter
}

// stamps are when a request was due and sent.
type stamps struct {
	due, sent time.Duration
	state     stampState
}

type stampState uint8

const (
	absent  stampState = iota // no result came
	stamped                   // the request was sent
	skipped                   // it never was
)

func newGaps() *gaps { return &gaps{ring: make([]stamps, 64)} }

func (g *gaps) slot(seq uint64) *stamps { return &g.ring[seq&uint64(len(g.ring)-1)] }

// add takes the stamps of a request, in any order, once for each.
func (g *gaps) add(seq uint64, s stamps) {
	for seq-g.low >= uint64(len(g.ring)) {
		g.grow()
	}
	*g.slot(seq) = s
	g.high = max(g.high, seq+1)
	for g.low < g.high && g.slot(g.low).state != absent {
		g.follow(*g.slot(g.low))
		*g.slot(g.low) = stamps{}
		g.low++
	}
}

func (g *gaps) grow() {
	old := g.ring
	g.ring = make([]stamps, 2*len(old))
	for seq := g.low; seq < g.high; seq++ {
		*g.slot(seq) = old[seq&uint64(len(old)-1)]
	}
}

// follow takes the stamps of the next request in order.
func (g *gaps) follow(s stamps) {
	if s.state == stamped && g.last.state == stamped {
		g.planned.add(float64(s.due - g.last.due))
		g.sent.add(float64(s.sent - g.last.sent))
	}
	g.last = s
}

// record returns the comparison.
func (g *gaps) record() record.Gaps {
	return record.Gaps{N: g.planned.n, Planned: g.planned.scv(), Sent: g.sent.scv()}
}

// scatter sums up values seen one by one, as differences from the first, which
// keeps the sum of squares small where all are nearly equal.
type scatter struct {
	n            int64
	first        float64
	sum, squares float64
}

func (s *scatter) add(v float64) {
	if s.n == 0 {
		s.first = v
	}
	d := v - s.first
	s.n++
	s.sum += d
	s.squares += d * d
}

// scv is the squared coefficient of variation: variance ÷ mean²; 0 of no values.
func (s *scatter) scv() float64 {
	n := float64(s.n)
	mean := s.first + s.sum/max(n, 1)
	if mean == 0 {
		return 0
	}
	shifted := s.sum / n
	return max(0, s.squares/n-shifted*shifted) / (mean * mean)
}
