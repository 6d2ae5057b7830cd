package trial

import (
	"slices"
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/scenarios/decode"
)

// TestSweepIsPlayedInRounds plays every size in each round, and each gets what its name says.
// Sizes are sent the same requests, but where they differ in how many examples one holds.
func TestSweepIsPlayedInRounds(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "targets", Value: "[a]"},
		decode.Setting{Key: "sweep", Value: "{workload.env.W: [x, y], data.batch: [1, 8]}"}, decode.Setting{Key: "workload.env", Value: "[W=none, V=kept]"})
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	rounds := map[int]map[string]bool{}
	for _, c := range run.Cells {
		if rounds[c.Round] == nil {
			rounds[c.Round] = map[string]bool{}
		}
		rounds[c.Round][c.Target] = true
	}
	if len(rounds) != 2 || len(rounds[1]) != 4 || len(rounds[2]) != 4 {
		t.Errorf("rounds with trials of %v, want two of four sizes", rounds)
	}
	seen := map[string]int{}
	for _, w := range a.workload {
		seen[strings.Join(w.Env, " ")]++
	}
	if len(a.workload) != 8 || seen["W=x V=kept"] != 4 || seen["W=y V=kept"] != 4 {
		t.Errorf("servers were started with %v", seen)
	}
	payloads := map[string]bool{}
	for _, target := range run.Targets {
		sent, batch := run.RequestsTo(target.Name), 1
		if strings.Contains(target.Name, "batch=8") {
			batch = 8
		}
		if payloads[sent.Payloads] = true; sent.Batch != batch || sent.Corpus != 50 || target.Of != "a" || len(target.Point) != 2 {
			t.Errorf("%s, a size of %q with %v, was sent %+v", target.Name, target.Of, target.Point, sent)
		}
	}
	if len(payloads) != 2 || run.Scenario.Batch != 1 {
		t.Errorf("%d different sets of requests, want one for each size of a request", len(payloads))
	}
}

// TestSizeThatIsNotThere leaves a size out that this machine cannot give: its figures would be
// those of a smaller one.
func TestSizeThatIsNotThere(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{remote: true}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "sweep", Value: "{limits.cpus: [0.5, 512]}"})
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	unavailable := map[string]string{}
	for _, target := range run.Targets {
		unavailable[target.Name] = target.Unavailable
	}
	if !strings.Contains(unavailable["a@cpus=512"], "limits.cpus is 512, this machine has ") || unavailable["a@cpus=0.5"] != "" || unavailable["b@cpus=512"] != "" {
		t.Errorf("unavailable: %v; want the one size of this machine alone", unavailable)
	}
	if cpus := run.Target("b@cpus=512").CPUs; cpus != 512 || run.Target("a@cpus=0.5").CPUs != 0.5 {
		t.Errorf("sizes with %v and %v CPUs", cpus, run.Target("a@cpus=0.5").CPUs)
	}
	for _, c := range run.Cells {
		if c.Target == "a@cpus=512" {
			t.Error("a size that is not there was measured")
		}
	}
}

// TestSearchOfSizes searches on each size, with its own requests.
func TestSearchOfSizes(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "sweep", Value: "{data.batch: [1, 8]}"},
		decode.Setting{Key: "slo", Value: "{p99: 100ms}"})
	run, err := runner.Capacity(t.Context(), s, record.Capacity{Most: 100}, func(run *record.Run, target string) (record.Upcoming, bool, error) {
		played := slices.ContainsFunc(run.Capacity.Steps, func(s record.SearchStep) bool { return s.Target == target })
		return record.Upcoming{SearchStep: record.SearchStep{Kind: record.Probe, Rate: 50, Settle: 100e6, Duration: 200e6}}, !played, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := run.Capacity.Steps
	if len(steps) != 2 || steps[0].Target != "a@batch=1" || steps[1].Target != "a@batch=8" {
		t.Fatalf("steps %+v, want one of each size; faults %v", steps, run.Faults)
	}
	var bytes []int64
	for _, c := range run.Cells {
		if c.Measured {
			bytes = append(bytes, c.RequestBytes/max(c.Ledger.Sent, 1))
		}
	}
	if len(bytes) != 2 || bytes[1] < 2*bytes[0] {
		t.Errorf("requests of %v bytes, want those of eight examples to be the larger ones", bytes)
	}
}
