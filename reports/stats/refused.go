package stats

// Refused says that nothing was sent because this machine cannot give the load
// what it needs: the run is INVALID, and what it needs is in the fatal doubts.
func (a *Analysis) Refused() bool { return len(a.Run.Preflight) > 0 }

func refused(a *Analysis) []Doubt {
	var all []Doubt
	for _, p := range a.Run.Preflight {
		all = append(all, Doubt{
			Rule: p.Rule, Fatal: true, Figure: p.Figure, Threshold: p.Threshold, Text: p.Text, Action: p.Action,
		})
	}
	return all
}

// Fault is the first of the doubts that make the run INVALID, and how many others
// do; nil of a run that is not.
func (a *Analysis) Fault() (first *Doubt, others int) {
	for i := range a.Doubts {
		switch {
		case !a.Doubts[i].Fatal:
		case first == nil:
			first = &a.Doubts[i]
		default:
			others++
		}
	}
	return first, others
}
