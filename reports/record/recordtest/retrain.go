package recordtest

import (
	"strings"
	"time"

	"servebench/reports/record"
)

// Retrained is a run whose examples change 6 s after the start of a phase of 20 s, under three
// policies of training the model again: one never does, one does every 5 s, of which the last
// training fails, and one at an alarm, whose swap holds up requests for 60 ms.
func Retrained() Plan {
	p := Compare()
	p.Name, p.Rounds, p.SLO = "drift", 1, record.SLO{}
	p.Phases[1].Rate, p.Phases[1].Duration, p.Phases[1].Arrivals = 1100, 20*time.Second, "constant"
	p.Drift = &record.Drift{Shape: "sudden", Changes: "concept", At: 8 * time.Second}
	p.Monitor = &record.Monitoring{Window: record.Window{Time: time.Second}, OutcomeDelay: time.Second, Detectors: []string{"psi", "adwin"}, Reference: record.FirstPhase}
	never := record.Retrain{On: record.RetrainNever}
	regular := record.Retrain{Every: 5 * time.Second, Rows: 4000}
	onAlarm := record.Retrain{On: record.RetrainOnAlarm, Rows: 4000}
	base := p.Targets[0]
	p.Targets = nil
	for _, policy := range []struct {
		record.Retrain
		accuracy    [20]int // right predictions of 1,000 in each second
		alarms      []time.Duration
		retrainings []record.Retraining
		stall       time.Duration
	}{
		{never, [20]int{950, 948, 951, 953, 949, 950, 712, 708, 715, 706, 711, 709, 714, 710, 707, 713, 711, 708, 712, 710}, []time.Duration{8400 * time.Millisecond}, nil, 0},
		{regular, [20]int{950, 948, 951, 953, 949, 952, 712, 708, 715, 706, 780, 828, 831, 826, 830, 829, 832, 827, 830, 829}, []time.Duration{3 * time.Second, 8400 * time.Millisecond}, []record.Retraining{
			{Reason: "every 5s", At: 5 * time.Second, Began: 5 * time.Second, Trained: 5700 * time.Millisecond, Swapped: 5800 * time.Millisecond, Rows: 3980, CPU: 650 * time.Millisecond},
			{Reason: "every 5s", At: 10 * time.Second, Began: 10 * time.Second, Trained: 10720 * time.Millisecond, Swapped: 10800 * time.Millisecond, Rows: 4000, CPU: 660 * time.Millisecond},
			{Reason: "every 5s", At: 15 * time.Second, Began: 15 * time.Second, Trained: 15200 * time.Millisecond, Rows: 4000, CPU: 90 * time.Millisecond, Failed: "it exited with status 1: rows.csv: 0 rows have the outcome 1"},
		}, 0},
		{onAlarm, [20]int{950, 948, 951, 953, 949, 952, 712, 708, 715, 706, 930, 941, 938, 942, 940, 939, 943, 941, 940, 938}, []time.Duration{8400 * time.Millisecond}, []record.Retraining{
			{Reason: "adwin", At: 8400 * time.Millisecond, Began: 9100 * time.Millisecond, Trained: 9900 * time.Millisecond, Swapped: 10020 * time.Millisecond, Rows: 4000, CPU: 710 * time.Millisecond},
		}, 60 * time.Millisecond},
	} {
		t := base
		word := strings.ReplaceAll(policy.Policy(), " ", "-")
		t.Name, t.Of, t.Point, t.Retrain = base.Name+"@retrain="+word, base.Name, []record.Setting{{Key: record.RetrainKey, Value: policy.Policy()}}, &policy.Retrain
		t.Stall, t.Monitored = policy.stall, watched(policy.accuracy, policy.alarms)
		t.Monitored.Retrainings = policy.retrainings
		p.Targets = append(p.Targets, t)
	}
	return p
}

// watched is what a monitor with the detectors psi and adwin saw of 1,000 predictions a second.
func watched(accuracy [20]int, alarms []time.Duration) *record.Monitor {
	seen := &record.Monitor{Log: []string{"monitor/r01-steady.001.jsonl"}}
	psi, adwin := record.MonitorDetector{Name: "psi", Alpha: 0.025}, record.MonitorDetector{Name: "adwin", Alpha: 0.025}
	for _, at := range alarms {
		adwin.Alarms = append(adwin.Alarms, record.MonitorAlarm{At: at, Statistic: 0.12, Threshold: 0.09, N: int(at / time.Millisecond)})
	}
	for i, correct := range accuracy {
		w := record.MonitorWindow{Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second, Answers: 1100, Labelled: 1000, Correct: int64(correct)}
		seen.Windows = append(seen.Windows, w)
		psi.Looks = append(psi.Looks, record.MonitorLook{At: w.End, State: record.StateStable, Statistic: 0.012, Threshold: 0.05, Column: "age", N: 1100})
		look := record.MonitorLook{At: w.End, State: record.StateStable, Statistic: 0.02, Threshold: 0.09, N: 1000 * (i + 1)}
		for _, at := range alarms {
			if at > w.Start && at <= w.End {
				look.State, look.Statistic = record.StateDrift, 0.12
			}
		}
		adwin.Looks = append(adwin.Looks, look)
	}
	seen.Detectors = []record.MonitorDetector{psi, adwin}
	return seen
}
