package monitored

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/element"
	"servebench/reports/format"
)

const shiftMethod = "The shift is when the examples begin to change; times count from the start of the phase. A detector found it by its first alarm from then on, and an alarm before is a false one. " +
	"Accuracy is that before the shift; during, from the shift until a model is served whose training began at it or later, or to the end; and after, from then on. It is counted in whole windows"

const wholeMethod = "The interval of the whole phase is for this course of the examples: that windows differ by the shift does not widen it, as it does where accuracy over time is shown."

const trainingMethod = "A model is trained on the latest predictions whose outcome is known, after an alarm once there are enough since it, and then served in the place of the one before. CPU time is that of the training's processes"

const trainingLoadMethod = "The response times of the requests that were due in the seconds in which the model was trained, and in up to 10 s before; in the seconds of the swap, from the end of the training until the new model was served, and in the second before"

// drifts tell what a change of the examples came to, and what training the model again cost and
// brought, one policy beside the other.
func (b builder) drifts() []element.Section {
	if len(b.a.Drift) == 0 {
		return nil
	}
	out := element.Section{ID: "retraining", Title: "Drift and retraining", Figures: []string{"retraining"}, Notes: change(b.a.Run.Scenario.Drift), Lines: b.choices()}
	for _, d := range b.a.Drift {
		line := element.Line{Target: d.Target, Text: b.driftName(d) + ": " + driftResult(d)}
		if d.Failed > 0 || d.Shift != nil && !d.Reached {
			line.Tone = element.Unsure
		}
		out.Lines = append(out.Lines, line)
		for _, r := range d.Retrainings {
			if r.Failed != "" {
				out.Lines = append(out.Lines, element.Line{Target: d.Target, Tone: element.Bad, Text: b.driftName(d) + ": the training that was asked for at " + format.Duration(r.At) + " failed, and the model before it was served on: " + format.Sentence(r.Failed)})
			}
		}
	}
	return []element.Section{
		out,
		{ID: "policies", Table: b.policyTable(), Notes: []string{format.Sentence(shiftMethod + b.straddling()), wholeMethod}},
		{ID: "retrainings", Rank: element.Aside, Table: b.trainingTable(), Notes: []string{format.Sentence(trainingMethod)}},
		{ID: "retrainingload", Rank: element.Aside, Table: b.trainingLoadTable(), Notes: []string{format.Sentence(trainingLoadMethod)}},
	}
}

// straddling says how many outcomes are in windows that belong to no part of the phase.
func (b builder) straddling() string {
	var n int64
	for _, d := range b.a.Drift {
		n += d.Straddling
	}
	if n == 0 {
		return ""
	}
	return ", so that the " + format.Count(n) + " outcomes of windows in which the shift or the swap lies are in none of the three"
}

// driftName names a target with its policy: "container, on_alarm, round 2".
func (b builder) driftName(d monitoring.Drift) string {
	name := d.Of + strings.TrimPrefix(b.a.Label(d.Target), d.Target)
	if d.Policy != "" {
		name += ", " + d.Policy
	}
	name += b.names.InPhase(d.Phase)
	if b.monitoredRounds() {
		name += fmt.Sprintf(", round %d", d.Round)
	}
	return name
}

// driftResult is what came of a shift, in a sentence.
func driftResult(d monitoring.Drift) string {
	parts := []string{}
	if d.Shift != nil {
		parts = append(parts, found(d))
	}
	parts = append(parts, retrained(d), accuracyCourse(d))
	if d.Failed > 0 {
		parts = append(parts, format.Count(d.Failed)+" of "+format.Count(d.Sent)+" requests failed")
	} else {
		parts = append(parts, "none of "+format.Count(d.Sent)+" requests failed")
	}
	return strings.Join(parts, "; ") + "."
}

// found says which detector found a shift first.
func found(d monitoring.Drift) string {
	first, looked := d.First(), slices.ContainsFunc(d.Detectors, func(r monitoring.Reaction) bool { return r.Why == "" })
	switch {
	case !d.Reached:
		return "the load ended before the examples changed"
	case first != nil:
		return first.Name + " found the shift after " + format.Duration(*first.Delay) + falseAlarms(d)
	case !looked:
		return "no detector looked for the shift"
	case slices.ContainsFunc(d.Detectors, func(r monitoring.Reaction) bool { return r.Lost }):
		return "which detector found the shift is not known, for there were too many alarms before it"
	}
	return "no detector found the shift" + falseAlarms(d)
}

// falseAlarms says how many there were before the shift, by all detectors.
func falseAlarms(d monitoring.Drift) string {
	n := 0
	for _, r := range d.Detectors {
		n += int(r.False)
	}
	if n == 0 {
		return ""
	}
	return ", with " + format.Plural(n, "false alarm") + " before it"
}

// retrained says how often a model was trained and served, and how long that took.
func retrained(d monitoring.Drift) string {
	var took []time.Duration
	failed, open := 0, 0
	for _, r := range d.Retrainings {
		t, ended := r.Took()
		switch {
		case r.Failed != "":
			failed++
		case !ended || r.Swapped == nil:
			open++
		default:
			took = append(took, t)
		}
	}
	text := "never retrained"
	if n := len(took); n == 1 {
		text = "retrained in " + format.Duration(took[0])
	} else if n > 1 {
		text = fmt.Sprintf("retrained %d times in %s to %s each", n, format.Duration(slices.Min(took)), format.Duration(slices.Max(took)))
	}
	if failed > 0 {
		text += ", " + format.Plural(failed, "training") + " failed"
	}
	if open > 0 {
		text += ", " + format.Plural(open, "training") + " not done at the end"
	}
	return text
}

// accuracyCourse is the accuracy before, during and after a shift, as far as there was one.
func accuracyCourse(d monitoring.Drift) string {
	if d.Shift == nil {
		return "accuracy " + percent(d.Whole) + " over the phase"
	}
	course := []string{percent(d.Before)}
	if d.Reached {
		course = append(course, percent(d.During))
	}
	if d.Swap != nil {
		course = append(course, percent(d.After))
	}
	return "accuracy " + strings.Join(course, " → ")
}

func percent(p stat.Proportion) string {
	if p.N == 0 {
		return "not known"
	}
	return format.Percent(p.Value)
}

// driftRow adds a row that is named by target, phase and round.
func (b builder) driftRow(t *element.Table, d monitoring.Drift, cells ...element.Cell) {
	round := ""
	if b.monitoredRounds() {
		round = strconv.Itoa(d.Round)
	}
	b.names.Add(t, d.Target, d.Phase, []element.Cell{element.Text(round)}, cells)
}

func (b builder) policyTable() *element.Table {
	t := element.ByTrial(element.Words("retrain"), element.Numbers("shift s"), element.Words("found by"), element.Numbers("after s", "accuracy before", "during", "after", "whole phase", "trained", "CPU s", "failed"))
	for _, d := range b.a.Drift {
		shift, by, delay := element.None(), element.None(), element.None()
		if d.Shift != nil {
			shift, by = element.Text(format.Number(d.Shift.Seconds())), element.Muted("not found")
			if first := d.First(); first != nil {
				by, delay = element.Text(first.Name), secondsCell(first.Delay)
			}
			if !d.Reached {
				shift, by = element.Muted("not reached"), element.None()
			}
		}
		spent, known := d.CPU()
		cpu := element.None()
		if known && len(d.Retrainings) > 0 {
			cpu = element.Text(format.Number(spent.Seconds()))
		}
		policy := element.OrNone(d.Policy != "", d.Policy)
		if d.Of != d.Target { // which names the policy
			policy = element.Cell{}
		}
		b.driftRow(t, d, policy, shift, by, delay, element.Share(d.Before), element.Share(d.During), element.Share(d.After), element.Share(d.Whole),
			element.Count(int64(len(d.Retrainings))), cpu, element.Fault(d.Failed))
	}
	return t
}

// reactionCells say how often a detector erred before the shift of a phase, and when it found it;
// nothing where there is none.
func (b builder) reactionCells(t monitoring.Trial, detector string) []element.Cell {
	for _, d := range b.a.Drift {
		if d.Target != t.Target || d.Phase != t.Phase || d.Round != t.Round {
			continue
		}
		for _, r := range d.Detectors {
			switch {
			case r.Name != detector:
			case r.Why != "":
				return []element.Cell{element.None(), element.None(), element.None()}
			case r.Lost:
				return []element.Cell{{Text: "at least " + format.Count(r.False), Tone: element.Bad}, element.Muted("not known"), element.None()}
			default:
				return []element.Cell{element.Fault(r.False), secondsCell(r.FiredAt), secondsCell(r.Delay)}
			}
		}
	}
	return []element.Cell{{}, {}, {}}
}

// secondsCell is a time where it is known, in a column whose title says s.
func secondsCell(d *time.Duration) element.Cell {
	if d == nil {
		return element.None()
	}
	return element.Text(format.Number(d.Seconds()))
}

func (b builder) trainingTable() *element.Table {
	t := element.ByTrial(element.Words("began with"), element.Numbers("asked at s", "began at s", "trained for s", "served at s", "rows", "CPU s", "accuracy since"), element.Words("outcome"))
	t.Keys = 4
	for _, d := range b.a.Drift {
		for _, r := range d.Retrainings {
			took := element.None()
			if length, ended := r.Took(); ended {
				took = secondsCell(&length)
			}
			outcome := element.Text("served")
			switch {
			case r.Failed != "":
				outcome = element.Cell{Text: "failed", Tone: element.Bad}
			case r.Swapped == nil:
				outcome = element.Muted("not done at the end")
			}
			b.driftRow(t, d, element.Text(r.Reason), secondsCell(&r.At), secondsCell(r.Began), took, secondsCell(r.Swapped), element.Count(int64(r.Rows)), secondsCell(r.CPU), element.Share(r.Accuracy), outcome)
		}
	}
	return t
}

// trainingLoadTable has what each training and swap did to the users, and what was before it.
func (b builder) trainingLoadTable() *element.Table {
	t := element.ByTrial(element.Numbers("at s"), element.Words("time"), element.Numbers("p90 ms", "p99 ms", "max ms", "n", "failed"))
	t.Keys = 5
	for _, d := range b.a.Drift {
		for _, r := range d.Retrainings {
			for _, of := range []struct {
				time string
				load *monitoring.Stretch
			}{{"training", r.Training}, {"before it", r.BeforeTraining}, {"swap", r.Swap}, {"before it", r.BeforeSwap}} {
				if of.load == nil {
					continue
				}
				failed := element.Cell{}
				if d.Failed > 0 {
					failed = element.Fault(of.load.Failed)
				}
				times := of.load.Response
				b.driftRow(t, d, secondsCell(&r.At), element.Text(of.time), element.Quantile(times, 1), element.Quantile(times, 2), element.Largest(times), element.Count(times.N), failed)
			}
		}
	}
	return t
}

// RetrainingCaption says what the figure of accuracy under each policy shows.
func RetrainingCaption() string {
	return "Above: the share of right predictions of each window whose outcome is known, by when they were answered, with its 95 % interval, for all policies of a target. " +
		"Below: what happened under each of them, with a star for each alarm of a detector, a bar while a model was trained, and a tick where the new one was served. " +
		"The dotted line is the shift, when the examples began to change."
}
