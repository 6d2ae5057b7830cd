package sample

import (
	"iter"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

const (
	// LagFloor is the lag below which a request is never late.
	LagFloor = time.Millisecond
	// LagShare is the share of the target's median service time that a request may lag.
	LagShare = 0.05
	// MostCPU is the share of its CPUs from which a generator, or a server, is busy.
	MostCPU = 0.80
)

// ErrorRate is the share of failed requests of those that came to their end: what was
// given up when the run was ended is no failure of the server, and no success.
func (r Row) ErrorRate() stat.Proportion {
	p := FailedShare(r.Ledger)
	if inClusters := stat.Clustered(r.failures()); inClusters.K == p.K && inClusters.N == p.N {
		return inClusters
	}
	return p // the seconds are not known
}

// FailedShare is the share of failed requests of those in a ledger that came to their end.
func FailedShare(l record.Ledger) stat.Proportion {
	return stat.NewProportion(l.Failed, l.Sent-l.Censored)
}

// failures are those of each round's blocks.
func (r Row) failures() [][]stat.Counts {
	var rounds [][]stat.Counts
	for seconds := range byRound(r.Slices) {
		var blocks []stat.Counts
		for block := range stat.Blocks(seconds) {
			var t stat.Counts
			for _, s := range block {
				t = t.Plus(stat.Counts{K: s.Failed, N: s.Sent - s.Censored})
			}
			blocks = append(blocks, t)
		}
		rounds = append(rounds, blocks)
	}
	return rounds
}

// byRound cuts the seconds of a row where its rounds begin.
func byRound(seconds []Slice) iter.Seq[[]Slice] {
	return func(yield func([]Slice) bool) {
		for from := 0; from < len(seconds); {
			to := from + 1
			for to < len(seconds) && seconds[to].Round == seconds[from].Round {
				to++
			}
			if !yield(seconds[from:to]) {
				return
			}
			from = to
		}
	}
}

// GeneratorCPU is the share of the CPUs it was given that the load generator
// used while it sent, in a pooled row that of the round in which it was the
// largest; false when it was not measured. Polling for the next due time is left out,
// which gives way to all else that it has to do. The wait for the last answers is left
// out, in which it has little to do however busy it was before.
func (r Row) GeneratorCPU() (share float64, known bool) { return busy(r.Instrument) }

func busy(in record.Instrument) (share float64, known bool) {
	given := time.Duration(in.CPUs) * in.SendingTime
	if given <= 0 || in.SendingCPU <= 0 {
		return 0, false
	}
	return float64(in.SendingCPU) / float64(given), true
}

// Unchecked says that answers were counted OK without being compared with the
// model's own prediction: they were answers, be they right or wrong.
func (r Row) Unchecked() bool { return r.Agreement.N == 0 && r.Ledger.OK > 0 }

// Unchecked says so of any row.
func (s *Set) Unchecked() bool { return slices.ContainsFunc(s.Rows, Row.Unchecked) }

// LagLimit is how late a request may leave: a millisecond, or a twentieth of the
// target's median service time where that is more: the response time has the lag in it.
func (r Row) LagLimit() time.Duration {
	return max(LagFloor, time.Duration(LagShare*float64(r.Service.Quantiles[0].Value)))
}

// Late is the share of the requests sent that left later than LagLimit.
func (r Row) Late() stat.Proportion {
	if r.Lag.N == 0 {
		return stat.Proportion{}
	}
	var n int64
	for _, b := range stat.NewTally(r.Lag.Histogram) {
		if b.Value > int64(r.LagLimit()) {
			n += b.Count
		}
	}
	return stat.NewProportion(n, r.Lag.N)
}

// SentShare is sent ÷ scheduled; 1 when nothing was scheduled.
func (r Row) SentShare() float64 {
	if r.Ledger.Scheduled == 0 {
		return 1
	}
	return float64(r.Ledger.Sent) / float64(r.Ledger.Scheduled)
}

// Whole says that all that was offered was to be sent: neither in a closed loop, nor
// where the load was ended before its time.
func (r Row) Whole() bool { return r.Concurrency == 0 && len(r.Aborts) == 0 && !r.Stopped }

// RateShare is achieved ÷ offered; 1 when nothing was offered.
func (r Row) RateShare() float64 {
	if r.Offered == 0 {
		return 1
	}
	return r.Achieved / r.Offered
}

// Vitals are the instrument's signs over all measured cells, the worst of each.
type Vitals struct {
	Open         bool            // there is an open loop, which offers a rate
	Sent         float64         // smallest sent ÷ scheduled of an open loop that ran to its end
	Achieved     float64         // achieved ÷ offered of these, the farthest from 1
	Late         stat.Proportion // of requests, of the cell in which it says the most
	LagLimit     time.Duration   // how late that cell's were to be
	LagP99       time.Duration   // largest p99 of a cell
	LagKnown     bool            // every cell has enough requests to tell its p99
	GeneratorCPU float64         // largest share of what it was given
	CPUKnown     bool
	InFlight     int // most requests at once
}

// Vitals sums up how the instrument did.
func (s *Set) Vitals() Vitals {
	v := Vitals{Sent: 1, Achieved: 1, LagKnown: len(s.Cells) > 0}
	for _, c := range s.Cells {
		v.offered(c)
		if late := c.Late(); v.Late.N == 0 || late.Low > v.Late.Low {
			v.Late, v.LagLimit = late, c.LagLimit()
		}
		v.LagP99 = max(v.LagP99, c.Lag.Quantiles[2].Value)
		v.LagKnown = v.LagKnown && c.Lag.Quantiles[2].Known
		if share, known := c.GeneratorCPU(); known {
			v.GeneratorCPU, v.CPUKnown = max(v.GeneratorCPU, share), true
		}
		v.InFlight = max(v.InFlight, c.Instrument.Workers)
	}
	return v
}

// offered compares what was sent with what was offered, where all was to be sent.
func (v *Vitals) offered(c Row) {
	if !c.Whole() {
		return
	}
	v.Open, v.Sent = true, min(v.Sent, c.SentShare())
	if Distance(c.RateShare()) > Distance(v.Achieved) {
		v.Achieved = c.RateShare()
	}
}

// Distance is how far a share is from 1.
func Distance(share float64) float64 { return max(share-1, 1-share) }

// concurrencyOf is that of a phase; 0 when it is an open loop.
func concurrencyOf(run *record.Run, phase string) int {
	if p := run.Phase(phase); !p.Open {
		return p.Concurrency
	}
	return 0
}

// EvenArrivals says that the mean rate of an arrival process does not change.
func EvenArrivals(process string) bool {
	return slices.Contains([]string{"constant", "poisson", "gamma"}, process)
}

// Rate is the load in requests per second: what was offered, or what a closed loop
// came to.
func (r Row) Rate() float64 {
	if r.Concurrency > 0 {
		return r.Achieved
	}
	return r.Offered
}
