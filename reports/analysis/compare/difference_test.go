package compare_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/compare"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// fact replaces the value of a fact.
func fact(facts []record.Fact, name, value string) []record.Fact {
	kept := slices.DeleteFunc(slices.Clone(facts), func(f record.Fact) bool { return f.Name == name })
	state, _, explained := strings.Cut(value, ": ")
	if !explained {
		state = ""
	}
	return append(kept, record.Fact{Name: name, Value: value, State: state})
}

func environment(name, value string) func(*record.Run) {
	return func(r *record.Run) { r.Environment = fact(r.Environment, name, value) }
}

func setting(old, now string) func(*record.Run) {
	return func(r *record.Run) { r.Scenario.Text = strings.Replace(r.Scenario.Text, old, now, 1) }
}

// small is a run whose figures do not matter.
func small() recordtest.Plan {
	p := recordtest.Compare()
	p.Rounds, p.Phases[1].Rate, p.Phases[1].Duration = 1, 50, 2*time.Second
	return p
}

// What differs besides the server makes two runs not comparable by its kind, or is a
// remark.
func TestDifferences(t *testing.T) {
	base := analyse(t, small(), func(r *record.Run) {
		r.Environment = fact(r.Environment, "HTTP", "version 1.1")
		r.Environment = fact(r.Environment, "CPU idle states", "allowed: no such file")
		r.Environment = fact(r.Environment, "CPU", "AMD EPYC, 2445 MHz")
		r.Environment = fact(r.Environment, "CPU boost", "not known")
		r.Environment = fact(r.Environment, "load before", "0.10 (1 min average)")
		r.Environment = fact(r.Environment, "kernel", "6.1.0-26-amd64 x86_64")
	})
	same := func(r *record.Run) {
		r.Environment = slices.Clone(base.Run.Environment)
	}
	for name, tc := range map[string]struct {
		spoil func(*record.Run)
		want  []string // kinds
	}{
		"payloads": {func(r *record.Run) { r.Scenario.Payloads = "other" }, []string{"payloads"}},
		"batch":    {func(r *record.Run) { r.Scenario.Batch = 10 }, []string{"payloads"}},
		"seed":     {func(r *record.Run) { r.Scenario.Seed, r.Scenario.Payloads = 2, "other" }, []string{"seed"}},
		"seed and data": {func(r *record.Run) {
			r.Scenario.Seed, r.Scenario.Payloads = 2, "other"
			setting("corpus: 10000", "corpus: 5")(r)
		}, []string{"payloads", "seed"}},
		"model":                 {func(r *record.Run) { r.Scenario.Phases[1].Model = "noop" }, []string{"model"}},
		"rate":                  {func(r *record.Run) { r.Scenario.Phases[1].Rate = 50.5 }, []string{"load"}},
		"steps":                 {func(r *record.Run) { r.Scenario.Phases[1].Steps = []record.Step{{Rate: 1, Duration: time.Second}} }, []string{"load"}},
		"mix":                   {func(r *record.Run) { r.Scenario.Phases[1].Mix = []record.Class{{Name: "big", Share: 1}} }, []string{"load"}},
		"keys of some arrivals": {setting("burstiness: 1", "burstiness: 0.5"), []string{"load"}},
		"warm-up": {func(r *record.Run) {
			r.Scenario.Phases[0].Name = "fill"
			for i := range r.Cells {
				if !r.Cells[i].Measured {
					r.Cells[i].Phase = "fill"
				}
			}
		}, []string{"load"}},
		"protocol":          {setting("protocol: v2", "protocol: template"), []string{"protocol"}},
		"limits":            {setting("cpus: 1", "cpus: 2"), []string{"limits"}},
		"timeout":           {setting("timeout: 10s", "timeout: 1s"), []string{"client"}},
		"option":            {setting("network: host", "network: bridge"), []string{"target"}},
		"command":           {setting("server: reference", "server: mine"), []string{"remark"}},
		"no YAML":           {setting("timeout: 10s", "\t: ]"), []string{"client", "limits", "load", "model", "protocol", "remark", "target"}},
		"HTTP":              {environment("HTTP", "version 2"), []string{"client"}},
		"processor":         {environment("CPU", "Intel Xeon, 2445 MHz"), []string{"machine"}},
		"frequency":         {environment("CPU", "AMD EPYC, 3100 MHz"), []string{"remark"}},
		"series":            {environment("kernel", "6.8.0-1 x86_64"), []string{"machine"}},
		"kernel":            {environment("kernel", "6.1.0-27-amd64 x86_64"), []string{"remark"}},
		"generator":         {environment("generator CPUs", "0-2"), []string{"machine"}},
		"idle, another why": {environment("CPU idle states", "allowed: not permitted"), []string{"remark"}},
		"idle":              {environment("CPU idle states", "kept out while requests are sent"), []string{"machine"}},
		"boost not known":   {environment("CPU boost", "on"), []string{"remark"}},
		"load before":       {environment("load before", "9.99 (1 min average)"), nil},
		"version":           {func(r *record.Run) { r.Version = "v9" }, []string{"remark"}},
		"memory of target":  {func(r *record.Run) { r.Targets[0].Facts = fact(r.Targets[0].Facts, "memory limit", "1 GiB") }, []string{"limits"}},
		"path":              {func(r *record.Run) { r.Targets[0].Facts = fact(r.Targets[0].Facts, "network path", "bridge") }, []string{"target"}},
		"image":             {func(r *record.Run) { r.Targets[1].Facts = fact(r.Targets[1].Facts, "image", "sha256:1") }, nil},
		"rebuilt":           {func(r *record.Run) { r.Targets[0].Facts = fact(r.Targets[0].Facts, "SHA-256 of the program", "c0ffee") }, []string{"remark"}},
		"ran already":       {func(r *record.Run) { r.Targets[0].Running = true }, []string{"target"}},
		"server lost":       {func(r *record.Run) { r.Targets[0].Deployments[0].Failed = "exit status 1" }, []string{"remark"}},
		"interrupted":       {func(r *record.Run) { r.Interrupted = "stopped" }, []string{"remark"}},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := analyse(t, small(), func(r *record.Run) { same(r); tc.spoil(r) })
			c := compare.Runs(base, fresh, nil)
			kinds := map[string]bool{}
			var blocking []string
			for _, d := range c.Differences {
				kinds[d.Kind] = true
				if d.Fatal && !slices.Contains(blocking, d.Kind) {
					blocking = append(blocking, d.Kind)
				}
				if d.Fatal == (d.Kind == compare.Remark) {
					t.Errorf("%+v", d)
				}
			}
			for _, kind := range tc.want {
				if !kinds[kind] {
					t.Errorf("no difference of kind %s in %+v", kind, c.Differences)
				}
				delete(kinds, kind)
			}
			if len(kinds) > 0 {
				t.Errorf("differences besides %v: %+v", tc.want, c.Differences)
			}
			if c.Comparable() != (len(blocking) == 0) || len(c.Figures) > 0 != c.Comparable() {
				t.Errorf("comparable %t with %v", c.Comparable(), blocking)
			}
			if c := compare.Runs(base, fresh, blocking); !c.Comparable() || len(c.Figures) == 0 {
				t.Errorf("not comparable with %v allowed", blocking)
			}
		})
	}
}

// A run that cannot be believed is said first, and compared only when that is meant.
func TestInvalidRun(t *testing.T) {
	p := recordtest.Compare()
	base := analyse(t, p, nil)
	p.Targets[0].GeneratorCPU = 0.95
	fresh := analyse(t, p, func(r *record.Run) { r.Scenario.Seed = 2 })
	c := compare.Runs(base, fresh, []string{"seed"})
	if c.Comparable() || c.Differences[0].Kind != compare.Invalid || !strings.Contains(newValue(c.Differences[0]), "generator-cpu") {
		t.Errorf("%+v", c.Differences)
	}
	if !strings.Contains(sentence.ComparisonLine(c), "--allow invalid") {
		t.Error(sentence.ComparisonLine(c))
	}
	if c := compare.Runs(base, fresh, []string{"seed", "invalid"}); !c.Comparable() || !c.Differences[0].Allowed {
		t.Errorf("%+v", c.Differences)
	}
}

// The order of the differences is that of their kinds, and the same each time.
func TestOrderOfDifferences(t *testing.T) {
	base := analyse(t, small(), nil)
	fresh := analyse(t, small(), func(r *record.Run) {
		r.Version, r.Scenario.Seed, r.Scenario.Batch = "v9", 9, 9
		r.Scenario.Text = strings.NewReplacer("10s", "1s", "cpus: 1", "cpus: 2", "512MiB", "1GiB", "attackers: 1", "attackers: 2").Replace(scenario)
		environment("generator CPUs", "7")(r)
	})
	first := compare.Runs(base, fresh, nil)
	want := []string{"payloads", "seed", "limits", "client", "machine"}
	if got := first.Blocking(); !slices.Equal(got, want) {
		t.Errorf("blocking %v, want %v", got, want)
	}
	for range 20 {
		if again := compare.Runs(base, fresh, nil); !slices.Equal(again.Differences, first.Differences) {
			t.Fatalf("%+v, and then %+v", first.Differences, again.Differences)
		}
	}
}

// Each variant of an A/B test has settings of its own.
func TestABTests(t *testing.T) {
	p := recordtest.ABTest()
	variants := func(text string) func(*record.Run) {
		return func(r *record.Run) { r.AB.Baseline.Text, r.AB.Candidate.Text = scenario, text }
	}
	base := analyse(t, p, variants(scenario))
	c := compare.Runs(base, analyse(t, p, variants(strings.Replace(scenario, "cpus: 1", "cpus: 2", 1))), nil)
	want := []compare.Difference{{Kind: "limits", Where: record.Candidate, What: "limits.cpus", Base: "1", New: "2", Fatal: true}}
	if !slices.Equal(c.Differences, want) {
		t.Errorf("%+v", c.Differences)
	}
	if c := compare.Runs(base, base, nil); !c.Comparable() || len(c.Figures) == 0 {
		t.Error("an A/B test is not comparable with itself")
	}
	if c := compare.Runs(base, analyse(t, small(), nil), compare.KindNames()); c.Comparable() {
		t.Error("an A/B test is comparable with a run of other targets")
	}
}

// newValue is what the new run has, in words.
func newValue(d compare.Difference) string {
	_, value := sentence.DifferenceValues(d)
	return value
}
