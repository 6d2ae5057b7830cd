package stats

import (
	"fmt"
)

// Refused says that nothing was sent because this machine cannot give the load
// what it needs: the run is INVALID, and what it needs is in its errors.
func (a *Analysis) Refused() bool { return len(a.Run.Preflight) > 0 }

func refused(a *Analysis) []Diagnostic {
	var all []Diagnostic
	for _, p := range a.Run.Preflight {
		all = append(all, Diagnostic{
			Rule: p.Rule, Severity: SeverityError, Figure: p.Figure, Threshold: p.Threshold, Text: p.Text, Action: p.Action,
		})
	}
	return all
}

// Fault is the first of the errors that make the run INVALID, and how many others
// do; nil of a run that is not.
func (a *Analysis) Fault() (first *Diagnostic, others int) {
	for i := range a.Diagnostics {
		switch {
		case a.Diagnostics[i].Severity != SeverityError:
		case first == nil:
			first = &a.Diagnostics[i]
		default:
			others++
		}
	}
	return first, others
}

// Disbelief says of an INVALID run what its errors come to, without naming them.
func (a *Analysis) Disbelief() string {
	if a.Refused() {
		return "this machine cannot give what the load needs"
	}
	return "the instrument cannot be believed"
}

// Blame says why the run is INVALID, by which rule, and what to do: "the instrument
// cannot be believed: generator-cpu (generator CPU 91 %, want ≤ 80 %); what to do:
// lower the rate"; "" of a run that is not.
func (a *Analysis) Blame() string {
	d, others := a.Fault()
	if d == nil {
		return ""
	}
	text := a.Disbelief() + ": " + d.Rule + " (" + d.Figure
	if d.Threshold != "" && d.Threshold != "none" {
		text += ", want " + d.Threshold
	}
	text += ")"
	switch {
	case others == 1:
		text += " and 1 more reason"
	case others > 1:
		text += fmt.Sprintf(" and %d more reasons", others)
	}
	return text + "; what to do: " + d.Action
}
