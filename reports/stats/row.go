package stats

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

// seedOf makes the intervals of a row a pure function of the run.
func seedOf(run *record.Run, row Row) uint64 {
	h := fnv.New64a()
	io.WriteString(h, row.Target+"\x00"+row.Phase)
	return h.Sum64() ^ run.Scenario.Seed
}

// rows pools the cells of each target and phase, targets and phases in the
// scenario's order.
func rows(run *record.Run, cells []*cell) []Row {
	var all []Row
	for _, target := range run.Targets {
		for _, phase := range run.Scenario.Phases {
			if chosen := pick(cells, target.Name, phase.Name); len(chosen) > 0 {
				all = append(all, newRow(run, chosen))
			}
		}
	}
	return all
}

// cellRows is one row for each cell, in the cells' order.
func cellRows(run *record.Run, cells []*cell) []Row {
	var all []Row
	for _, c := range cells {
		row := newRow(run, []*cell{c})
		row.Round = c.Round
		all = append(all, row)
	}
	return all
}

func pick(cells []*cell, target, phase string) []*cell {
	var chosen []*cell
	for _, c := range cells {
		if c.Target == target && c.Phase == phase {
			chosen = append(chosen, c)
		}
	}
	slices.SortStableFunc(chosen, func(a, b *cell) int { return cmp.Compare(a.Round, b.Round) })
	return chosen
}

// newRow pools cells of one target and phase.
func newRow(run *record.Run, cells []*cell) Row {
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
		okOver, row.GoodOver = okOver+c.okOver, row.GoodOver+c.goodOver
		sent += c.Achieved * c.played().Seconds()
		good = append(good, stat.Counts{K: c.Good, N: c.due()})
		row.Ledger = addLedgers(row.Ledger, c.Ledger)
		row.Errors = addErrors(row.Errors, c.Errors)
		row.Usage = addUsage(row.Usage, c.Usage)
		row.Instrument = addInstruments(row.Instrument, c.Instrument)
		row.Instrument.OutOfRange += c.dropped
		row.Stopped = row.Stopped || c.Stopped
		agreed = append(agreed, stat.Counts{K: c.Answers.Agreed, N: c.Answers.Checked})
		correct = append(correct, stat.Counts{K: c.Answers.Correct, N: c.Answers.Labelled})
		for _, s := range c.slices {
			row.Slices = append(row.Slices, s.Slice)
		}
		answered, unanswered := coldStarts(run, c.Trial())
		row.ColdStarts = append(row.ColdStarts, answered...)
		row.Unanswered = append(row.Unanswered, unanswered...)
	}
	row.Usage.Meters = sumMeters(cells)
	row.NotDue = row.Ledger.Scheduled - asked
	if phaseNamed(run, row.Phase).Open {
		row.Offered = perSecond(float64(asked), row.Played)
	}
	row.Achieved = perSecond(sent, row.Played)
	row.OKRate = perSecond(float64(row.Ledger.OK), okOver)
	row.Good = stat.Repeated(good, 0)
	row.Goodput = perSecond(float64(stat.SumCounts(good).K), row.GoodOver)
	distinct := int64(run.Scenario.Corpus) * int64(max(run.Scenario.Batch, 1))
	row.Agreement = stat.Repeated(agreed, distinct)
	row.Accuracy = stat.Repeated(correct, distinct)
	if run.Scenario.SLO.Deadline() > 0 {
		row.Attained = row.Good
	}
	row.Concurrency = concurrencyOf(run, row.Phase)
	row.Floor = floorAt(run.Calibration, row.Rate())
	row.Classes, row.Aborts = classesOf(cells), abortsOf(cells)
	row.fill(cells, seedOf(run, row))
	return row
}

// due is how many requests the load asked for. What was scheduled after somebody
// stopped it was not asked for any more.
func (c *cell) due() int64 {
	if c.Stopped {
		return c.Ledger.Sent
	}
	return c.Ledger.Scheduled
}

// played is how much of its schedule the load came to.
func (c *cell) played() time.Duration {
	if c.ended() && c.Window < c.Span {
		return c.Window
	}
	return c.Span
}

// ended says that somebody, or a condition of the scenario's, ended the load.
func (c *cell) ended() bool { return c.Stopped || c.Aborted != "" }

// asked is how many requests were due before the load was ended.
func (c *cell) asked() int64 {
	if c.played() == c.Span {
		return c.Ledger.Scheduled
	}
	var n int64
	for i := range c.slices {
		if s := &c.slices[i]; s.Start < c.Window {
			n += s.ledger(c).Scheduled
		}
	}
	return max(n, c.Ledger.Sent)
}

// fill computes the distributions.
func (row *Row) fill(cells []*cell, seed uint64) {
	qs := stat.Quantiles()
	response := stat.NewSample(tallies(cells, func(s *slice) stat.Tally { return s.response }))
	service := stat.NewSample(tallies(cells, func(s *slice) stat.Tally { return s.service }))
	firstByte := stat.NewSample(tallies(cells, func(s *slice) stat.Tally { return s.firstByte }))
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
func pooled(cells []*cell, tag string) (all *hdrhistogram.Histogram, dropped int64) {
	if len(cells) == 1 {
		return cells[0].merged[tag], 0
	}
	for _, c := range cells {
		if h := c.merged[tag]; h != nil {
			if all == nil {
				all = record.NewHistogram()
			}
			dropped += all.Merge(h)
		}
	}
	return all, dropped
}

// tallies are those of each cell's blocks.
func tallies(cells []*cell, of func(*slice) stat.Tally) [][]stat.Tally {
	var rounds [][]stat.Tally
	for _, c := range cells {
		var blocks []stat.Tally
		for part := range stat.Blocks(c.slices) {
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

func perSecond(n float64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return n / d.Seconds()
}

// coldStarts are the times of the first answers in a trial, and, where they were
// not right, those of the last stage before.
func coldStarts(run *record.Run, trial record.Trial) (answered, unanswered []time.Duration) {
	for _, t := range run.Targets {
		for _, d := range t.Deployments {
			if t.Name != trial.Target || d.Round != trial.Round || d.Attempt != trial.Attempt || len(d.Stages) == 0 {
				continue
			}
			switch last := d.Stages[len(d.Stages)-1]; {
			case last.Name == record.FirstAnswer:
				answered = append(answered, last.At)
			case d.FirstAnswerError != "":
				unanswered = append(unanswered, last.At)
			}
		}
	}
	return answered, unanswered
}
