package document

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/scaling"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/sweep"
	"servebench/reports/document/element"
	"servebench/reports/document/monitored"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Description is what is said of a figure, around it.
type Description struct {
	Title string
	// Caption says what is drawn and how to read it.
	Caption string
	// Conditions say under which load, with which exclusions and from how many samples
	// the figure came about. They are the same for all figures of a phase.
	Conditions string
	// Method says how its intervals are made. A whole report says so elsewhere too.
	Method string
	// Missing says why there is nothing to draw, where that is so.
	Missing string
	// Mark is printed on the figure itself when it must not be read as a plain result
	// ("INVALID RUN: …"); "" otherwise.
	Mark string
	// Data is what is drawn, as numbers; nil where it depends on how it is drawn.
	Data *element.Table
}

// Drawn is what a description says of the drawing.
type Drawn struct {
	Phase  string        // "": of the whole run
	Window time.Duration // of a figure over time
	Floor  *sample.Floor // nil: none is drawn
}

// Describe describes a figure, by its name without its phase: "percentiles".
func Describe(a *analysis.Analysis, figure string, drawn Drawn) Description {
	b := newBuilder(a)
	if drawn.Phase != "" {
		b = b.only(drawn.Phase)
	}
	d := b.describe(figure, drawn)
	d.Mark = b.mark()
	if len(b.a.Rows) > 0 && drawn.Phase != "" {
		phase := a.Run.Phase(drawn.Phase)
		d.Title += b.titlePhase(phase)
		d.Conditions = sentence.PhaseConditions(b.a, phase)
	}
	d.Data = d.Data.Compact()
	return d
}

// only is a builder for one phase.
func (b builder) only(phase string) builder {
	a, set := *b.a, *b.a.Set
	set.Rows = slices.DeleteFunc(slices.Clone(set.Rows), func(r sample.Row) bool { return r.Phase != phase })
	a.Ratios = slices.DeleteFunc(slices.Clone(a.Ratios), func(r sample.Ratio) bool { return r.Phase != phase })
	a.Stepped = slices.DeleteFunc(slices.Clone(a.Stepped), func(s capacity.Stepped) bool { return s.Phase != phase })
	a.Sizes = slices.DeleteFunc(slices.Clone(a.Sizes), func(g sweep.Group) bool { return g.Phase != phase })
	a.Scaling = slices.DeleteFunc(slices.Clone(a.Scaling), func(t scaling.Trial) bool { return t.Phase != phase })
	a.Monitor = slices.DeleteFunc(slices.Clone(a.Monitor), func(t monitoring.Trial) bool { return t.Phase != phase })
	a.Drift = slices.DeleteFunc(slices.Clone(a.Drift), func(d monitoring.Drift) bool { return d.Phase != phase })
	a.Set = &set
	return newBuilder(&a)
}

func (b builder) describe(figure string, drawn Drawn) Description {
	switch figure {
	case "ab":
		return Description{
			Title: "Candidate against baseline, round by round",
			Caption: "Each point is one round: the candidate's figure divided by the baseline's, on a logarithmic scale. Bars are the estimate with its bounds " +
				"at each interim analysis; an arrow stands for a bound that does not exist. For times and CPU less is better, for goodput more.",
			Method: sentence.ABMethod + ".", Missing: "no round has figures of both variants to compare", Data: b.pairTable(),
		}
	case "overhead":
		return Description{
			Title: "What the target costs",
			Caption: "Full: the overhead, which is network and virtualisation with the server's handling of HTTP: the response time of phase " + b.a.Overhead.Noop.Name +
				", whose model computes nothing. Pale: the model, which is the rest up to the same quantile of phase " + b.a.Overhead.Model.Name +
				"; left out where the noise hides it. Each quantile has a separate axis.",
			Method: format.Sentence(sentence.OverheadMethod), Missing: "there are too few answers for a quantile in both phases", Data: b.overheadTable(),
		}
	case "capacity":
		q, limit := b.curveQuantile()
		line := ""
		if limit > 0 {
			line = " The red line is the limit of the SLO, " + format.Duration(limit) + "."
		}
		return Description{
			Title: "Latency against goodput",
			Caption: "Each point is a rate of the search: the correct answers per second that it gave within the SLO, and the " + format.Quantile(q) +
				" of the response time of all its requests. A hollow point has fewer than 10 requests beyond the quantile, so that it is rough." + line +
				" The large marker is the certified rate; its bar leads to the lowest rate that breaks the SLO, and the capacity lies between its ends. Both are rates as sent, so the marker may lie beside the point of its goodput. A star is a rate whose load was ended early.",
			Conditions: "Open loop, Poisson arrivals. Each step on a fresh server, after its settling.",
			Method:     format.Sentence(sentence.KneeMethod), Missing: "no request was answered correctly in any step, so there is nothing to show", Data: b.curveTable(),
		}
	case "sizes":
		return b.sizesFigure()
	case "memory":
		return b.memoryFigure()
	case "saturation":
		return Description{
			Title: "Highest throughput",
			Caption: "Above: correct answers per second by concurrency, the number of workers that each wait for their answer; strokes are 95 % intervals. " +
				"Below: their response times, which are not those of users who do not wait." + floorNote(drawn.Floor, 0.99),
			Conditions: "Closed loop. " + sentence.WarmUp(b.a), Method: "Throughput: " + sentence.SaturationMethod + ".", Data: b.throughputTable(),
		}
	case "steps":
		return Description{
			Title: "Where it broke",
			Caption: "Above: correct answers per second to the requests due in each step, over the rate that was due. Below: their response times. " +
				"A star marks where a target broke." + floorNote(drawn.Floor, 0.99),
			Method: "A target broke " + sentence.StepMethod() + ".", Missing: "no step was begun", Data: b.stepTable(),
		}
	case "scaling":
		return Description{
			Title: "Load, replicas and p99",
			Caption: "By due time, in windows of " + format.Duration(drawn.Window) + ". Above: requests due per second, and those of them that were answered; a mark at the upper edge is a window with failures. " +
				"In the middle: how many replicas were requested and how many were ready, if the target tells (at 0 no request can be answered); a star marks the first answer of a new one. " +
				"Below: the p99 of the answers in each window, which is the slowest or close to it where they are few." + b.endedEarly(),
			Missing: "nothing was sent, so there is nothing to show over time", Data: b.scalingTable(),
		}
	case "accuracy":
		return Description{
			Title:   "Accuracy over time",
			Caption: monitored.AccuracyCaption(b.a) + b.endedEarly(),
			Method:  format.Sentence(monitored.AccuracyMethod), Missing: "no outcome is known, so there is no accuracy to show", Data: monitored.WindowTable(b.a),
		}
	case "retraining":
		return Description{
			Title: "Accuracy by policy", Caption: monitored.RetrainingCaption() + b.endedEarly(),
			Method: format.Sentence(monitored.AccuracyMethod), Missing: "no outcome is known, so there is no accuracy to show", Data: monitored.WindowTable(b.a),
		}
	case "forest":
		reference := b.a.Label(b.a.Reference)
		return Description{
			Title: "Against " + reference,
			Caption: "Each target divided by " + reference + " on a logarithmic scale: at the line they are equal, at 2 the figure is twice as large. " +
				"The bar is the 95 % interval; a hollow marker has none. Where the bar crosses the line, no difference is shown.",
			Method: format.Sentence(sentence.RatioMethod), Missing: "a comparison takes two targets that answered in the same rounds", Data: b.ratioTable(),
		}
	case "percentiles":
		return Description{
			Title: "Latency by percentile",
			Caption: "How slow the slowest requests are: to the right, ever fewer requests took longer. Response time runs from when " + sentence.Due(b.a) +
				", service time from when it was sent. Quantiles are of all requests sent, and failed and censored ones count as endless: a curve that has to " +
				"leave the figure ends with an arrow. Others end where fewer than 10 requests lie beyond, and a dotted line leads on to the slowest answer." + floorNote(drawn.Floor, 0.999),
			Method: "The headline table has the quantiles of the answered requests with their intervals.", Missing: noLatency, Data: b.percentileTable(),
		}
	case "ecdf":
		return Description{
			Title: "Share of requests answered in time",
			Caption: "The share of all requests sent that had " + sentence.Answer(b.a) + " within the time on the x axis (empirical cumulative distribution of the response time). " +
				"A line levels off at the target's success rate: failed and censored requests never count as answered." + floorNote(drawn.Floor, 0.99),
			Missing: noLatency,
		}
	case "histogram":
		return Description{
			Title: "Response time, distribution",
			Caption: "Bins are fixed on the logarithmic axis and the same for every target; their height is the share of all requests sent. " +
				"p50 and p99 are those of the answered requests, p99 only where n allows it. Cold starts are in a separate figure." + floorNote(drawn.Floor, 0.99),
			Missing: noLatency,
		}
	case "heatmap":
		return Description{
			Title: "Response time over time",
			Caption: "The colour of a cell is the number of answers on a logarithmic scale, in " + format.Duration(drawn.Window) + " of due time and a fixed bin of latency. " +
				overTime + b.endedEarly() + floorNote(drawn.Floor, 0.99),
			Missing: noLatency,
		}
	case "timeline":
		return Description{
			Title: "Over time",
			Caption: "By due time, in windows of " + format.Duration(drawn.Window) + ". " + overTime + " p50 is drawn for windows with at least 20 answers, p99 for those with " +
				"at least 1,000. Lag is how late the load generator sent: it is not the target's." + b.endedEarly() + floorNote(drawn.Floor, 0.99),
			Missing: "nothing was sent, so there is nothing to show over time",
		}
	}
	return Description{
		Title: "Cold starts",
		Caption: "A dot for each start: the time from its beginning until the stage was reached, on a logarithmic scale; the last stage is the first model answer. " +
			"A red star is the last stage of a start that failed or whose first answer was not right: it is in no median.",
		Conditions: "Cold starts are no part of the latency figures.",
		Method:     format.Sentence(sentence.StagesMethod) + " " + format.Sentence(sentence.StartMethod), Missing: "no target got as far as to start a server", Data: b.everyStart(),
	}
}

const (
	noLatency = "no request was answered correctly, so there is no latency to show"
	overTime  = "Vertical lines separate the rounds, which are joined in a row."
)

// endedEarly says what marks the early end of a load, where there was one.
func (b builder) endedEarly() string {
	if !slices.ContainsFunc(b.a.Rows, func(r sample.Row) bool { return r.Ended() }) {
		return ""
	}
	return " A red vertical line is where the load was ended before its schedule was; nothing was due after it."
}

// floorNote says what the grey area is, up to the last quantile that is known, and to most.
func floorNote(f *sample.Floor, most float64) string {
	q, _ := f.Highest(most)
	if q == 0 {
		return ""
	}
	return " Grey: the floor, the latency of load generator, kernel and loopback alone at that rate, up to its " + format.Quantile(q) + "."
}

// mark is what every figure of a run without a valid result carries.
func (b builder) mark() string {
	switch {
	case b.a.Empty():
		return "NO RESULT: nothing was measured"
	case b.a.Validity == record.Invalid:
		return "INVALID RUN, not a result: " + sentence.Blame(b.a)
	}
	if short := b.a.Shortfall(); short != nil {
		return short.Word + " RUN: the plan was not finished"
	}
	return ""
}

// titlePhase names the phase, and its model, where there are several.
func (b builder) titlePhase(p record.Phase) string {
	if !b.a.Several() {
		return ""
	}
	title := ", phase " + p.Name
	if model := b.a.ModelOf(p); model != "" {
		title += ", model " + model
	}
	return title
}

// pairTable has the rounds of each metric of an A/B test, and what each interim analysis
// made of them.
func (b builder) pairTable() *element.Table {
	t := &element.Table{Columns: append(element.Words("metric", "phase", "round", "ran first"), element.Numbers(record.Baseline, record.Candidate, "change")...), Keys: 2}
	for _, m := range b.a.AB.Metrics {
		named := []element.Cell{element.Text(m.Name), element.Text(b.Phase(m.Phase))}
		for _, pair := range m.Pairs {
			first := record.Baseline
			if pair.CandidateFirst {
				first = record.Candidate
			}
			t.Rows = append(t.Rows, element.Row{Cells: append(slices.Clone(named), element.Text(fmt.Sprint(pair.Round)), element.Text(first),
				element.Text(sentence.MetricFigure(m, pair.Baseline)), element.Text(sentence.MetricFigure(m, pair.Candidate)), element.Text(format.Change(pair.Candidate/pair.Baseline)))})
		}
		for _, i := range m.Interims {
			m.Low, m.High = i.Low, i.High
			t.Rows = append(t.Rows, element.Row{Cells: append(slices.Clone(named), element.Text(fmt.Sprintf("interim analysis at round %d", i.Pairs)), element.None(), element.None(), element.None(),
				element.Cell{Text: format.Change(i.Ratio), Interval: sentence.MetricBounds(m)})})
		}
	}
	return t
}

// percentileTable has the quantiles of all requests sent: those that failed were endless.
func (b builder) percentileTable() *element.Table {
	t := element.ByTarget(element.Words("time"), element.Numbers("n"), element.QuantileTitles(), element.Numbers("failed or censored"))
	t.Keys = 3
	for _, r := range b.a.Rows {
		for i, d := range []stat.Distribution{r.Response, r.Service} {
			if d.N == 0 {
				continue
			}
			sent := max(r.Ledger.Sent, d.N)
			cells := []element.Cell{element.Text([]string{"response", "service"}[i]), element.Count(sent)}
			for _, q := range stat.Quantiles() {
				cells = append(cells, quantileOfAll(d, q, sent))
			}
			b.Add(t, r.Target, r.Phase, append(cells, element.Largest(d), element.Count(sent-d.N)))
		}
	}
	return t
}

// quantileOfAll is a quantile of so many requests, of which a distribution has those that
// were answered.
func quantileOfAll(d stat.Distribution, q float64, sent int64) element.Cell {
	at := stat.NewTally(d.Histogram).With(sent - d.N).At(stat.Rank(q, sent))
	switch {
	case at == stat.Never:
		return element.Text("∞")
	case !stat.Known(q, sent):
		return element.Muted("n too small")
	}
	return element.Text(format.Milliseconds(time.Duration(at)))
}

// everyStart lists the starts in the order in which they were made.
func (b builder) everyStart() *element.Table {
	stages := sample.StageNames(b.a.Run)
	var titles []string
	for _, name := range stages {
		titles = append(titles, name+" ms")
	}
	t := &element.Table{Columns: slices.Concat(element.Words("target", "round"), element.Numbers(titles...), element.Words("outcome")), Keys: 2}
	for _, target := range b.a.Run.Targets {
		for _, d := range target.Deployments {
			if target.Running {
				continue
			}
			round, outcome := fmt.Sprint(d.Round), "answered"
			if d.Attempt > 0 {
				round += " again"
			}
			switch {
			case d.Failed != "":
				outcome = "failed"
			case d.FirstAnswerError != "":
				outcome = "no right first answer"
			}
			row := []element.Cell{{Text: b.a.Label(target.Name), Target: target.Name}, element.Text(round)}
			for _, name := range stages {
				i := slices.IndexFunc(d.Stages, func(s record.Stage) bool { return s.Name == name })
				if i < 0 {
					row = append(row, element.None())
					continue
				}
				row = append(row, element.Text(format.Milliseconds(d.Stages[i].At)))
			}
			t.Rows = append(t.Rows, element.Row{Cells: append(row, element.Text(outcome))})
		}
	}
	return t
}
