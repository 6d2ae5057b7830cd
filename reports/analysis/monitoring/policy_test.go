package monitoring

import (
	"testing"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// TestPolicies wants what a policy came to in several rounds to be one figure, and rounds that
// differ to widen its interval.
func TestPolicies(t *testing.T) {
	all := drifts(t, nil)
	once := Policies(all)
	if len(once) != 3 || once[2].Name != "on_alarm" || once[2].Rounds != 1 || once[2].Whole != all[2].Whole || once[2].CPU != 710*time.Millisecond || !once[2].CPUKnown || once[1].Trainings != 3 {
		t.Fatalf("%+v", once)
	}
	again := all[2]
	again.Round, again.After = 2, stat.NewProportion(again.After.N/2, again.After.N)
	both := Policies(append(all, again))[2]
	if both.Rounds != 2 || both.Trainings != 2 || both.Whole.N != 40000 || both.CPU != 1420*time.Millisecond {
		t.Errorf("%+v", both)
	}
	if both.During.High-both.During.Low >= once[2].During.High-once[2].During.Low || both.After.High-both.After.Low <= once[2].After.High-once[2].After.Low {
		t.Errorf("during %+v, after %+v; want two rounds that agree to tell more than one, and two that differ less", both.During, both.After)
	}
}

func TestChoices(t *testing.T) {
	names := func(all []Policy) (names string) {
		for _, p := range all {
			names += p.Name + " "
		}
		return names
	}
	share := func(thousandths int64) stat.Proportion { return stat.NewProportion(10*thousandths, 10000) }
	for name, test := range map[string]struct {
		whole               [3]stat.Proportion // of never, every 5s with three trainings, on_alarm with one
		enough, alike, less string
	}{
		"one kept more":              {[3]stat.Proportion{share(700), share(850), share(900)}, "on_alarm", "", "never every 5s "},
		"more training keeps more":   {[3]stat.Proportion{share(700), share(900), share(850)}, "every 5s", "", "never on_alarm "},
		"the cheaper one is enough":  {[3]stat.Proportion{share(700), share(901), share(900)}, "on_alarm", "every 5s ", "never "},
		"none is shown to keep more": {[3]stat.Proportion{share(899), share(901), share(900)}, "never", "every 5s on_alarm ", ""},
		"no outcome of one is known": {[3]stat.Proportion{{}, share(850), share(900)}, "on_alarm", "", "every 5s "},
	} {
		t.Run(name, func(t *testing.T) {
			all := drifts(t, nil)
			for i := range all {
				all[i].Whole = test.whole[i]
			}
			c := Choices(all)
			if len(c) != 1 || c[0].Of != "physical" || c[0].Enough.Name != test.enough || names(c[0].Alike) != test.alike || names(c[0].Worse) != test.less {
				t.Errorf("%+v", c)
			}
		})
	}
	if c := Choices(drifts(t, nil)[:1]); c != nil {
		t.Errorf("%+v of a single policy", c)
	}
	apart := Choices(drifts(t, func(r *record.Run) {
		r.Targets[0].Point = append(r.Targets[0].Point, record.Setting{Key: "limits.cpus", Value: "2"})
	}))
	if len(apart) != 1 || len(apart[0].Alike)+len(apart[0].Worse) != 1 {
		t.Errorf("%+v, want a target with more CPUs not to be compared with those with fewer", apart)
	}
}
