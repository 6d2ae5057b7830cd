package recordtest

import (
	"time"

	"servebench/reports/record"
)

// Monitored is a run with a monitor: the accuracy of one target falls in the middle of the phase,
// and what another answered was not looked at.
func Monitored() Plan {
	p := Compare()
	p.Name, p.Rounds, p.SLO = "monitor", 2, record.SLO{}
	p.Monitor = &record.Monitoring{Window: record.Window{Time: time.Second}, OutcomeDelay: 2 * time.Second}
	seen := &record.Monitor{Late: 800, Log: []string{"monitor/r01-physical-steady.001.jsonl", "monitor/r01-physical-steady.002.jsonl"}}
	for i := range 10 {
		w := record.MonitorWindow{Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second, Answers: 400, Labelled: 400, Correct: 380}
		if i >= 5 {
			w.Correct, w.Unanswered = 300, 1
		}
		seen.Windows = append(seen.Windows, w)
	}
	falls, unwatched := p.Targets[0], p.Targets[1]
	falls.Monitored = seen
	unwatched.Monitored = &record.Monitor{Unwatched: "the load is made elsewhere, and its answers are not known here"}
	p.Targets = []Target{falls, unwatched}
	return p
}
