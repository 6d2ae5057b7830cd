package search

import (
	"math"
	"slices"
	"strconv"

	"servebench/reports/analysis/stat"
)

// played is all that was played at a rate.
type played struct {
	rate   float64
	limits []Limit
	rounds [][][]stat.Tally // by limit, round and second
	over   []float64        // requests over the limit, by limit
	room   []float64        // as many may be
	steps  int
	ended  bool
	failed bool // to certify
}

func newPlayed(rate float64, limits []Limit) *played {
	n := len(limits)
	return &played{rate: rate, limits: limits, rounds: make([][][]stat.Tally, n), over: make([]float64, n), room: make([]float64, n)}
}

func (p *played) add(o Outcome) {
	p.steps++
	p.ended = p.ended || o.Ended
	for i, l := range p.limits {
		p.rounds[i] = append(p.rounds[i], o.Seconds[i])
		for _, second := range o.Seconds[i] {
			p.over[i] += float64(second.Above(l.At))
			p.room[i] += l.Room * float64(second.Total())
		}
	}
}

// load is the part of its room that the limit takes which takes the most: above 1 the SLO
// does not hold, as far as was seen.
func (p *played) load() (most float64) {
	if p.ended {
		return math.Inf(1)
	}
	for i, over := range p.over {
		if over > 0 {
			most = max(most, over/p.room[i])
		}
	}
	return most
}

// excess is how many times over its room a limit is, multiplied over the rounds. Each is a fresh
// server, so that at a rate that holds the SLO the product is above x in at most one of x
// searches: its mean is at most 1 (A. A. Markov's inequality; of such e-values, V. Vovk and R.
// Wang, "E-values: calibration, combination and applications", Annals of Statistics 49 (2021)).
func (p *played) excess(limit int) float64 {
	product := 1.0
	for _, round := range p.rounds[limit] {
		all := stat.Merge(slices.Clone(round))
		if n := all.Total(); n > 0 {
			product *= float64(all.Above(p.limits[limit].At)) / float64(n) / p.limits[limit].Room
		}
	}
	return product
}

// all is what was played so far, at every rate.
func (s *Search) all() []*played { return slices.Concat(s.probes, s.attempts) }

// deepest is how many times lower than the first a rate is probed: what breaks there does not
// break for its load.
const deepest = 16

// doubtful is the load above which a rate is played once more, longer: a short step does not tell
// on which side of the limit it is, nor does one in which something else held the server up.
const doubtful = 0.5

// nextProbe is the rate to probe now, again where it was just played; false: the rate is
// known well enough.
func (s *Search) nextProbe() (rate float64, again, more bool) {
	const precision = 1.1 // of the bracket
	low, high := s.bracket()
	switch n := len(s.probes); {
	case s.steps == mostProbes:
		return 0, false, false
	case n == 0:
		return s.plan.From, false, true
	case s.probes[n-1].steps == 1 && s.probes[n-1].load() > doubtful && !s.breaks(s.probes[n-1]):
		return s.probes[n-1].rate, true, true
	case low == 0 && high*deepest > s.plan.From:
		return round3(high / 2), false, true
	case math.IsInf(high, 1):
		return min(2*low, s.plan.Most), false, low < s.plan.Most
	case low > 0 && high > precision*low:
		return round3(math.Sqrt(low * high)), false, true
	default:
		return 0, false, false
	}
}

// bracket is the highest rate that held of those below all that did not, 0 where none did,
// and the lowest that did not, infinite where all held.
func (s *Search) bracket() (low, high float64) {
	high = math.Inf(1)
	for _, p := range s.probes {
		if p.load() > 1 {
			high = min(high, p.rate)
		}
	}
	for _, p := range s.probes {
		if p.rate < high {
			low = max(low, p.rate)
		}
	}
	return low, high
}

// Where the rate of a certificate is chosen from the highest that held: as its margin, the
// most that an attempt goes lower by for a limit, and at least.
const (
	below, lower, lowest = 0.97, 0.95, 0.5
)

// chooseRate is the rate of the next attempt, at which each limit takes about so much of
// its room.
func (s *Search) chooseRate(load float64) float64 {
	held, high := s.bracket()
	if math.IsInf(high, 1) && len(s.attempts) == 0 {
		return held // the highest there is
	}
	rate := below * held
	if n := len(s.attempts); n > 0 {
		rate = lower * s.attempts[n-1].rate
	}
	for i := range s.plan.Limits {
		rate = min(rate, s.rateOfLoad(i, load, held))
	}
	return round3(max(rate, lowest*held))
}

// How the load of a limit grows with the rate before anything is known: with its 12th
// power, or any between the 3rd, as of a long limit at little utilisation, and the 80th, as
// near saturation. Requests over it come in clusters of about ten.
const (
	usualPower, leastPower, mostPower = 12, 3, 80
	powerDeviation                    = 0.8 // of its logarithm
	clusterSize                       = 10
)

// rateOfLoad estimates the rate at which a limit takes so much of its room, from all that
// was played near a rate: the load as a power of the rate, by the likelihood of the counts.
func (s *Search) rateOfLoad(limit int, load, near float64) float64 {
	known := slices.DeleteFunc(s.all(), func(p *played) bool {
		return p.ended || p.rate > 1.5*near || p.room[limit] == 0 || p.over[limit] > 5*p.room[limit]
	})
	best, found := math.Inf(-1), near
	for power := float64(leastPower); power < mostPower; power *= 1.1 {
		over, room := 0.5, 0.0 // half a request, since none would be no load at any rate
		for _, p := range known {
			over += p.over[limit]
			room += p.room[limit] * math.Pow(p.rate/near, power)
		}
		if room == 0 {
			return near
		}
		likelihood := 0.0
		for _, p := range known {
			mean := over / room * p.room[limit] * math.Pow(p.rate/near, power)
			likelihood += (p.over[limit]*math.Log(mean) - mean) / clusterSize
		}
		unusual := math.Log(power/usualPower) / powerDeviation
		if likelihood -= unusual * unusual / 2; likelihood > best {
			best, found = likelihood, near*math.Pow(load*room/over, 1/power)
		}
	}
	return found
}

// round3 rounds a rate to three digits.
func round3(rate float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'g', 3, 64), 64) // which it has just written
	return rounded
}
