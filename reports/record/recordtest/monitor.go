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
	p.Monitor = &record.Monitoring{Window: record.Window{Time: time.Second}, OutcomeDelay: 2 * time.Second, Detectors: []string{"psi", "ks", "adwin"}, Reference: record.FirstPhase}
	seen := &record.Monitor{Late: 800, Log: []string{"monitor/r01-physical-steady.001.jsonl", "monitor/r01-physical-steady.002.jsonl"}}
	psi, adwin := record.MonitorDetector{Name: "psi", Alpha: 0.0167}, record.MonitorDetector{Name: "adwin", Alpha: 0.0167}
	for i := range 10 {
		w := record.MonitorWindow{Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second, Answers: 400, Labelled: 400, Correct: 380}
		if i >= 5 {
			w.Correct, w.Unanswered = 300, 1
		}
		seen.Windows = append(seen.Windows, w)
	}
	for i := range 10 {
		at := time.Duration(i+1) * time.Second
		look := record.MonitorLook{At: at, State: record.StateStable, Statistic: 0.01 + float64(i)/1000, Threshold: 0.05, Column: "age", N: 400}
		psi.Looks = append(psi.Looks, look)
		outcomes := record.MonitorLook{At: at, State: record.StateStable, Statistic: 0.02, Threshold: 0.1, N: 400 * i}
		switch {
		case i < 2:
			outcomes = record.MonitorLook{At: at, State: record.StateTooFew}
		case i == 8:
			outcomes.State, outcomes.Statistic = record.StateDrift, 0.13
			adwin.Alarms = append(adwin.Alarms, record.MonitorAlarm{At: at - 300*time.Millisecond, Statistic: 0.13, Threshold: 0.1, N: 3100})
		}
		adwin.Looks = append(adwin.Looks, outcomes)
	}
	seen.Detectors = []record.MonitorDetector{psi, {Name: "ks", Alpha: 0.0167, Why: "the first phase is no reference: reference data: 200 rows, want at least 500"}, adwin}
	falls, unwatched := p.Targets[0], p.Targets[1]
	falls.Monitored = seen
	unwatched.Monitored = &record.Monitor{Unwatched: "the load is made elsewhere, and its answers are not known here"}
	p.Targets = []Target{falls, unwatched}
	return p
}
