// Package search finds the highest rate at which a server holds an SLO, and certifies it. It
// says which step of load to play next and is told what came of it: numbers in, decisions
// out, without a clock or a server, so that a simulation of servers whose capacity is known
// in closed form shows what its certificates are worth (TestCertificates).
//
// Probes double the rate until it does not hold and bisect the last doubling. One that is near
// the limit or over it is repeated, unless the first step shows already that it breaks. They
// choose a rate and enter no certificate. That takes rounds of its own on fresh servers, and is
// given when the upper bound of the share of requests over each limit lies within its room. What
// fails is tried again lower, with fresh rounds. All of the looks at all of the attempts
// together certify a rate too high in at most 5 % of searches.
package search

import (
	"math"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Confidence is in how many searches the rate certified holds the SLO.
const Confidence = 0.95

// Plan says what to search for.
type Plan struct {
	From   float64 // the first rate, requests per second
	Most   float64 // no higher rate is played
	Limits []Limit // of the SLO, at least one
}

// Limit is a part of an SLO: how many requests may be over a time.
type Limit struct {
	Name string  // "p99 response time"
	Room float64 // the largest share of the requests that may be over: 0.01 of a p99; above 0
	// At is the time in nanoseconds above which a request is over, as one that failed is
	// whatever it took; stat.Never−1: those alone are.
	At int64
}

// Outcome is what came of a step.
type Outcome struct {
	record.SearchStep
	// Seconds are, by limit and second, the times of the requests due in it; stat.Never of
	// one that failed.
	Seconds [][]stat.Tally
	// Ended says that the SLO is broken whatever the seconds tell: the load was ended since
	// the server fell behind, or an answer was wrong where none may be.
	Ended bool
	// Invalid says that the load generator was the limit. It ends the search, and nothing is
	// known of the server's capacity.
	Invalid bool
}

// Search is a search under way. Told the same outcomes, it goes the same way.
type Search struct {
	plan     Plan
	probes   []*played // in the order they were begun
	steps    int       // of probing
	attempts []*played // to certify
	result   Result
	share    func(*stat.Sample, Limit) stat.Proportion
}

// Result is what a search has found.
type Result struct {
	// Certified is the rate that holds the SLO with Confidence; 0: none is certified.
	Certified float64
	// Breaks is the lowest rate that breaks the SLO, at the same confidence; 0: none did.
	Breaks float64
	// NotHeld is the lowest rate above the one certified that did not hold, as far as was seen.
	// It may be below Breaks, since not holding is not being shown to break. 0: all held.
	NotHeld float64
	// Capped says that the certified rate is the highest that was to be played.
	Capped bool
	// Invalid says that the load generator was the limit: there is no capacity.
	Invalid  bool
	Probes   int
	Attempts int // to certify a rate
}

// New begins a search.
func New(plan Plan) *Search {
	return &Search{plan: plan, share: func(s *stat.Sample, l Limit) stat.Proportion {
		if l.At >= stat.Never-1 { // failures are no tail of the times
			return s.Over(l.At)
		}
		return s.OverInQueue(l.At, 1-l.Room)
	}}
}

// mostProbes is how many steps a rate is looked for with.
const mostProbes = 12

// aim is an attempt to certify a rate.
type aim struct {
	alpha float64 // that it may certify a rate too high
	load  float64 // the part of a limit's room that its rate is chosen to take
}

// aims are the attempts, each of which gets half of the error that is left.
func aims() []aim {
	const alpha = 1 - Confidence
	return []aim{{alpha / 2, 0.66}, {alpha / 4, 0.58}, {alpha / 8, 0.38}, {alpha / 8, 0.2}}
}

// look is an interim analysis of an attempt.
type look struct {
	rounds   int
	part     float64 // of the attempt's alpha
	hopeless float64 // the load above which further rounds would hardly certify it; any after the last
}

// looks begin with as many rounds as an interval takes of what else is measured in them, such as
// what a function is billed.
func looks() []look {
	return []look{{stat.FewRounds, 0.17, 0.87}, {stat.FewRounds + 1, 0.25, 0.83}, {stat.FewRounds + 2, 0.58, -1}}
}

// Add tells what came of the step that was Next.
func (s *Search) Add(o Outcome) {
	switch {
	case o.Invalid:
		s.result.Invalid = true
	case o.Kind == record.Probe:
		s.steps++
		i := slices.IndexFunc(s.probes, func(p *played) bool { return p.rate == o.Rate })
		if i < 0 {
			i, s.probes = len(s.probes), append(s.probes, newPlayed(o.Rate, s.plan.Limits))
		}
		s.probes[i].add(o)
	case o.Attempt >= 1 && o.Attempt <= len(aims()) && o.Attempt <= len(s.attempts)+1: // else the record is damaged
		if len(s.attempts) < o.Attempt {
			s.attempts = append(s.attempts, newPlayed(o.Rate, s.plan.Limits))
		}
		a := s.attempts[o.Attempt-1]
		a.add(o)
		s.judge(a, aims()[o.Attempt-1].alpha)
	}
}

// judge certifies the rate of an attempt, gives it up, or leaves it to the next round.
func (s *Search) judge(a *played, alpha float64) {
	a.failed = a.ended
	for _, l := range looks() {
		if a.steps != l.rounds || a.failed {
			continue
		}
		if s.holds(a, alpha*l.part) {
			s.result.Certified = a.rate
		}
		a.failed = a.load() > l.hopeless
	}
}

// holds says whether a rate is certified: each limit by itself at the level, which is then
// that of all of them (R. L. Berger, "Multiparameter hypothesis testing and acceptance
// sampling", Technometrics 24 (1982)).
func (s *Search) holds(a *played, alpha float64) bool {
	for i, l := range s.plan.Limits {
		if s.share(stat.NewSample(a.rounds[i]), l).Most(alpha) > l.Room {
			return false
		}
	}
	return true
}

// Next is the step to play now; false: the search is over.
func (s *Search) Next() (record.SearchStep, bool) {
	if s.result.Certified > 0 || s.result.Invalid {
		return record.SearchStep{}, false
	}
	if len(s.attempts) == 0 {
		if rate, again, more := s.nextProbe(); more {
			return s.probe(rate, again), true
		}
	}
	n := len(s.attempts)
	if n > 0 && !s.attempts[n-1].failed {
		return s.certify(s.attempts[n-1].rate, n, s.attempts[n-1].steps+1), true
	}
	if low, _ := s.bracket(); low == 0 || n == len(aims()) {
		return record.SearchStep{}, false
	}
	return s.certify(s.chooseRate(aims()[n].load), n+1, 1), true
}

// Result is what is known by now.
func (s *Search) Result() Result {
	r := s.result
	r.Probes, r.Attempts = s.steps, len(s.attempts)
	r.Capped = r.Certified > 0 && r.Certified >= s.plan.Most
	for _, p := range s.all() {
		if (r.Breaks == 0 || p.rate < r.Breaks) && s.breaks(p) {
			r.Breaks = p.rate
		}
		if p.load() > 1 && p.rate > r.Certified && (r.NotHeld == 0 || p.rate < r.NotHeld) {
			r.NotHeld = p.rate
		}
	}
	return r
}

// breakError is how often a rate that holds the SLO is said to break it: all those of a search
// together have the error that Confidence leaves.
func (s *Search) breakError() float64 {
	return (1 - Confidence) / float64(len(s.all())*len(s.plan.Limits))
}

// breaks says whether a rate is shown not to hold the SLO: by the bound of the share over a
// limit, or by the excess of its rounds, whatever the requests in a queue tell of each other.
func (s *Search) breaks(p *played) bool {
	for i, l := range s.plan.Limits {
		if p.excess(i) >= 1/s.breakError() || s.share(stat.NewSample(p.rounds[i]), l).Least(s.breakError()) > l.Room {
			return true
		}
	}
	return p.ended
}

// How long steps take. A probe sees so many times the room of the narrowest limit that it
// tells which side of it the server is on; one that is near the limit, or over it, is played
// once more, longer. The rounds of a certificate are long enough for the queue to forget many times how
// it began, and for clusters of some ten requests over the limit; where that takes too long,
// for all of them to certify a server that is never over.
const (
	settleProbe, settleRound = time.Second, 2 * time.Second
	leastProbe, leastAgain   = 3 * time.Second, 6 * time.Second
	mostProbe                = 15 * time.Second
	leastRound               = 8 * time.Second
	roomOfProbe, roomOfAgain = 3, 25
	mostRound                = time.Minute
	roomOfRound, roomOfNone  = 30, 1.5
	fewRequests              = 10 // of a probe, however long it takes
)

func (s *Search) probe(rate float64, again bool) record.SearchStep {
	length := max(s.lasting(roomOfProbe, rate), leastProbe)
	if again {
		length = max(s.lasting(roomOfAgain, rate), leastAgain)
	}
	few := time.Duration(math.Ceil(fewRequests/rate)) * time.Second
	return record.SearchStep{Kind: record.Probe, Rate: rate, Settle: settleProbe, Duration: max(min(length, mostProbe), few)}
}

func (s *Search) certify(rate float64, attempt, part int) record.SearchStep {
	length := max(min(s.lasting(roomOfRound, rate), mostRound), s.lasting(roomOfNone, rate), leastRound)
	return record.SearchStep{Kind: record.Certify, Rate: rate, Settle: settleRound, Duration: length, Attempt: attempt, Part: part}
}

// Remaining is what may still come at most: as if all probes were long ones, and all attempts
// failed in their last round.
func (s *Search) Remaining() record.Ahead {
	if _, more := s.Next(); !more {
		return record.Ahead{}
	}
	rate, _ := s.bracket()
	if rate == 0 {
		rate = s.plan.From / deepest
	}
	n, most := len(s.attempts), looks()[len(looks())-1].rounds
	rounds := most * (len(aims()) - n)
	if n > 0 && !s.attempts[n-1].failed {
		rounds += most - s.attempts[n-1].steps
	}
	ahead := times(rounds, s.certify(lowest*rate, 1, 1))
	if n == 0 {
		ahead = ahead.Plus(times(mostProbes-s.steps, s.probe(rate, true)))
	}
	return ahead
}

// usualProbes is how many most searches take.
const usualProbes = 9

// Likely is what probably still comes: as if the rate to certify were the highest that held by
// now, or the first one, and were certified in one more attempt. TestRemaining holds it to
// simulated searches.
func (s *Search) Likely() record.Ahead {
	if _, more := s.Next(); !more {
		return record.Ahead{}
	}
	rate, _ := s.bracket()
	if rate == 0 {
		rate = s.plan.From
	}
	rounds := looks()[1].rounds
	if n := len(s.attempts); n > 0 && !s.attempts[n-1].failed {
		rounds = max(1, rounds-s.attempts[n-1].steps)
	}
	ahead := times(rounds, s.certify(rate, 1, 1))
	if len(s.attempts) == 0 {
		ahead = ahead.Plus(times(max(0, usualProbes-s.steps), s.probe(rate, true)))
	}
	return ahead
}

// times are so many steps like one.
func times(n int, s record.SearchStep) record.Ahead {
	return record.Ahead{Steps: n, Load: time.Duration(n) * (s.Settle + s.Duration)}
}

// lasting is how long it takes at a rate until as many requests may be over the narrowest
// limit, in whole seconds.
func (s *Search) lasting(room, rate float64) time.Duration {
	narrowest := 1.0
	for _, l := range s.plan.Limits {
		narrowest = min(narrowest, l.Room)
	}
	return time.Duration(math.Ceil(room/narrowest/rate)) * time.Second
}
