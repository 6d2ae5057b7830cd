package attack

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
	"servebench/targets"
)

var (
	// errTimeout ends the context of a request that took too long.
	errTimeout = errors.New("no complete answer within the timeout")
	// errGivenUp ends the contexts of all requests when nobody waits for them any more.
	errGivenUp = errors.New("given up before the timeout, because the run was ended")
)

// classify names the kind of a request's failure. A server that dies or drops a
// request shows as a connection that is reset, closed while an answer was due, or
// closed in the middle of one.
func classify(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, corpus.ErrTooLong):
		return corpus.TooLong
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return record.ErrorDescriptors
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return record.ErrorPorts
	case errors.As(err, &dns):
		return record.ErrorDNS
	case targets.HandshakeFailed(err):
		return record.ErrorTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return record.ErrorRefused
	case errors.Is(err, errTimeout), targets.TimedOut(err):
		return record.ErrorTimeout
	case targets.Closed(err):
		return record.ErrorClosed
	}
	return record.ErrorOther
}

// failures counts failures by class, with one example of each. The classes are
// few, so its memory is bounded whatever the errors' texts are.
type failures map[string]*record.ErrorCount

func (fs failures) add(class, example string) {
	f, ok := fs[class]
	if !ok {
		f = &record.ErrorCount{Class: class, Example: example}
		fs[class] = f
	}
	f.Count++
}

func (fs failures) byFrequency() []record.ErrorCount {
	var counts []record.ErrorCount
	for _, f := range fs {
		counts = append(counts, *f)
	}
	record.SortErrors(counts)
	return counts
}

type statuses map[int]string

func (s statuses) class(status int) string {
	name, ok := s[status]
	if !ok {
		name = fmt.Sprintf("status %d", status)
		s[status] = name
	}
	return name
}

type mix struct {
	corpus *corpus.Corpus
	order  order
	counts []record.ClassCount // none without a mix
}

func newMix(c *corpus.Corpus, o order) mix {
	m := mix{corpus: c, order: o}
	for _, name := range c.Classes() {
		m.counts = append(m.counts, record.ClassCount{Name: name})
	}
	return m
}

// classOf returns the index of the class of the k-th request; -1 without a mix.
func (m *mix) classOf(k uint64) int {
	if m.counts == nil {
		return -1
	}
	return m.corpus.ClassOf(m.order.at(k))
}

func (m *mix) add(k uint64, became record.Ledger) {
	of := m.classOf(k)
	if of < 0 {
		return
	}
	l := &m.counts[of].Ledger
	l.Sent++
	l.OK += became.OK
	l.Failed += became.Failed
	l.Censored += became.Censored
}

// countScheduled counts, once, the first n requests as scheduled, sent or not. Which class
// each is of follows from the order alone.
func (m *mix) countScheduled(n int64) {
	if m.counts == nil {
		return
	}
	cycles, rest := n/int64(len(m.order)), n%int64(len(m.order))
	for k := range m.order {
		times := cycles
		if int64(k) < rest {
			times++
		}
		m.counts[m.classOf(uint64(k))].Ledger.Scheduled += times
	}
}

// order decides which request of the corpus is sent k-th: the corpus's own order,
// repeated. It is a pure function of k, so that sender and recorder agree without
// telling each other.
type order []int32

func (o order) at(k uint64) int { return int(o[k%uint64(len(o))]) }

// stamps are what the order of requests is looked at for.
type stamps struct {
	due, sent, done time.Duration
	state           stampState
	class           string // of its failure
}

type stampState uint8

const (
	absent    stampState = iota // no result came
	skipped                     // it was never sent
	abandoned                   // it was sent, and nobody waited for its answer
	wrong                       // it was sent, and failed
	right                       // it was sent, and its answer was correct
)

// inOrder hands the stamps of requests on in the order they were due. Results come in
// another order, so the stamps of a request wait in a ring until those before it are
// there.
type inOrder struct {
	ring    ring[stamps]
	low     uint64 // the first sequence number whose stamps are not there yet
	high    uint64 // above all whose are
	gaps    *gaps  // nil in a closed loop, which plans none
	outages outages
}

// add takes the stamps of a request, in any order, once for each.
func (o *inOrder) add(seq uint64, s stamps) {
	for seq-o.low >= uint64(len(o.ring)) {
		o.ring = o.ring.grown(o.low, o.high)
	}
	*o.ring.at(seq) = s
	o.high = max(o.high, seq+1)
	for o.low < o.high && o.ring.at(o.low).state != absent {
		o.handOn()
	}
}

// end hands on what waits for requests that never came back.
func (o *inOrder) end() {
	for o.low < o.high {
		o.handOn()
	}
}

func (o *inOrder) handOn() {
	s := *o.ring.at(o.low)
	*o.ring.at(o.low) = stamps{}
	o.low++
	if o.gaps != nil {
		o.gaps.add(s)
	}
	o.outages.add(s)
}

// outages finds the runs of failures, which it bounds in number.
type outages struct {
	runs   []record.Outage
	open   bool            // the last one may go on
	ok     int64           // correct answers since its last failure
	faults []time.Duration // those to come
}

const (
	// outageGap is how long nothing has to fail for a run of failures to be over.
	outageGap   = time.Second
	mostOutages = 1000
)

func (o *outages) add(s stamps) {
	for len(o.faults) > 0 && s.due >= o.faults[0] {
		o.open, o.faults = o.open && len(o.runs) == mostOutages, o.faults[1:]
	}
	if s.state == right {
		for i := len(o.runs) - 1; i >= 0 && o.runs[i].Recovered == 0; i-- {
			o.runs[i].Recovered = s.done
		}
	}
	if s.state == wrong && !o.open {
		o.runs, o.open, o.ok = append(o.runs, record.Outage{First: s.due}), true, 0
	}
	if !o.open {
		return
	}
	run := &o.runs[len(o.runs)-1]
	switch s.state {
	case wrong:
		run.Last, run.Recovered = s.due, 0
		run.OK, o.ok = run.OK+o.ok, 0
		run.Errors = countClass(run.Errors, s.class)
	case right:
		o.ok++
		o.open = s.due-run.Last <= outageGap || len(o.runs) == mostOutages
	}
}

// countClass counts one more failure of a class, of which there are few.
func countClass(counts []record.ErrorCount, class string) []record.ErrorCount {
	i := slices.IndexFunc(counts, func(c record.ErrorCount) bool { return c.Class == class })
	if i < 0 {
		i, counts = len(counts), append(counts, record.ErrorCount{Class: class})
	}
	counts[i].Count++
	return counts
}

// gaps compares the gaps between requests as planned and as sent, in the order
// they were due.
type gaps struct {
	last          stamps // of the request before
	planned, sent scatter
}

func (g *gaps) add(s stamps) {
	if s.state > skipped && g.last.state > skipped {
		g.planned.add(float64(s.due - g.last.due))
		g.sent.add(float64(s.sent - g.last.sent))
	}
	g.last = s
}

func (g *gaps) compare() record.Gaps {
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
