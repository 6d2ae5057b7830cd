package capacity

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/capacity/search"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/validity"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Searched is what the search for the capacity of a target came to.
type Searched struct {
	Target string
	search.Result
	Requests int64 // of the last attempt at a certificate
	Steps    []SearchStep
	Curve    Curve
	// LimitedBy is what the lowest rate that breaks the SLO lacks; "": none breaks it, or it
	// is not known.
	LimitedBy Resource
	// Disturbed says why the last step tells nothing of its rate, where the Result is Invalid.
	Disturbed string
}

// SearchStep is a step with what it came to.
type SearchStep struct {
	record.SearchStep
	Ledger  record.Ledger
	Over    []Over
	Ended   string        // why its load was ended early; "": it was not
	Died    bool          // which the end of the server did
	Goodput float64       // right answers within the SLO's deadline, per second
	P99     time.Duration // of the response time, those that failed counted as slowest; 0: not known
	Used                  // by the server
	Window  time.Duration // in which its load was sent
	// Responses are the response times of all requests, Never of those that failed.
	Responses stat.Tally
}

// Over is how many requests of a step were over a limit. Answers that are to agree are over it
// where they do not.
type Over struct {
	Limit string  `json:"limit"`
	Share float64 `json:"share"`
	Room  float64 `json:"room"` // the largest share that may be; 0: none may
	// Time is the quantile that a limit of times is of, those that failed counted as slowest;
	// 0: not known, or it is another limit.
	Time time.Duration `json:"time_ms,omitzero"`
}

// Load is the part of the Room that is taken: above 1 the limit is broken, infinitely where it
// has no room.
func (o Over) Load() float64 {
	if o.Share == 0 {
		return 0
	}
	return o.Share / o.Room
}

// Load is the part of its room that the limit takes which takes the most: the step held the
// SLO up to 1. Infinite where its load was ended.
func (s SearchStep) Load() (most float64) {
	if s.Ended != "" {
		return math.Inf(1)
	}
	for _, o := range s.Over {
		most = max(most, o.Load())
	}
	return most
}

// What limits other than those of times are called.
const (
	errorRate = "error rate"
	agreement = "agreement"
)

// timed is a limit with the times that it is of.
type timed struct {
	search.Limit
	of func(*sample.LoggedSlice) stat.Tally
}

// limitsOf are the parts of an SLO that a rate can break by how many requests are over
// them.
func limitsOf(slo record.SLO) []timed {
	var all []timed
	for _, times := range []struct {
		name string
		most record.Quantiles
		of   func(*sample.LoggedSlice) stat.Tally
	}{
		{"response time", slo.Response(), func(s *sample.LoggedSlice) stat.Tally { return s.Responses }},
		{"service time", slo.Service, func(s *sample.LoggedSlice) stat.Tally { return s.Services }},
		{"time to first byte", slo.FirstByte, func(s *sample.LoggedSlice) stat.Tally { return s.FirstBytes }},
	} {
		for i, at := range []time.Duration{times.most.P50, times.most.P90, times.most.P99, times.most.P999} {
			if q := stat.Quantiles()[i]; at > 0 {
				all = append(all, timed{search.Limit{Name: format.Quantile(q) + " " + times.name, Room: 1 - q, At: int64(at)}, times.of})
			}
		}
	}
	if slo.Errors != nil && *slo.Errors > 0 {
		all = append(all, timed{search.Limit{Name: errorRate, Room: *slo.Errors, At: stat.Never - 1},
			func(s *sample.LoggedSlice) stat.Tally { return s.Responses }})
	}
	return all
}

// TimeLimits are the parts of an SLO that limit a time, by the share of the requests that may
// be over it.
func TimeLimits(slo record.SLO) []search.Limit {
	var all []search.Limit
	for _, l := range limitsOf(slo) {
		if timesLimited(l.Limit) {
			all = append(all, l.Limit)
		}
	}
	return all
}

// timesLimited says that a limit is of times, and not of failures.
func timesLimited(l search.Limit) bool { return l.At < stat.Never-1 }

// quantile is that of times; 0 where they are too few for it, or it is that of a request that
// failed.
func quantile(times stat.Tally, q float64) time.Duration {
	n := times.Total()
	if !stat.Known(q, n) {
		return 0
	}
	if at := times.At(stat.Rank(q, n)); at < stat.Never {
		return time.Duration(at)
	}
	return 0
}

// Certificate are the steps that certify a rate: those of the last attempt at it; nil where none
// is certified.
func (s Searched) Certificate() []SearchStep {
	if s.Certified == 0 || len(s.Steps) == 0 {
		return nil
	}
	last := s.Steps[len(s.Steps)-1]
	return slices.DeleteFunc(slices.Clone(s.Steps), func(step SearchStep) bool { return step.Kind != record.Certify || step.Attempt != last.Attempt })
}

// Searchable says that an SLO has a limit that a rate can break.
func Searchable(slo record.SLO) bool { return len(limitsOf(slo)) > 0 }

// Next says what the search for a target's capacity plays next; false: it is over.
func Next(run *record.Run, target string) (next record.Upcoming, more bool, err error) {
	s, _, err := replay(run, target)
	if err != nil {
		return next, false, err
	}
	next.SearchStep, more = s.Next()
	next.Most, next.Likely = s.Remaining(), s.Likely()
	return next, more, nil
}

// Search tells what the searches of a run came to, by target; none of a run that is no
// search.
func Search(run *record.Run) ([]Searched, error) {
	var all []Searched
	for _, target := range run.Targets {
		if run.Capacity == nil || target.Unavailable != "" {
			continue
		}
		s, searched, err := replay(run, target.Name)
		if err != nil {
			return nil, err
		}
		searched.Result, searched.Curve = s.Result(), curveOf(searched.Steps, run.Scenario.SLO)
		searched.LimitedBy = searched.limitedBy()
		if last := len(searched.Steps) - 1; last >= 0 && searched.Steps[last].Kind == record.Certify {
			for _, step := range searched.Steps {
				if step.Attempt == searched.Steps[last].Attempt {
					searched.Requests += step.Ledger.Sent
				}
			}
		}
		all = append(all, searched)
	}
	return all, nil
}

// replay tells a search all that was played of it.
func replay(run *record.Run, target string) (*search.Search, Searched, error) {
	limits := limitsOf(run.Scenario.SLO)
	plan := search.Plan{From: run.Capacity.From, Most: run.Capacity.Most}
	for _, l := range limits {
		plan.Limits = append(plan.Limits, l.Limit)
	}
	s, searched := search.New(plan), Searched{Target: target}
	for _, step := range run.Capacity.Steps {
		if step.Target != target {
			continue
		}
		o, played, err := outcome(run, step, limits)
		if err != nil {
			return nil, searched, fmt.Errorf("search on %s: %w", target, err)
		}
		s.Add(o)
		searched.Steps = append(searched.Steps, played)
		if o.Invalid {
			searched.Disturbed = played.Disturbed
		}
	}
	return s, searched, nil
}

// outcome reads what came of a step from its cells.
func outcome(run *record.Run, step record.SearchStep, limits []timed) (search.Outcome, SearchStep, error) {
	o := search.Outcome{SearchStep: step, Seconds: make([][]stat.Tally, len(limits))}
	played, killed := SearchStep{SearchStep: step}, false
	var strict []Over
	for i := range run.Cells {
		rc := &run.Cells[i]
		if rc.Target != step.Target || rc.Round != step.Round || rc.Discarded != "" {
			continue
		}
		if rc.Aborted != "" {
			o.Ended, played.Ended = true, strings.TrimSpace(rc.Aborted)
		}
		if d := run.Deployment(rc.Trial()); d.Failed != "" {
			why, _, _ := strings.Cut(d.Failed, "\n")
			o.Ended, played.Ended, played.Died, killed = true, why, true, d.OutOfMemory
		}
		if strings.HasPrefix(rc.Phase, record.SettlePrefix) {
			continue
		}
		c, err := sample.LoadCell(run, rc)
		if err != nil {
			return o, played, err
		}
		strict = strictLimits(run.Scenario.SLO, c)
		for l, limit := range limits {
			for s := range c.Seconds {
				o.Seconds[l] = append(o.Seconds[l], limit.of(&c.Seconds[s]).With(c.Seconds[s].Failed+c.Seconds[s].Censored))
			}
		}
		played.describe(run, c)
		wrong := slices.ContainsFunc(strict, func(limit Over) bool { return limit.Limit == agreement && limit.Load() > 1 })
		if step.Disturbed == "" && !played.Died && !wrong { // else it is the server's fault, whatever the generator's
			if step.Disturbed, err = validity.LimitedByGenerator(run, rc.Trial(), played.Ended != ""); err != nil {
				return o, played, err
			}
		}
		o.Ended = o.Ended || slices.ContainsFunc(strict, func(limit Over) bool { return limit.Load() > 1 })
	}
	played.Killed = killed
	o.Invalid, played.Disturbed = step.Disturbed != "", step.Disturbed
	for i, l := range limits {
		all := stat.Merge(append([]stat.Tally(nil), o.Seconds[i]...))
		if n := all.Total(); n > 0 {
			over := Over{Limit: l.Name, Share: float64(all.Above(l.At)) / float64(n), Room: l.Room}
			if timesLimited(l.Limit) {
				over.Time = quantile(all, 1-l.Room)
			}
			played.Over = append(played.Over, over)
		}
	}
	played.Over = append(played.Over, strict...)
	return o, played, nil
}

// strictLimits are the limits that a step breaks without an interval: that of answers that are
// to agree, and that of errors where none may be.
func strictLimits(slo record.SLO, c *sample.Cell) (all []Over) {
	if sent := c.Ledger.Sent; slo.Errors != nil && *slo.Errors == 0 && sent > 0 {
		all = append(all, Over{Limit: errorRate, Share: float64(c.Ledger.Failed+c.Ledger.Censored) / float64(sent)})
	}
	if checked := c.Answers.Checked; slo.Agreement != nil && checked > 0 {
		const digits = 1e12 // that 1 − 0.9 is 0.1
		all = append(all, Over{Limit: agreement, Share: float64(checked-c.Answers.Agreed) / float64(checked), Room: math.Round((1-*slo.Agreement)*digits) / digits})
	}
	return all
}

// describe tells what reports show of a step.
func (s *SearchStep) describe(run *record.Run, c *sample.Cell) {
	s.Ledger, s.Window = c.Ledger, c.Window
	s.Goodput = sample.PerSecond(float64(c.Good), c.Window)
	var all []stat.Tally
	for i := range c.Seconds {
		all = append(all, c.Seconds[i].Responses.With(c.Seconds[i].Failed+c.Seconds[i].Censored))
	}
	s.Responses = stat.Merge(all)
	s.P99 = quantile(s.Responses, 0.99)
	s.Used = usedIn(run, c)
}
