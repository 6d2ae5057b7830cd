package sample

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Row is what was measured of one target in one phase, in one round or pooled
// over all of them.
type Row struct {
	Target      string              `json:"target"`
	Phase       string              `json:"phase"`
	Round       int                 `json:"round,omitzero"` // 0: pooled over Rounds
	Rounds      int                 `json:"rounds"`         // how many rounds are in it
	Concurrency int                 `json:"concurrency"`    // of a closed loop; 0 of an open one
	Offered     float64             `json:"offered_rps"`    // per second, of what was due until the load was ended; of a closed loop nothing is offered
	Achieved    float64             `json:"achieved_rps"`   // per second, as sent
	Span        time.Duration       `json:"-"`              // of schedule, summed over rounds
	Played      time.Duration       `json:"-"`              // of Span, until the load was ended
	NotDue      int64               `json:"-"`              // requests of the schedule after that: neither sent nor asked for
	Elapsed     time.Duration       `json:"-"`              // until the last request was done or given up, summed over rounds
	Ledger      record.Ledger       `json:",inline"`
	Retries     record.Retries      `json:"retries,omitzero"`
	Errors      []record.ErrorCount `json:"errors"` // most frequent first
	// OKRate is correct answers per second, Goodput those of them inside the
	// SLO's deadline.
	OKRate    float64           `json:"ok_rps"`
	Goodput   float64           `json:"goodput_rps"`
	Response  stat.Distribution `json:"response_ms"`   // of OK requests
	Service   stat.Distribution `json:"service_ms"`    // of OK requests
	FirstByte stat.Distribution `json:"first_byte_ms"` // time to first byte, of OK requests; empty where the SLO does not limit it
	Lag       stat.Distribution `json:"lag_ms"`        // of requests sent
	Failed    stat.Distribution `json:"-"`             // response time of failed requests
	Agreement stat.Proportion   `json:"agreement"`
	Accuracy  stat.Proportion   `json:"accuracy"`
	// Attained is the share of the requests scheduled that were answered rightly
	// within the SLO's deadline: those that failed, were censored or were never sent
	// came too late. Of a load that somebody stopped it is the share of those sent.
	// N = 0: the SLO has no deadline.
	Attained stat.Proportion `json:"attainment"`
	// Good is the share of the requests due that Goodput counts, GoodOver the time that
	// it counts them over.
	Good       stat.Proportion `json:"-"`
	GoodOver   time.Duration   `json:"-"`
	Floor      *Floor          `json:"floor"`          // the instrument's own share of Response; nil: not calibrated
	Classes    []Class         `json:"classes"`        // of a mix, in its order
	Aborts     []Abort         `json:"aborted"`        // the rounds in which a condition of the scenario's ended the load
	Stopped    bool            `json:"-"`              // somebody ended the load of a round
	ColdStarts []time.Duration `json:"cold_starts_ms"` // start of the server → first answer, per round
	// Unanswered are the starts whose first answer was not right, up to their last
	// stage before it: how long they would have taken is not known, but longer.
	Unanswered []time.Duration `json:"unanswered_starts_ms"`
	Usage      record.Usage    `json:"-"` // CPU and Meters summed, Resident the largest
	// Instrument holds the SendingTime, SendingCPU and Polling of the round with the
	// busiest generator, and in OutOfRange also what a log held and its merged
	// histograms could not.
	Instrument record.Instrument `json:"-"`
	Slices     []Slice           `json:"-"` // in time order; pooled rows hold every round's, one after the other
}

// rows pools the cells of each target and phase, targets and phases in the
// scenario's order.
func rows(run *record.Run, cells []*Cell) []Row {
	var all []Row
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			if chosen := Pick(cells, target.Name, phase.Name); len(chosen) > 0 {
				all = append(all, newRow(run, chosen))
			}
		}
	}
	return all
}

// CellRows is one row for each cell, in the cells' order.
func CellRows(run *record.Run, cells []*Cell) []Row {
	var all []Row
	for _, c := range cells {
		row := newRow(run, []*Cell{c})
		row.Round = c.Round
		all = append(all, row)
	}
	return all
}

// Pick takes the cells of a target and phase, by round.
func Pick(cells []*Cell, target, phase string) []*Cell {
	var chosen []*Cell
	for _, c := range cells {
		if c.Target == target && c.Phase == phase {
			chosen = append(chosen, c)
		}
	}
	slices.SortStableFunc(chosen, func(a, b *Cell) int { return cmp.Compare(a.Round, b.Round) })
	return chosen
}

// newRow pools cells of one target and phase.
func newRow(run *record.Run, cells []*Cell) Row {
	row := Row{Target: cells[0].Target, Phase: cells[0].Phase, Rounds: len(cells)}
	row.Usage.Known = true
	var okOver time.Duration
	var sent float64
	var agreed, correct, good []stat.Counts
	var asked int64
	for _, c := range cells {
		row.Span += c.Span
		row.Played += c.played()
		asked += c.asked()
		row.Elapsed += c.Elapsed
		okOver, row.GoodOver = okOver+c.OKOver, row.GoodOver+c.goodOver
		sent += c.Achieved * c.played().Seconds()
		good = append(good, stat.Counts{K: c.Good, N: c.Due()})
		row.Ledger = row.Ledger.Plus(c.Ledger)
		row.Errors = record.AddErrors(row.Errors, c.Errors)
		row.Retries.Add(c.Retries)
		row.Usage = addUsage(row.Usage, c.Usage)
		row.Instrument = addInstruments(row.Instrument, c.Instrument)
		row.Instrument.OutOfRange += c.Dropped
		row.Stopped = row.Stopped || c.Stopped
		agreed = append(agreed, stat.Counts{K: c.Answers.Agreed, N: c.Answers.Checked})
		correct = append(correct, stat.Counts{K: c.Answers.Correct, N: c.Answers.Labelled})
		for _, s := range c.Seconds {
			row.Slices = append(row.Slices, s.Slice)
		}
		answered, unanswered := coldStarts(run, c.Trial())
		row.ColdStarts = append(row.ColdStarts, answered...)
		row.Unanswered = append(row.Unanswered, unanswered...)
	}
	row.Usage.Meters = sumMeters(cells)
	row.NotDue = row.Ledger.Scheduled - asked
	if run.Phase(row.Phase).Open {
		row.Offered = PerSecond(float64(asked), row.Played)
	}
	row.Achieved = PerSecond(sent, row.Played)
	row.OKRate = PerSecond(float64(row.Ledger.OK), okOver)
	row.Good = stat.Repeated(good, 0)
	row.Goodput = PerSecond(float64(stat.SumCounts(good).K), row.GoodOver)
	distinct := run.RequestsTo(row.Target).Distinct()
	row.Agreement = stat.Repeated(agreed, distinct)
	row.Accuracy = stat.Repeated(correct, distinct)
	if run.Scenario.SLO.Deadline() > 0 {
		row.Attained = row.Good
	}
	row.Concurrency = concurrencyOf(run, row.Phase)
	row.Floor = floorAt(run.CalibrationOf(row.Target), row.Rate())
	row.Classes, row.Aborts = classesOf(cells), abortsOf(cells)
	row.fill(cells, SeedOf(run, row))
	return row
}

// Due is how many requests the load asked for. What was scheduled after somebody
// stopped it was not asked for any more.
func (c *Cell) Due() int64 {
	if c.Stopped {
		return c.Ledger.Sent
	}
	return c.Ledger.Scheduled
}

// played is how much of its schedule the load came to.
func (c *Cell) played() time.Duration {
	if c.Ended() && c.Window < c.Span {
		return c.Window
	}
	return c.Span
}

// Ended says that somebody, or a condition of the scenario's, ended the load.
func (c *Cell) Ended() bool { return c.Stopped || c.Aborted != "" }

// asked is how many requests were due before the load was ended.
func (c *Cell) asked() int64 {
	if c.played() == c.Span {
		return c.Ledger.Scheduled
	}
	var n int64
	for i := range c.Seconds {
		if s := &c.Seconds[i]; s.Start < c.Window {
			n += s.Ledger(c).Scheduled
		}
	}
	return max(n, c.Ledger.Sent)
}

// fill computes the distributions.
func (row *Row) fill(cells []*Cell, seed uint64) {
	qs := stat.Quantiles()
	response := stat.NewSample(Tallies(cells, func(s *LoggedSlice) stat.Tally { return s.Responses }))
	service := stat.NewSample(Tallies(cells, func(s *LoggedSlice) stat.Tally { return s.Services }))
	firstByte := stat.NewSample(Tallies(cells, func(s *LoggedSlice) stat.Tally { return s.FirstBytes }))
	pool := func(tag string) stat.Distribution {
		h, dropped := pooled(cells, tag)
		row.Instrument.OutOfRange += dropped
		return stat.NewDistribution(h)
	}
	row.Response = pool(record.TagResponse)
	row.Response.Bound(response.Intervals(qs[:], seed))
	row.Service = pool(record.TagService)
	row.Service.Bound(service.Intervals(qs[:], seed))
	row.FirstByte = pool(record.TagFirstByte)
	row.FirstByte.Bound(firstByte.Intervals(qs[:], seed))
	row.Lag = pool(record.TagLag)
	row.Failed = pool(record.TagFailed)
}

// pooled merges the cells' histograms of a tag and counts the values that did
// not fit; nil when there is no value.
func pooled(cells []*Cell, tag string) (all *hdrhistogram.Histogram, dropped int64) {
	if len(cells) == 1 {
		return cells[0].Merged[tag], 0
	}
	for _, c := range cells {
		if h := c.Merged[tag]; h != nil {
			if all == nil {
				all = record.NewHistogram()
			}
			dropped += all.Merge(h)
		}
	}
	return all, dropped
}

// Tallies are those of each cell's blocks.
func Tallies(cells []*Cell, of func(*LoggedSlice) stat.Tally) [][]stat.Tally {
	var rounds [][]stat.Tally
	for _, c := range cells {
		var blocks []stat.Tally
		for part := range stat.Blocks(c.Seconds) {
			var seconds []stat.Tally
			for i := range part {
				seconds = append(seconds, of(&part[i]))
			}
			blocks = append(blocks, stat.Merge(seconds))
		}
		if len(blocks) > 0 {
			rounds = append(rounds, blocks)
		}
	}
	return rounds
}

// coldStarts are the times of the first answers in a trial, and, where they were
// not right, those of the last stage before.
func coldStarts(run *record.Run, trial record.Trial) (answered, unanswered []time.Duration) {
	for _, d := range run.Target(trial.Target).Deployments {
		if d.Round != trial.Round || d.Attempt != trial.Attempt || len(d.Stages) == 0 {
			continue
		}
		switch last := d.Stages[len(d.Stages)-1]; {
		case last.Name == record.FirstAnswer:
			answered = append(answered, last.At)
		case d.FirstAnswerError != "":
			unanswered = append(unanswered, last.At)
		}
	}
	return answered, unanswered
}

// SeedOf makes the intervals of a row a pure function of the run.
func SeedOf(run *record.Run, row Row) uint64 {
	h := fnv.New64a()
	io.WriteString(h, row.Target+"\x00"+row.Phase)
	return h.Sum64() ^ run.Scenario.Seed
}

// addUsage is known only when all of it is: part of a sum would read as a
// saving.
func addUsage(a, b record.Usage) record.Usage {
	if !a.Known || !b.Known {
		return record.Usage{}
	}
	return record.Usage{CPU: a.CPU + b.CPU, Resident: max(a.Resident, b.Resident), Unread: max(a.Unread, b.Unread), Known: true}
}

// addInstruments keeps the sending of the round in which the generator was the
// busier, and the longest waits: an average would hide that round. The gaps are
// those of one cell, and of none when there are several.
func addInstruments(a, b record.Instrument) record.Instrument {
	busier := a
	if share, _ := busy(b); share > 0 {
		if most, known := busy(a); !known || share > most {
			busier = b
		}
	}
	return record.Instrument{
		SendingTime: busier.SendingTime,
		SendingCPU:  busier.SendingCPU,
		Polling:     busier.Polling,

		CPUs:       max(a.CPUs, b.CPUs),
		CPU:        a.CPU + b.CPU,
		GCPause:    a.GCPause + b.GCPause,
		GCPauseMax: max(a.GCPauseMax, b.GCPauseMax),
		GCCycles:   a.GCCycles + b.GCCycles,
		SchedP99:   max(a.SchedP99, b.SchedP99),
		SchedMax:   max(a.SchedMax, b.SchedMax),
		Attackers:  max(a.Attackers, b.Attackers),
		Resent:     a.Resent + b.Resent,
		Retries:    a.Retries + b.Retries,
		Stalls:     a.Stalls + b.Stalls,
		Workers:    max(a.Workers, b.Workers),
		WorkerCap:  max(a.WorkerCap, b.WorkerCap),
		Dials:      a.Dials + b.Dials,
		OutOfRange: a.OutOfRange + b.OutOfRange,
		Unprepared: a.Unprepared + b.Unprepared,
		Renewals:   a.Renewals.Plus(b.Renewals),
	}
}

// sumMeters adds what the target counted in each cell. A meter that one of them
// lacks is left out: part of a sum would read as a saving.
func sumMeters(cells []*Cell) []record.Meter {
	all := slices.Clone(cells[0].Usage.Meters)
	for _, c := range cells[1:] {
		all = slices.DeleteFunc(all, func(m record.Meter) bool { return meterIndex(c.Usage.Meters, m) < 0 })
		for i, m := range all {
			all[i].Value += c.Usage.Meters[meterIndex(c.Usage.Meters, m)].Value
		}
	}
	return all
}

// meterIndex finds the meter of the same name and unit; -1: there is none.
func meterIndex(all []record.Meter, m record.Meter) int {
	return slices.IndexFunc(all, func(o record.Meter) bool { return o.Name == m.Name && o.Unit == m.Unit })
}

// PerRequest is a meter's count per request sent; false when none was sent.
func (r Row) PerRequest(m record.Meter) (float64, bool) {
	if r.Ledger.Sent == 0 {
		return 0, false
	}
	return m.Value / float64(r.Ledger.Sent), true
}

// million is per how many requests a meter is told that counts less than a tenth
// of its unit for each.
const million = 1e6

// MeterRequests is per how many requests a meter is told, in all rows alike: 1 or
// million.
func (s *Set) MeterRequests(m record.Meter) float64 {
	for _, r := range s.Rows {
		i := meterIndex(r.Usage.Meters, m)
		if i < 0 {
			continue
		}
		if each, known := r.PerRequest(r.Usage.Meters[i]); known && each > 0 && each < 0.1 {
			return million
		}
	}
	return 1
}

// Class is one class of request of a mix, pooled like the row it is in.
type Class struct {
	Name     string            `json:"class"`
	Ledger   record.Ledger     `json:",inline"`
	Response stat.Distribution `json:"response_ms"` // of OK requests; its quantiles have no intervals
}

// classesOf pools the classes of a mix over cells of one target and phase.
func classesOf(cells []*Cell) []Class {
	var all []Class
	for _, c := range cells {
		for _, count := range c.Classes {
			i := slices.IndexFunc(all, func(have Class) bool { return have.Name == count.Name })
			if i < 0 {
				i = len(all)
				all = append(all, Class{Name: count.Name})
			}
			all[i].Ledger = all[i].Ledger.Plus(count.Ledger)
		}
	}
	for i := range all {
		h, _ := pooled(cells, record.TagOfClass(all[i].Name))
		all[i].Response = stat.NewDistribution(h)
	}
	return all
}

// ErrorRate is as that of a Row, of the class's requests.
func (c Class) ErrorRate() stat.Proportion { return FailedShare(c.Ledger) }

// PerSecond is a rate; 0 over no time.
func PerSecond(n float64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return n / d.Seconds()
}
