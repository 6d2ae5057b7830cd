package monitored

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/monitoring"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// TestChoice reads what a comparison of policies comes to.
func TestChoice(t *testing.T) {
	policy := func(name string, right int64, trainings int, cpu time.Duration) monitoring.Policy {
		return monitoring.Policy{Name: name, Rounds: 2, Whole: stat.NewProportion(right, 10000), Trainings: trainings, CPU: cpu, CPUKnown: true}
	}
	never, regular, onAlarm := policy("never", 7000, 0, 0), policy("every 20s", 9010, 3, 2*time.Second), policy("on_alarm", 9000, 1, 700*time.Millisecond)
	once := onAlarm
	once.Rounds = 1
	for want, c := range map[string]monitoring.Choice{
		"on_alarm kept an accuracy of 90 [89.4, 90.6] % over the phase in 2 rounds with 1 training and 700 ms of CPU time. never (70 [69.1, 70.9] %, 0 trainings) kept less.": {
			Enough: onAlarm, Worse: []monitoring.Policy{never},
		},
		"on_alarm kept an accuracy of 90 [89.4, 90.6] % over the phase in 2 rounds with 1 training and 700 ms of CPU time. That every 20s (90.1 [89.5, 90.7] %, 3 trainings and 2 s of CPU time) kept more is not shown. never (70 [69.1, 70.9] %, 0 trainings) kept less than the best of them.": {
			Enough: onAlarm, Alike: []monitoring.Policy{regular}, Worse: []monitoring.Policy{never},
		},
		"No difference in accuracy over the phase is shown between on_alarm (90 [89.4, 90.6] %, 1 training and 700 ms of CPU time) and every 20s (90.1 [89.5, 90.7] %, 3 trainings and 2 s of CPU time). One round does not show how a policy differs from run to run.": {
			Enough: once, Alike: []monitoring.Policy{regular},
		},
	} {
		if got := choice(c); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestChange(t *testing.T) {
	for want, d := range map[string]*record.Drift{
		"": nil,
		"The concept of the examples changes suddenly 25 s after the start of the load.": {Shape: "sudden", Changes: "concept", At: 25 * time.Second},
		"The concept and covariate of the examples change gradually over 10 s, with the middle 25 s after the start of the load.": {
			Shape: "gradual", Changes: "concept and covariate", At: 25 * time.Second, Width: 10 * time.Second,
		},
		"The covariate of the examples changes 25 s after the start of the load, and back and forth every 10 s from then on.": {
			Shape: "recurring", Changes: "covariate", At: 25 * time.Second, Period: 10 * time.Second,
		},
	} {
		if got := strings.Join(change(d), " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
