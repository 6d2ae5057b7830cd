package cost

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/validity"
	"servebench/reports/record"
)

// Of is what the search for a capacity measured of each target, in the run's order, with those of
// the run's diagnostics that are about it. Everything that depends on the rate is of the rounds
// that certify it, in which the SLO held.
func Of(set *sample.Set, found []capacity.Searched, diagnostics []record.Diagnostic) []Measured {
	var all []Measured
	for _, s := range found {
		m := Measured{
			Run: set.Run.ID, Target: s.Target, Rate: s.Certified, Breaks: s.Breaks, Capped: s.Capped, Invalid: s.Invalid, LimitedBy: s.LimitedBy,
			CPUs: set.Run.Target(s.Target).CPUs, Processor: set.Run.Environment.Named(record.FactCPU).Value,
			Unfinished: s.Certified == 0 && (set.Run.Interrupted != "" || set.Run.Finished.IsZero()),
			Batch:      set.Run.RequestsTo(s.Target).Batch, Arm: set.Run.Environment.Named(record.FactArchitecture).Value == "arm64",
		}
		for _, l := range capacity.TimeLimits(set.Run.Scenario.SLO) {
			m.Limits = append(m.Limits, Limit{l.Name, l.Room, time.Duration(l.At)})
		}
		m.describe(set.Run.Target(s.Target))
		for _, d := range diagnostics {
			about := d.Target == "" || d.Target == s.Target
			if about && d.Rule != validity.RuleSamples { // no cost rests on a quantile that is not shown
				m.Diagnostics = append(m.Diagnostics, d)
			}
		}
		for _, step := range s.Steps {
			if step.P99 > 0 && step.Disturbed == "" {
				m.Seen = append(m.Seen, Seen{step.Rate, step.P99})
			}
		}
		m.measure(cellsOf(set, s))
		m.meter(set, s)
		all = append(all, m)
	}
	return all
}

// describe tells what the target is.
func (m *Measured) describe(t record.Target) {
	m.Kind, m.MemoryGiB = cmp.Or(t.Of, t.Name), float64(t.Memory)/(1<<30)
	if whole := sample.NewColdStart(t).Whole(); whole.N > 0 {
		m.ColdStart, m.Starts = whole.Median.Value, whole.N
	}
	switch {
	case m.Kind == "lambda":
		m.Emulated = EmulatedLambda
	case t.Facts.Named(record.FactAcceleration).State == record.TCG:
		m.Emulated = EmulatedCPU
	}
}

// cellsOf are the cells of the rounds that certify a rate.
func cellsOf(set *sample.Set, s capacity.Searched) []*sample.Cell {
	var cells []*sample.Cell
	for _, step := range s.Certificate() {
		for _, c := range set.Measured {
			if c.Target == s.Target && c.Round == step.Round && !strings.HasPrefix(c.Phase, record.SettlePrefix) {
				cells = append(cells, c)
			}
		}
	}
	return cells
}

// measure reads what a request took and how long it and its answer were.
func (m *Measured) measure(cells []*sample.Cell) {
	var all record.Ledger
	var requests, answers int64
	var services []stat.Tally
	for _, c := range cells {
		all = all.Plus(c.Ledger)
		requests, answers = requests+c.RequestBytes, answers+c.AnswerBytes
		for i := range c.Seconds {
			services = append(services, c.Seconds[i].Services)
		}
	}
	m.RequestBytes, m.AnswerBytes = each(requests, all.Sent), each(answers, all.OK)
	m.Service = stat.Merge(services).Mean()
}

func each(sum, n int64) float64 {
	if n <= 0 || sum < 0 {
		return 0
	}
	return float64(sum) / float64(n)
}

// The names of a function's meters by which it is priced.
const (
	meterBilled = "billed duration" // ms
)

// meter reads what a function was billed for.
func (m *Measured) meter(set *sample.Set, s capacity.Searched) {
	if m.Kind != "lambda" {
		return
	}
	var requests, compute, billed, starts float64
	var rounds []float64
	for _, c := range cellsOf(set, s) {
		n, gbSeconds := metered(c.Usage, record.MeterInvocations), metered(c.Usage, record.MeterCompute)
		ran := metered(c.Usage, meterBilled) / 1000
		if n > 0 && gbSeconds > 0 && ran > 0 {
			// An initialisation is billed with the first request. It is priced by itself, by how
			// often the traffic has one.
			start := min(gbSeconds, metered(c.Usage, record.MeterInit)/1000*gbSeconds/ran)
			requests, compute, billed, starts = requests+n, compute+gbSeconds, billed+ran, starts+start
			rounds = append(rounds, (gbSeconds-start)/n)
		}
	}
	if requests == 0 || billed <= 0 {
		return
	}
	m.MemoryGiB = compute / billed // a GB of Lambda's is 1,024 MB
	value := (compute - starts) / requests
	b := &Billed{GBSeconds: unbounded(value), Rounds: len(rounds), Least: slices.Min(rounds), Most: slices.Max(rounds)}
	if low, high, known := stat.MeanInterval(rounds); known {
		b.GBSeconds = Interval{Value: value, Low: max(0, min(low, value)), High: max(high, value)}
	}
	var init, ready float64
	for i := range set.Run.Cells {
		if c := &set.Run.Cells[i]; c.Target == m.Target {
			init, ready = init+metered(c.Usage, record.MeterInit)/1000, ready+metered(c.Usage, record.MeterReady)
		}
	}
	if ready > 0 && init > 0 {
		b.Init = init / ready * m.MemoryGiB
	}
	m.Billed = b
}

func metered(u record.Usage, name string) float64 {
	for _, meter := range u.Meters {
		if meter.Name == name {
			return meter.Value
		}
	}
	return 0
}
