package sample

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"servebench/reports/analysis/stat"
)

// Three rounds are enough for an honest interval of a ratio, which resampling
// them would not give.
func TestRatioCoverage(t *testing.T) {
	for _, rounds := range []int{3, 5} {
		const trials = 2000
		held := 0
		for trial := range trials {
			rng := rand.New(rand.NewPCG(uint64(trial), 3))
			var logs []float64
			for range rounds {
				logs = append(logs, math.Log(1.2)+0.05*rng.NormFloat64())
			}
			r := newRatio(Row{}, "p50", logs)
			if r.HasInterval && r.Low <= 1.2 && 1.2 <= r.High {
				held++
			}
		}
		if share := float64(held) / trials; share < 0.935 || share > 0.965 {
			t.Errorf("%d rounds: %.3f of the intervals hold the ratio, want about 0.95", rounds, share)
		}
	}
	if r := newRatio(Row{}, "p50", []float64{0.1, 0.2}); r.HasInterval {
		t.Error("two rounds have an interval")
	}
}

// The rounds in which both targets have enough answers for a quantile may be those that
// went well: fewer than three of many are no ratio.
func TestRatioOfKnownRounds(t *testing.T) {
	row := func(target string, round int, at time.Duration, known bool) Row {
		r := Row{Target: target, Phase: "steady", Round: round}
		r.Response.Quantiles[0] = stat.Quantile{Q: 0.5, Known: known, Value: at}
		return r
	}
	for _, tt := range []struct{ rounds, known, want int }{
		{5, 5, 5}, {5, 3, 3}, {5, 2, 0}, {2, 2, 2}, {2, 1, 0}, {1, 1, 1}, {1, 0, 0},
	} {
		var cells []Row
		for round := range tt.rounds {
			cells = append(cells, row("physical", round, time.Millisecond, true), row("vm", round, 3*time.Millisecond, round < tt.known))
		}
		all := Ratios([]Row{{Target: "physical", Phase: "steady"}, {Target: "vm", Phase: "steady"}}, cells, "physical")
		switch {
		case tt.want == 0 && len(all) == 0:
		case len(all) != 1 || all[0].Rounds != tt.want || all[0].Of != tt.rounds || math.Abs(all[0].Value-3) > 1e-9:
			t.Errorf("%+v: %+v", tt, all)
		}
	}
}
