// Package monitored words what was seen of a server's predictions: how right they were over time,
// what detectors of drift found, and what training the model again cost and brought. It stands
// below reports/document, whose report has its sections.
package monitored

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/monitoring"
	"servebench/reports/document/element"
	"servebench/reports/format"
	"servebench/reports/record"
)

// AccuracyMethod says how accuracy is counted.
const AccuracyMethod = "Accuracy: the share of right predictions among those whose outcome is known, with its exact 95 % interval (Clopper and Pearson); " +
	"answers to one example repeat each other, so no more count than there are different examples, and fewer where windows differ by more than chance"

const driftMethod = "An alarm says that a detector found drift. Statistic and threshold are those of the first alarm, or of the look that came nearest to one: psi, the population stability index; " +
	"ks, the largest distance of two cumulative distributions; adwin, how far the share of wrong predictions rose; page-hinkley, how many more of them were wrong than usual. Times count from the start of the phase, and an outcome counts from when it became known. " +
	"In phases without drift, all detectors of the table together raise an alarm in at most 5 % of them"

// builder makes the sections of a run.
type builder struct {
	a     *analysis.Analysis
	names element.Names
}

func newBuilder(a *analysis.Analysis) builder { return builder{a, element.NamesOf(a.Set)} }

// Sections tell what a change of the examples came to, how right the predictions were over time,
// and what the detectors found; none of a run without a monitor.
func Sections(a *analysis.Analysis) []element.Section {
	b := newBuilder(a)
	if len(b.a.Monitor) == 0 {
		return nil
	}
	m := b.a.Run.Scenario.Monitor
	note := "Windows of " + windowOf(m.Window) + ", by when the predictions were answered. "
	switch {
	case m.OutcomeDelay > 0:
		note += "An outcome becomes known " + format.Duration(m.OutcomeDelay) + " after the answer, and counts for the window of the answer. "
	default:
		note += "An outcome is known with the answer. "
	}
	out := element.Section{ID: "monitor", Title: "Accuracy over time", Table: b.monitorTable(), Figures: []string{"accuracy"}, Notes: []string{note + format.Sentence(AccuracyMethod)}}
	for _, t := range b.a.Monitor {
		for _, text := range unseen(t) {
			out.Lines = append(out.Lines, element.Line{Target: t.Target, Tone: element.Unsure, Text: b.monitored(t) + ": " + text})
		}
		if len(t.Log) > 0 {
			out.Lines = append(out.Lines, element.Line{Target: t.Target, Text: b.monitored(t) + ": " + logged(t)})
		}
	}
	detectors := element.Section{ID: "drift", Title: "Drift detectors", Table: b.detectorTable(), Notes: []string{driftMethod + "."}}
	for _, t := range b.a.Monitor {
		for _, d := range t.Detectors {
			if d.Why != "" {
				detectors.Lines = append(detectors.Lines, element.Line{Target: t.Target, Tone: element.Unsure, Text: b.monitored(t) + ": " + d.Name + " did not look: " + d.Why + "."})
			}
		}
	}
	return append(b.drifts(), out, element.Section{ID: "monitorwindows", Rank: element.Folded, Table: b.windowTable()}, detectors)
}

// AccuracyCaption says what the figure of accuracy over time shows.
func AccuracyCaption(a *analysis.Analysis) string {
	return "Points: the share of right predictions among those of each window whose outcome is known, by when they were answered, in windows of " + windowOf(a.Run.Scenario.Monitor.Window) +
		"; bars are 95 % intervals." + detectorCaption(a)
}

func detectorCaption(a *analysis.Analysis) string {
	if !slices.ContainsFunc(a.Monitor, func(t monitoring.Trial) bool { return len(t.Detectors) > 0 }) {
		return ""
	}
	return " Below: the statistic of each detector divided by its threshold, at the end of each window with enough to look at; from 1 on it is drift, and a star marks each alarm."
}

// windowOf is a window in words: "10 s", "500 answers".
func windowOf(w record.Window) string {
	if w.Answers > 0 {
		return format.Plural(w.Answers, "answer")
	}
	return format.Duration(w.Time)
}

// monitored names what was monitored: "container, steady, round 2".
func (b builder) monitored(t monitoring.Trial) string {
	name := b.a.Label(t.Target) + b.names.InPhase(t.Phase)
	if b.monitoredRounds() {
		name += fmt.Sprintf(", round %d", t.Round)
	}
	return name
}

// monitoredRounds says that there are several rounds, so that each is named.
func (b builder) monitoredRounds() bool {
	return slices.ContainsFunc(b.a.Monitor, func(t monitoring.Trial) bool { return t.Round != b.a.Monitor[0].Round })
}

// unseen says what the monitor does not know.
func unseen(t monitoring.Trial) (all []string) {
	if t.Unwatched != "" {
		return []string{"The answers were not monitored: " + format.Sentence(t.Unwatched)}
	}
	if t.Unseen > 0 {
		all = append(all, format.Count(t.Unseen)+" answers were not looked at, since the monitor could not keep up with the load. Lower the rate, or give the load generator more CPUs.")
	}
	if t.Accuracy.N == 0 && t.Answers > 0 {
		all = append(all, "No outcome is known, so the accuracy is not either. It takes labels: data.label names the column of a file that has them.")
	}
	if t.LogFailed != "" {
		all = append(all, "The log of predictions is incomplete: "+format.Sentence(t.LogFailed))
	}
	return all
}

// logged says where the predictions and outcomes are.
func logged(t monitoring.Trial) string {
	text := "Predictions and outcomes are in " + t.Log[0]
	if n := len(t.Log); n > 1 {
		text += " and " + format.Plural(n-1, "more file")
	}
	if t.Dropped > 0 {
		text += fmt.Sprintf("; %s before, with the oldest of them, were removed to bound their size", format.Plural(t.Dropped, "file"))
	}
	return text + " in the run's folder."
}

func (b builder) monitorRow(t *element.Table, trial monitoring.Trial, cells ...element.Cell) {
	round := ""
	if b.monitoredRounds() {
		round = strconv.Itoa(trial.Round)
	}
	b.names.Add(t, trial.Target, trial.Phase, []element.Cell{element.Text(round)}, cells)
}

func (b builder) monitorTable() *element.Table {
	t := element.ByTrial(element.Numbers("predictions", "outcomes", "accuracy", "lowest", "at s", "outcomes after the end", "no answer"))
	for _, trial := range b.a.Monitor {
		if trial.Unwatched != "" {
			continue
		}
		lowest, at := element.None(), element.None()
		if w := trial.Lowest; w != nil {
			lowest, at = element.Share(w.Accuracy), element.Text(span(w.From, w.To))
		}
		b.monitorRow(t, trial, element.Count(trial.Answers), element.Count(trial.Accuracy.N), element.Share(trial.Accuracy), lowest, at, element.Count(trial.Late), element.Fault(trial.Unanswered))
	}
	return t
}

func (b builder) detectorTable() *element.Table {
	t := element.ByTrial(element.Words("detector"), element.Numbers("looks", "alarms", "first at s"), element.Words("what changed"), element.Numbers("statistic", "threshold", "n", "false alarms", "found at s", "after s"))
	t.Keys = 4
	for _, trial := range b.a.Monitor {
		for _, d := range trial.Detectors {
			b.monitorRow(t, trial, slices.Concat([]element.Cell{element.Text(d.Name)}, detectorCells(d), b.reactionCells(trial, d.Name))...)
		}
	}
	return t
}

func detectorCells(d monitoring.Detector) []element.Cell {
	if d.Why != "" {
		return []element.Cell{element.None(), element.Muted("did not look"), element.None(), element.None(), element.None(), element.None(), element.None()}
	}
	looks := element.Count(int64(d.Looked()))
	if len(d.Alarms) > 0 {
		first := d.Alarms[0]
		what := element.Text(first.Column)
		if first.Column == "" {
			what = element.Text("the error rate")
		}
		alarms := element.Count(int64(len(d.Alarms)) + d.More)
		alarms.Tone = element.Bad
		return []element.Cell{looks, alarms, element.Text(format.Number(first.At.Seconds())), what, element.Text(format.Number(first.Statistic)), element.Text(format.Number(first.Threshold)), element.Count(int64(first.N))}
	}
	var nearest monitoring.Look
	highest, known := 0.0, false
	for _, l := range d.Looks {
		if ratio, is := l.Ratio(); is && (!known || ratio > highest) {
			nearest, highest, known = l, ratio, true
		}
	}
	if !known {
		return []element.Cell{looks, element.Muted("too few to tell"), element.None(), element.None(), element.None(), element.None(), element.None()}
	}
	return []element.Cell{looks, element.Text("0"), element.None(), element.Muted(nearest.Column), element.Muted(format.Number(nearest.Statistic)), element.Muted(format.Number(nearest.Threshold)), element.Count(int64(nearest.N))}
}

// WindowTable has the accuracy of each window.
func WindowTable(a *analysis.Analysis) *element.Table { return newBuilder(a).windowTable() }

func (b builder) windowTable() *element.Table {
	t := element.ByTrial(element.Numbers("window s", "predictions", "outcomes", "accuracy", "no answer"))
	for _, trial := range b.a.Monitor {
		for _, w := range trial.Windows {
			b.monitorRow(t, trial, element.Text(span(w.From, w.To)), element.Count(w.Answers), element.Count(w.Accuracy.N), element.Share(w.Accuracy), element.Fault(w.Unanswered))
		}
	}
	return t
}

// span is a stretch of time in seconds: "10–20".
func span(from, to time.Duration) string {
	return format.Number(from.Seconds()) + "–" + format.Number(to.Seconds())
}
