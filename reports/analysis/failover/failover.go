// Package failover tells what the faults of a scenario cost: how soon the platform noticed
// one, how long requests failed, how many were lost and of which classes, how far the
// latency went up and for how long, and when the server was back. It reads the record's
// events, runs of failures and interval logs.
package failover

import (
	"cmp"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Result is what the faults of a run cost.
type Result struct {
	Faults   []Fault   `json:"faults"`   // by target, in the scenario's order
	Accounts []Account `json:"accounts"` // one for each target and phase with faults
}

// Fault is one fault of the scenario on one target, over all rounds in which it was
// injected.
type Fault struct {
	Target string        `json:"target"`
	Phase  string        `json:"phase"`
	Kind   string        `json:"kind"`
	At     time.Duration `json:"at_ms"`           // as planned, from the phase's start
	For    time.Duration `json:"for_ms,omitzero"` // 0: it happens once, or lasts to the end of the phase
	Cases  []Case        `json:"cases"`           // by round; none: it was injected in no round
	// Over the rounds in which the time is known, as N says: from the injection until the platform
	// noticed, from the first to the last failure, from the injection until the first
	// correct answer after the last failure, and until p99 was within Limit again. They are 0 in
	// a round in which nothing failed, and where p99 was never above Limit.
	Noticed   sample.Times `json:"noticed_ms"`
	Burst     sample.Times `json:"error_burst_ms"`
	Recovered sample.Times `json:"recovered_ms"`
	Answered  sample.Times `json:"new_server_answered_ms"` // by the server in the place of the one that was hit
	Excursion sample.Times `json:"p99_excursion_ms"`
	Ready     sample.Times `json:"new_server_ready_ms"`
	P99Before sample.Times `json:"p99_before_ms"`
	P99Peak   sample.Times `json:"p99_peak_ms"`

	Lost   int64               `json:"lost"` // requests that failed by it, in all rounds
	Errors []record.ErrorCount `json:"errors"`
}

// Never is the number of rounds in which no request was answered correctly any more.
func (f Fault) Never() int { return f.countCases(func(c Case) bool { return c.Never }) }

// Unnoticed is the number of rounds in which the platform told of nothing that happened.
func (f Fault) Unnoticed() int { return f.countCases(func(c Case) bool { return c.Noticed == 0 }) }

// Losing is the number of rounds in which requests failed by it.
func (f Fault) Losing() int { return f.countCases(func(c Case) bool { return c.Lost > 0 }) }

// Slowed is the number of rounds in which p99 was above Limit.
func (f Fault) Slowed() int { return f.countCases(func(c Case) bool { return c.Excursion > 0 }) }

// Failing is the number of rounds in which too many requests failed before the fault already.
func (f Fault) Failing() int { return f.countCases(func(c Case) bool { return c.Failing }) }

func (f Fault) countCases(is func(Case) bool) (n int) {
	for _, c := range f.Cases {
		if is(c) {
			n++
		}
	}
	return n
}

// Case is a fault in one round. Its times are from the injection; 0: there is none.
type Case struct {
	Round   int           `json:"round"`
	At      time.Duration `json:"at_ms"` // of the injection, from the phase's start
	planned time.Duration // when it was due to be injected
	Replica string        `json:"replica,omitzero"`
	// Share is the share of the answers that Replica gave in the record.FaultLead before the fault,
	// of those of all replicas; nil: it is not known.
	Share  *float64      `json:"replica_share,omitzero"`
	Done   string        `json:"done"` // what was done
	Healed time.Duration `json:"healed_ms,omitzero"`
	Lasted time.Duration `json:"-"` // until it was healed, or its replica ended before
	// Noticed is when the platform first told of a replica that was not as it should be.
	Noticed time.Duration `json:"noticed_ms,omitzero"`
	By      string        `json:"noticed_by,omitzero"` // the kind of that event
	New     NewServer     `json:"new_server,omitzero"`
	// FailedBefore and FailedAfter are the shares that failed of the requests due in the 10 s
	// before the injection and in the 10 s from it on, to whole slices of the record. Where p99
	// before is 100 ms or more, the former end by so much before the injection: requests due
	// later were under way then. Failing says that too many failed before: not every request
	// that failed from the injection on was lost by the fault.
	FailedBefore float64 `json:"failed_before"`
	FailedAfter  float64 `json:"failed_after"`
	Failing      bool    `json:"failing_before"`
	// First and Last are the due times of the failures, which may be a little before the
	// injection: requests that were under way then.
	First time.Duration `json:"first_failure_ms,omitzero"`
	Last  time.Duration `json:"last_failure_ms,omitzero"`
	// Recovered is when the first correct answer to a request due after Last was done: 1 ns where
	// another replica gave it before the injection.
	Recovered time.Duration       `json:"recovered_ms,omitzero"`
	Never     bool                `json:"never_recovered,omitzero"`
	Lost      int64               `json:"lost"`
	Errors    []record.ErrorCount `json:"errors"`
	// Before is p99 of the load before the first fault, Limit what p99 is held against, Peak
	// the highest p99 of a second after this fault, and Excursion until when p99 was above
	// Limit, or nothing was answered: both until it was within Limit for 5 s.
	Before    time.Duration `json:"p99_before_ms,omitzero"`
	Limit     time.Duration `json:"p99_limit_ms,omitzero"`
	Peak      time.Duration `json:"p99_peak_ms,omitzero"`
	Excursion time.Duration `json:"p99_excursion_ms,omitzero"`
	Replicas  int           `json:"replicas,omitzero"` // that were ready at the injection, or answered shortly before it
	// Resent are the connections of the phase whose first packet was lost, and sent again a
	// second or more later.
	Resent int64 `json:"connections_resent,omitzero"`
}

// NewServer is the one that came in the place of the one that was hit: it was made, or
// started again. The zero value: none.
type NewServer struct {
	Replica string        `json:"replica,omitzero"`
	Began   time.Duration `json:"began_ms"`          // when the platform told of it
	Ready   time.Duration `json:"ready_ms,omitzero"` // when it told that this one is ready; 0: it did not
	// Answered is when its first correct answer was done; 0: it gave none, or which answers
	// are its is not known, as Known says.
	Answered time.Duration `json:"answered_ms,omitzero"`
	Known    bool          `json:"answers_known"`
}

// Account says what became of every request of a phase with faults, over all rounds:
// Scheduled = InTime + Late + Lost + Besides + Censored + Unsent.
type Account struct {
	Target    string `json:"target"`
	Phase     string `json:"phase"`
	Rounds    int    `json:"rounds"`
	Scheduled int64  `json:"scheduled"`
	InTime    int64  `json:"in_time"` // correct, and not later than the Limit
	Late      int64  `json:"late"`    // correct, but later
	// Retries are the requests that were sent again; those that were answered correctly in
	// the end are in InTime or Late, the others are lost.
	Retries  record.Retries `json:"retries,omitzero"`
	Limit    time.Duration  `json:"limit_ms,omitzero"`
	Lost     int64          `json:"lost"`         // failed by one of the faults
	Besides  int64          `json:"lost_besides"` // failed apart from them
	Censored int64          `json:"censored"`
	Unsent   int64          `json:"not_sent"`
}

// Analyse tells what the faults of a run cost; nil where the scenario has none or nothing
// was measured of them.
func Analyse(run *record.Run, cells []*sample.Cell) *Result {
	if len(run.Scenario.Faults) == 0 {
		return nil
	}
	r := &Result{}
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			planned := slices.DeleteFunc(slices.Clone(run.Scenario.Faults), func(f record.Injection) bool { return f.Phase != phase.Name })
			if chosen := sample.Pick(cells, target.Name, phase.Name); len(chosen) > 0 && len(planned) > 0 {
				r.add(run, target, planned, chosen)
			}
		}
	}
	if len(r.Accounts) == 0 {
		return nil
	}
	return r
}

func (r *Result) add(run *record.Run, target record.Target, planned []record.Injection, cells []*sample.Cell) {
	slices.SortStableFunc(planned, func(a, b record.Injection) int { return cmp.Compare(a.At, b.At) })
	faults := make([]Fault, len(planned))
	for i, f := range planned {
		faults[i] = Fault{Target: target.Name, Phase: f.Phase, Kind: f.Kind, At: f.At, For: f.For}
	}
	account := Account{Target: target.Name, Phase: planned[0].Phase, Rounds: len(cells)}
	for _, c := range cells {
		cases, besides := casesOf(run, c, run.Deployment(c.Trial()), planned)
		for i, found := range cases {
			if found != nil {
				faults[i].Cases = append(faults[i].Cases, *found)
			}
		}
		account.add(run, c, besides)
	}
	for i := range faults {
		faults[i].sumUp()
		account.Lost += faults[i].Lost
	}
	r.Faults, r.Accounts = append(r.Faults, faults...), append(r.Accounts, account)
}

func (f *Fault) sumUp() {
	times := func(of func(Case) (d time.Duration, known bool)) sample.Times {
		var all []time.Duration
		for _, c := range f.Cases {
			if d, known := of(c); known {
				all = append(all, d)
			}
		}
		if all == nil {
			return sample.Times{}
		}
		return sample.NewTimes(all)
	}
	f.Noticed = times(func(c Case) (time.Duration, bool) { return c.Noticed, c.Noticed > 0 })
	f.Burst = times(func(c Case) (time.Duration, bool) { return c.Last - c.First, true })
	f.Recovered = times(func(c Case) (time.Duration, bool) { return c.Recovered, !c.Never })
	f.Answered = times(func(c Case) (time.Duration, bool) { return c.New.Answered, c.New.Answered > 0 })
	f.Excursion = times(func(c Case) (time.Duration, bool) { return c.Excursion, c.Limit > 0 })
	f.Ready = times(func(c Case) (time.Duration, bool) { return c.New.Ready, c.New.Ready > 0 })
	f.P99Before = times(func(c Case) (time.Duration, bool) { return c.Before, c.Before > 0 })
	f.P99Peak = times(func(c Case) (time.Duration, bool) { return c.Peak, c.Peak > 0 })
	for _, c := range f.Cases {
		f.Lost += c.Lost
		f.Errors = record.AddErrors(f.Errors, c.Errors)
	}
}

// add accounts for the requests of one cell, of which so many failed apart from the faults.
func (a *Account) add(run *record.Run, c *sample.Cell, besides int64) {
	l := c.Ledger
	late, limit := lateAnswers(run, c)
	a.Scheduled += l.Scheduled
	a.Late += late
	a.InTime += l.OK - late
	a.Limit = max(a.Limit, limit)
	a.Besides += besides
	a.Retries.Add(c.Retries)
	a.Censored += l.Censored
	a.Unsent += l.Scheduled - l.Sent
}

// lateAnswers are the correct answers that came later than the limit.
func lateAnswers(run *record.Run, c *sample.Cell) (late int64, limit time.Duration) {
	if deadline := run.Scenario.SLO.Deadline(); deadline > 0 {
		return c.Ledger.OK - c.Good, deadline
	}
	first := c.Window
	for _, f := range run.Scenario.Faults {
		if f.Phase == c.Phase {
			first = min(first, f.At)
		}
	}
	limit = limitOf(run, c, first)
	if limit == 0 {
		return 0, 0
	}
	for _, s := range c.Seconds {
		for _, b := range s.Responses {
			if b.Value > int64(limit) {
				late += b.Count
			}
		}
	}
	return min(late, c.Ledger.OK), limit
}

// p99Before is p99 of the seconds that were over before a moment; 0: there are none.
func p99Before(c *sample.Cell, at time.Duration) time.Duration {
	var before []stat.Tally
	for _, s := range c.Seconds {
		if s.End() <= at {
			before = append(before, s.Responses)
		}
	}
	return p99(stat.Merge(before))
}

func p99(t stat.Tally) time.Duration {
	n := t.Total()
	if n == 0 {
		return 0
	}
	return time.Duration(t.At(stat.Rank(0.99, n)))
}

// limitOf is what p99 of a second is held against: the limit of the SLO, or twice the highest of
// the seconds that were over before a moment; 0: there are none.
func limitOf(run *record.Run, c *sample.Cell, at time.Duration) time.Duration {
	var highest time.Duration
	for _, s := range c.Seconds {
		if s.End() <= at {
			highest = max(highest, p99(s.Responses))
		}
	}
	return cmp.Or(run.Scenario.SLO.P99, 2*highest)
}
