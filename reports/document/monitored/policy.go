package monitored

import (
	"fmt"
	"strings"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/document/element"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
)

// change says how the examples of a scenario change; nothing where they do not.
func change(d *record.Drift) []string {
	if d == nil {
		return nil
	}
	verb, at := "changes", format.Duration(d.At)+" after the start of the load"
	if strings.Contains(d.Changes, " and ") {
		verb = "change"
	}
	text := "The " + d.Changes + " of the examples " + verb + " "
	switch d.Shape {
	case "gradual":
		text += "gradually over " + format.Duration(d.Width) + ", with the middle " + at
	case "recurring":
		text += at + ", and back and forth every " + format.Duration(d.Period) + " from then on"
	default:
		text += "suddenly " + at
	}
	return []string{text + "."}
}

// choices say which policy kept the most accuracy with the least training, as far as the intervals
// show it; nothing of a run whose figures are no results.
func (b builder) choices() (all []element.Line) {
	if b.a.Validity == record.Invalid {
		return nil
	}
	for _, c := range monitoring.Choices(b.a.Drift) {
		all = append(all, element.Line{Where: c.Of + b.names.InPhase(c.Phase), Text: choice(c)})
	}
	return all
}

func choice(c monitoring.Choice) string {
	over, text := "over the phase", ""
	if c.Enough.Rounds > 1 {
		over += fmt.Sprintf(" in %d rounds", c.Enough.Rounds)
	}
	switch {
	case len(c.Worse) > 0:
		text = c.Enough.Name + " kept an accuracy of " + kept(c.Enough) + " " + over + " with " + trainings(c.Enough) + "."
		if len(c.Alike) > 0 {
			text += " That " + policies(c.Alike) + " kept more is not shown."
		}
		text += " " + policies(c.Worse) + " kept less"
		if len(c.Alike) > 0 {
			text += " than the best of them"
		}
		text += "."
	default:
		text = "No difference in accuracy " + over + " is shown between " + policies(append([]monitoring.Policy{c.Enough}, c.Alike...)) + "."
	}
	if c.Enough.Rounds == 1 {
		text += " One round does not show how a policy differs from run to run."
	}
	return text
}

func policies(all []monitoring.Policy) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name+" ("+kept(p)+", "+trainings(p)+")")
	}
	return sentence.Listed(names)
}

func kept(p monitoring.Policy) string {
	return format.PercentWithin(p.Whole.Value, p.Whole.Low, p.Whole.High)
}

// trainings are how many there were, and what they cost.
func trainings(p monitoring.Policy) string {
	text := format.Plural(p.Trainings, "training")
	if p.CPU > 0 && p.CPUKnown {
		text += " and " + format.Duration(p.CPU) + " of CPU time"
	}
	return text
}
