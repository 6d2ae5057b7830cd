package analysis_test

import (
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/document/sentence"
	"servebench/reports/prices"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestCapacityIsJudged by what a search certified on physical, 790/s, which breaks at 951/s,
// and on container, 500/s.
func TestCapacityIsJudged(t *testing.T) {
	for _, tt := range []struct {
		name  string
		least float64
		set   func(*record.Run)
		want  []record.Verdict // by target
		whole record.Verdict
		line  string // of the first target
	}{
		{"below both", 499, nil, []record.Verdict{record.Pass, record.Pass}, record.Pass,
			"capacity 790/s [790.0, 951.0)/s, limit ≥ 499/s, n 40,261"},
		{"at the certified rate", 790, nil, []record.Verdict{record.Pass, record.Fail}, record.Fail,
			"capacity 790/s [790.0, 951.0)/s, limit ≥ 790/s, n 40,261"},
		{"between", 900, nil, []record.Verdict{record.Inconclusive, record.Fail}, record.Fail,
			"capacity 790/s [790.0, 951.0)/s, limit ≥ 900/s, n 40,261: 790/s is certified, and the slo breaks at 951/s"},
		{"at the rate that breaks", 951, nil, []record.Verdict{record.Fail, record.Fail}, record.Fail,
			"capacity 790/s [790.0, 951.0)/s, limit ≥ 951/s, n 40,261: the slo breaks at 951/s"},
		{"without a certificate", 499, func(r *record.Run) {
			r.Capacity.Steps = r.Capacity.Steps[:1]
		}, []record.Verdict{record.Inconclusive, record.Inconclusive}, record.Inconclusive,
			"capacity not certified, limit ≥ 499/s: no search for it came to a certificate"},
		{"with a disturbed load generator", 499, func(r *record.Run) {
			r.Capacity.Steps[0].Disturbed = "the load generator was late"
		}, []record.Verdict{record.InvalidInstrument, record.Pass}, record.InvalidInstrument, ""},
		{"a target that was asked for and is not here", 499, func(r *record.Run) {
			r.Targets[1].Unavailable, r.Targets[1].Asked = "no runc", true
		}, []record.Verdict{record.Pass, record.Inconclusive}, record.Inconclusive, ""},
		{"no limit", 0, nil, nil, record.NoLimit, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := recordtest.Open(t, recordtest.Search())
			if tt.set != nil {
				tt.set(run)
			}
			slo := run.Scenario.SLO
			slo.Capacity = tt.least
			a, err := analysis.AnalyseBy(run, slo, "")
			if err != nil {
				t.Fatal(err)
			}
			if a.Verdict != tt.whole || len(a.Gates) != len(tt.want) {
				t.Fatalf("%s, want %s: %+v", a.Verdict, tt.whole, a.Gates)
			}
			for i, want := range tt.want {
				if g := a.Gates[i]; g.Verdict != want || g.Metric != gate.Capacity {
					t.Errorf("%s: %s, want %s", g.Target, g.Verdict, want)
				}
			}
			if tt.line != "" && sentence.LimitLine(a.Gates[0]) != tt.line {
				t.Errorf("%s\nwant %s", sentence.LimitLine(a.Gates[0]), tt.line)
			}
		})
	}
}

// TestLoadAtARateLeavesTheCapacityOpen, and the cost that follows from it: that it was not
// searched for is no PASS.
func TestLoadAtARateLeavesTheCapacityOpen(t *testing.T) {
	whys := map[string]string{
		"capacity": "a load at a given rate does not measure it: servebench capacity does",
		"cost":     "a cost, that of a function too, is worked out at a rate that is certified to hold the slo, and a load at a given rate certifies none: servebench capacity does",
	}
	for name, slo := range map[string]record.SLO{"capacity": {Capacity: 1}, "cost": {CostPerMillion: 1}} {
		run := recordtest.Open(t, recordtest.Compare())
		run.Scenario.Cost = costed(t, prices.Builtin(), costLarge)
		a, err := analysis.AnalyseBy(run, slo, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range a.Gates {
			if why := sentence.NewLimit(g).Why; g.Verdict != record.Inconclusive || why != whys[name] {
				t.Errorf("%s of %s: %s, %s", name, g.Target, g.Verdict, why)
			}
		}
		if a.Verdict != record.Inconclusive || len(a.Gates) == 0 {
			t.Errorf("%s: %s of %d limits", name, a.Verdict, len(a.Gates))
		}
	}
}

// TestGateBetweenContradictions: a rate that breaks below the certified one decides nothing.
func TestGateBetweenContradictions(t *testing.T) {
	for _, tt := range []struct {
		certified, breaks float64
		want              record.Verdict
	}{
		{600, 0, record.Pass}, {600, 700, record.Pass}, {600, 450, record.Inconclusive}, {400, 0, record.Inconclusive},
		{400, 700, record.Inconclusive}, {400, 500, record.Fail}, {0, 300, record.Fail}, {0, 600, record.Inconclusive}, {0, 0, record.Inconclusive},
	} {
		if g := gate.JudgeCapacity("physical", 500, tt.certified, tt.breaks, 1000); g.Verdict != tt.want {
			t.Errorf("%g/s certified, breaks at %g/s: %s, want %s", tt.certified, tt.breaks, g.Verdict, tt.want)
		}
	}
}
