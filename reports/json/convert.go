package jsonreport

import (
	"math"
	"slices"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
)

func newSummary(a *analysis.Analysis) summary {
	d := summary{
		Schema:      Schema,
		Run:         a.Run.Dir,
		Scenario:    a.Run.Scenario.Name,
		Seed:        a.Run.Scenario.Seed,
		Rounds:      a.Run.Scenario.Rounds,
		ColdStarts:  a.Run.Scenario.ColdStarts,
		Validity:    validity(a),
		Reason:      newReason(a),
		Verdict:     text(string(a.Verdict)),
		Interrupted: text(a.Run.Interrupted),
		Reference:   text(a.Reference),
		Diagnostics: []diagnostic{}, Targets: []figures{}, Cells: []figures{},
		Deployments: newDeployments(a), AB: newABTest(a), Overhead: newOverhead(a.Overhead), Steps: newStepped(a), Saturation: newSaturation(a),
		Ratios: []ratio{}, Unavailable: []unavailable{}, LeftOut: newLeftOut(a),
	}
	if short := a.Shortfall(); short != nil {
		d.Shortfall = text(short.Word + ": " + short.Text)
	}
	for _, row := range a.Rows {
		f := newFigures(row)
		f.Rounds = row.Rounds
		d.Targets = append(d.Targets, f)
	}
	for _, row := range a.Cells {
		f := newFigures(row)
		f.Round = row.Round
		d.Cells = append(d.Cells, f)
	}
	d.judgements(a)
	for _, t := range a.Run.Targets {
		if t.Unavailable != "" {
			d.Unavailable = append(d.Unavailable, unavailable{t.Name, t.Unavailable})
		}
	}
	return d
}

// noResult is the validity of a run in which nothing was measured.
const noResult = "NO RESULT"

func validity(a *analysis.Analysis) string {
	if a.Nothing() != "" {
		return noResult
	}
	return string(a.Validity)
}

// judgements adds what was concluded from the figures.
func (d *summary) judgements(a *analysis.Analysis) {
	for _, x := range a.Diagnostics {
		d.Diagnostics = append(d.Diagnostics, diagnostic{
			Rule: x.Rule, Severity: x.Severity.String(), Target: text(x.Target), Phase: text(x.Phase), Round: number(x.Round, x.Round > 0),
			Text: x.Text, Figure: x.Figure, Threshold: x.Threshold, Action: x.Action,
		})
	}
	d.LimitsFrom, d.Gates = text(a.By), newGates(a)
	for _, r := range a.Ratios {
		x := ratio{Target: r.Target, Phase: r.Phase, Metric: r.Metric, Value: significant(r.Value), Rounds: r.Rounds}
		if r.HasInterval {
			x.CI = &pair{significant(r.Low), significant(r.High)}
		}
		d.Ratios = append(d.Ratios, x)
	}
}

func newFigures(r sample.Row) figures {
	f := figures{
		Target: r.Target, Phase: r.Phase,
		Loop: loop(r), Concurrency: number(r.Concurrency, r.Concurrency > 0), OfferedRPS: number(rate(r.Offered), r.Concurrency == 0),
		AchievedRPS: rate(r.Achieved), OKRPS: rate(r.OKRate), GoodputRPS: rate(r.Goodput),
		Scheduled: r.Ledger.Scheduled, Sent: r.Ledger.Sent, OK: r.Ledger.OK, Failed: r.Ledger.Failed, Censored: r.Ledger.Censored,
		Response: newLatencies(r.Response), ResponseCI: newIntervals(r.Response),
		Service: newLatencies(r.Service), ServiceCI: newIntervals(r.Service),
		Lag: newLatencies(r.Lag),
		// Nothing that runs spends no CPU or holds no memory: a zero is a reading
		// that could not be taken.
		CPUSeconds: number(significant(r.Usage.CPU.Seconds()), r.Usage.Known && r.Usage.CPU > 0),
		RSSBytes:   number(r.Usage.Resident, r.Usage.Known && r.Usage.Resident > 0),
		ColdStarts: []float64{},
		Unanswered: []float64{},
		Meters:     newMeters(r),
		Errors:     newFailures(r.Errors),
		Floor:      newFloor(r.Floor), Classes: newClasses(r), Aborted: newAborts(r),
	}
	if r.FirstByte.N > 0 {
		times, ends := newLatencies(r.FirstByte), newIntervals(r.FirstByte)
		f.FirstByte, f.FirstByteCI = &times, &ends
	}
	f.ErrorRate, f.ErrorRateCI = share(r.ErrorRate())
	f.Attainment, f.AttainmentCI = share(r.Attained)
	f.Agreement, f.AgreementCI = share(r.Agreement)
	f.Accuracy, f.AccuracyCI = share(r.Accuracy)
	cpu, known := r.GeneratorCPU()
	f.Generator = number(significant(cpu), known)
	for _, start := range r.ColdStarts {
		f.ColdStarts = append(f.ColdStarts, milliseconds(start))
	}
	for _, start := range r.Unanswered {
		f.Unanswered = append(f.Unanswered, milliseconds(start))
	}
	f.ColdStart = number(median(f.ColdStarts), len(f.ColdStarts) > 0)
	return f
}

func newLatencies(d stat.Distribution) latencies {
	at := func(i int) *float64 { return number(milliseconds(d.Quantiles[i].Value), d.Quantiles[i].Known) }
	return latencies{at(0), at(1), at(2), at(3), number(milliseconds(d.Max), d.N > 0)}
}

func newIntervals(d stat.Distribution) intervals {
	at := func(i int) *pair {
		q := d.Quantiles[i]
		return number(pair{milliseconds(q.Low), milliseconds(q.High)}, q.HasInterval)
	}
	return intervals{at(0), at(1), at(2), at(3)}
}

func share(p stat.Proportion) (*float64, *pair) {
	return number(p.Value, p.N > 0), number(pair{significant(p.Low), significant(p.High)}, p.N > 0)
}

// number is null when the value is not known.
func number[T any](v T, known bool) *T {
	if !known {
		return nil
	}
	return &v
}

// text is null when it is empty.
func text(s string) *string { return number(s, s != "") }

func milliseconds(d time.Duration) float64 {
	return significant(float64(d) / float64(time.Millisecond))
}

func significant(v float64) float64 { return format.Significant(v) }

// rate keeps a thousandth of a request per second.
func rate(v float64) float64 { return math.Round(v*1000) / 1000 }

// median of the values; the lower one of the two in the middle.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
