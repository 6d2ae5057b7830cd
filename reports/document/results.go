package document

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
)

// results is the headline: the table that people look for.
func (b builder) results() []element.Section {
	t := element.ByTarget(element.Numbers("load", "OK/s", "p50 ms", "p99 ms", "errors", "n"))
	for _, r := range b.a.Rows {
		b.Add(t, r.Target, r.Phase, []element.Cell{
			b.load(r), ofSent(r, format.RateNumber(r.OKRate)), element.Quantile(r.Response, 0), element.Quantile(r.Response, 2),
			element.ErrorRate(r.ErrorRate()), element.Count(r.Ledger.Sent),
		})
	}
	return []element.Section{{ID: "results", Title: "Results", Notes: sentence.LoadConditions(b.a), Table: t}}
}

// load is what was asked of the target, and by which loop.
func (b builder) load(r sample.Row) element.Cell {
	if r.Concurrency > 0 {
		return element.With(sentence.Asked(r), "closed loop")
	}
	return element.With(sentence.Asked(r), "open loop")
}

// ofSent is a figure of the requests sent, where there are any.
func ofSent(r sample.Row, figure string, notes ...string) element.Cell {
	if r.Ledger.Sent == 0 {
		return element.None()
	}
	return element.With(figure, notes...)
}

// latency is every time by percentile.
func (b builder) latency() []element.Section {
	t := element.ByTarget(element.Words("time"), element.QuantileTitles(), element.Numbers("n"))
	t.Keys = 3
	add := func(r sample.Row, name string, d stat.Distribution) {
		b.Add(t, r.Target, r.Phase, []element.Cell{element.Text(name)}, element.Quantiles(d), []element.Cell{element.Count(d.N)})
	}
	notes := []string{"Response time runs from when " + sentence.Due(b.a) + ", service time from when it was sent, both to the end of " + sentence.Answer(b.a) + "."}
	var firstByte, floor bool
	for _, r := range b.a.Rows {
		add(r, "response", r.Response)
		add(r, "service", r.Service)
		if r.FirstByte.N > 0 {
			firstByte = true
			add(r, "first byte", r.FirstByte)
		}
		if r.Floor != nil {
			floor = true
			b.Add(t, r.Target, r.Phase, []element.Cell{element.Text("floor")}, floors(*r.Floor), []element.Cell{element.None(), element.None()})
		}
	}
	if firstByte {
		notes = append(notes, "Time to first byte runs from when "+sentence.Due(b.a)+" to the first byte of the answer's body.")
	}
	if floor {
		notes = append(notes, "The floor is how much of the response time is the load generator's own.")
	}
	return []element.Section{{ID: "latency", Title: "Latency by percentile", Rank: element.Aside, Notes: notes, Table: t}}
}

func floors(f sample.Floor) []element.Cell {
	var all []element.Cell
	for _, q := range f.Quantiles {
		all = append(all, element.MillisecondsOrNone(q > 0, q))
	}
	return all
}

// answers are the shares of requests and answers that were as they should be.
func (b builder) answers() []element.Section {
	deadline := b.a.Run.Scenario.SLO.Deadline()
	t := element.ByTarget(element.Numbers("errors", "within "+format.Duration(deadline), "agreement", "accuracy"))
	for _, r := range b.a.Rows {
		within := element.Cell{}
		if deadline > 0 {
			within = element.Share(r.Attained)
		}
		b.Add(t, r.Target, r.Phase, []element.Cell{element.Share(r.ErrorRate()), within, b.compared(r, r.Agreement), b.compared(r, r.Accuracy)})
	}
	s := element.Section{ID: "answers", Title: "Answers", Rank: element.Aside, Table: t}
	agreed := slices.ContainsFunc(b.a.Rows, func(r sample.Row) bool { return r.Agreement.N > 0 })
	labelled := slices.ContainsFunc(b.a.Rows, func(r sample.Row) bool { return r.Accuracy.N > 0 })
	switch {
	case len(b.a.Rows) == 0:
	case b.a.JudgedByStatus() && labelled:
		s.Notes = []string{"Answers were judged by their status. Accuracy is with " + sentence.Observed(b.a) + "."}
	case b.a.JudgedByStatus():
		s.Notes = []string{"Answers were judged by their status: there is nothing to compare them with."}
	case agreed && labelled:
		s.Notes = []string{"Agreement is with " + sentence.Expected(b.a) + ", accuracy with " + sentence.Observed(b.a) + "."}
	case agreed:
		s.Notes = []string{"Agreement is with " + sentence.Expected(b.a) + "."}
	case labelled:
		s.Notes = []string{"Accuracy is with " + sentence.Observed(b.a) + "."}
	}
	s.Notes = append(s.Notes, b.whyWide()...)
	return []element.Section{s}
}

// mostPuzzling is up to how many independent requests an interval is so wide that a reader
// wonders why.
const mostPuzzling = 200

// whyWide says why intervals are wider than the number of requests suggests.
func (b builder) whyWide() []string {
	var all []string
	for _, r := range b.a.Rows {
		var parts []string
		for _, p := range []struct {
			name string
			stat.Proportion
		}{{"errors", r.ErrorRate()}, {"agreement", r.Agreement}, {"accuracy", r.Accuracy}} {
			if p.Effective > 0 && p.Effective <= min(mostPuzzling, float64(p.N)/2) {
				parts = append(parts, p.name+" "+format.Count(int64(math.Ceil(p.Effective))))
			}
		}
		if parts != nil {
			all = append(all, b.a.Label(r.Target)+b.InPhase(r.Phase)+" "+strings.Join(parts, ", "))
		}
	}
	if all == nil {
		return nil
	}
	return []string{"Requests of the same round or second fare alike, and answers to the same record repeat each other, so that an interval is as wide as that of fewer independent ones: " + strings.Join(all, "; ") + "."}
}

// compared is a share of the answers that could be compared with the model's. Where all
// requests are the same, it says nothing of others, which an interval would.
func (b builder) compared(r sample.Row, p stat.Proportion) element.Cell {
	switch {
	case p.N > 0 && b.a.Run.RequestsTo(r.Target).Distinct() == 1:
		c := element.Share(p)
		c.Interval, c.Both = "", ""
		return c
	case p.N > 0:
		return element.Share(p)
	case b.a.ByStatus(r):
		return element.Cell{}
	}
	return element.Muted("not checked")
}

// resources are the throughput, and what the target spent on it.
func (b builder) resources() []element.Section {
	t := element.ByTarget(element.Numbers("goodput", "OK/s", "CPU time", "CPU per 1000 answers", "memory"))
	notes := []string{"CPU time and memory are those of the whole target, network and virtualisation included."}
	for _, r := range b.a.Rows {
		if r.Usage.Unread > 0 {
			notes = append(notes, fmt.Sprintf("%s, %s: the CPU time of a replica that ended was last read %s before its end; what it used after that is not included.", r.Target, r.Phase, format.Duration(r.Usage.Unread)))
		}
		b.Add(t, r.Target, r.Phase, []element.Cell{ofSent(r, format.Rate(r.Goodput)), ofSent(r, format.RateNumber(r.OKRate))}, spent(r))
	}
	return []element.Section{{ID: "resources", Title: "Throughput and resources", Rank: element.Aside, Table: t,
		Notes: notes}}
}

// spent is what the target spent. Nothing that runs spends no CPU or holds no memory: a
// zero is a reading that could not be taken.
func spent(r sample.Row) []element.Cell {
	cpu, each := element.None(), element.None()
	if r.Usage.Known && r.Usage.CPU > 0 {
		least := ""
		if !r.Usage.CPUKnown() {
			least = "at least "
		}
		cpu = element.Text(least + format.Duration(r.Usage.CPU))
		if r.Ledger.OK > 0 {
			each = element.Text(least + format.Duration(r.Usage.CPU*1000/time.Duration(r.Ledger.OK)))
		}
	}
	return []element.Cell{cpu, each, element.OrNone(r.Usage.Known && r.Usage.Resident > 0, format.Bytes(r.Usage.Resident))}
}

// meters are what the targets counted themselves, such as what they would bill.
func (b builder) meters() []element.Section {
	t := element.ByTarget(element.Words("meter"), element.Numbers("total", "per request", "per million requests"))
	t.Keys = 3
	for _, r := range b.a.Rows {
		for _, m := range r.Usage.Meters {
			cells := []element.Cell{element.Text(m.Name), element.Text(format.Meter(m.Value, m.Unit)), {}, {}}
			if each, known := r.PerRequest(m); known {
				column, per := 2, b.a.MeterRequests(m)
				if per > 1 {
					column = 3
				}
				cells[column] = element.Text(format.Meter(each*per, m.Unit))
			}
			b.Add(t, r.Target, r.Phase, cells)
		}
	}
	return []element.Section{{ID: "meters", Title: "Meters", Rank: element.Aside, Table: t,
		Notes: []string{"What the target itself counted in the measured phases: in all, and per request sent or per million of them."}}}
}

// classes are those of a mix.
func (b builder) classes() []element.Section {
	t := element.ByTarget(element.Words("class"), element.Numbers("sent", "OK", "failed", "censored"), element.QuantileTitles(), element.Numbers("n"))
	t.Keys = 3
	for _, r := range b.a.Rows {
		for _, c := range r.Classes {
			b.Add(t, r.Target, r.Phase, []element.Cell{element.Text(c.Name), element.Count(c.Ledger.Sent), element.Count(c.Ledger.OK), element.Fault(c.Ledger.Failed), element.Fault(c.Ledger.Censored)},
				element.Quantiles(c.Response), []element.Cell{element.Count(c.Response.N)})
		}
	}
	return []element.Section{{ID: "classes", Title: "Classes of request", Rank: element.Aside, Table: t,
		Notes: []string{"The classes of the mix, each with its ledger and its response time."}}}
}

// rounds are the results round by round.
func (b builder) rounds() []element.Section {
	t := element.ByTarget(element.Numbers("round", "errors", "goodput"), element.QuantileTitles(), element.Numbers("n", "lag p99 ms", "accuracy"))
	t.Keys = 3
	for _, r := range b.a.Cells {
		lag, accuracy := element.Quantile(r.Lag, 2), b.compared(r, r.Accuracy)
		lag.Interval = ""
		b.Add(t, r.Target, r.Phase, []element.Cell{element.Text(fmt.Sprint(r.Round)), element.ErrorRate(r.ErrorRate()), ofSent(r, format.Rate(r.Goodput))},
			element.Quantiles(r.Response), []element.Cell{element.Count(r.Ledger.OK), lag, accuracy})
	}
	return []element.Section{{ID: "rounds", Title: "Each round", Rank: element.Folded, Table: t,
		Notes: []string{"Each round; within a round, in the order in which the targets were measured."}}}
}

// ratios compare each target with the reference.
func (b builder) ratios() []element.Section {
	few := slices.ContainsFunc(b.a.Ratios, func(r sample.Ratio) bool { return !r.HasInterval })
	s := element.Section{ID: "ratios", Title: "Relative to " + b.a.Label(b.a.Reference), Table: b.ratioTable(), Notes: []string{
		"The geometric mean of the ratios of rounds: each figure divided by that of " + b.a.Label(b.a.Reference) +
			" in the same round. Where rounds differ, it is not the ratio of the figures above, which are of all rounds together.",
	}}
	if few {
		s.Notes = append(s.Notes, "Ratios without an interval have too few rounds for one.")
	}
	return []element.Section{s}
}

func (b builder) ratioTable() *element.Table {
	var metrics []string
	for _, r := range b.a.Ratios {
		if !slices.Contains(metrics, r.Metric) {
			metrics = append(metrics, r.Metric)
		}
	}
	t := element.ByTarget(element.Numbers(metrics...))
	for _, r := range b.a.Rows {
		cells := make([]element.Cell, len(metrics))
		for _, x := range b.a.Ratios {
			if x.Target == r.Target && x.Phase == r.Phase {
				c := element.Ratio(x.Value, x.HasInterval, x.Low, x.High)
				if x.Rounds < x.Of {
					c.Notes = []string{fmt.Sprintf("in %d of %d rounds, where both are known", x.Rounds, x.Of)}
				}
				cells[slices.Index(metrics, x.Metric)] = c
			}
		}
		if !slices.ContainsFunc(cells, func(c element.Cell) bool { return c.Text != "" }) {
			continue
		}
		for i := range cells {
			switch {
			case cells[i].Text != "":
			case metrics[i] == "goodput":
				cells[i] = element.None()
			default:
				cells[i] = element.Muted("n too small")
			}
		}
		b.Add(t, r.Target, r.Phase, cells)
	}
	return t
}

// keyFigures answer the question that the run was made for.
func (b builder) keyFigures() []element.Section {
	names := []string{"ab", "sizes", "memory", "capacity", "forest", "overhead", "saturation", "steps", "percentiles"}
	if b.a.OnlyStarts() {
		names = []string{"coldstarts"}
	}
	return []element.Section{{ID: "figures", Title: "Figures", Rank: element.Appendix, Figures: names}}
}

func (b builder) furtherFigures() []element.Section {
	names := []string{"ecdf", "histogram", "heatmap", "timeline", "coldstarts"}
	if b.a.OnlyStarts() || b.a.Empty() {
		return nil
	}
	if b.a.Failover != nil { // the faults have it
		names = slices.DeleteFunc(names, func(name string) bool { return name == "timeline" })
	}
	return []element.Section{{ID: "further-figures", Title: "Further figures", Rank: element.Appendix, Figures: names}}
}
