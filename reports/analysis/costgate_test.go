package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/gate"
	"servebench/reports/document/sentence"
	"servebench/reports/prices"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

const (
	costLarge, costXLarge = "aws/us-east-1/ec2/c7i.large", "aws/us-east-1/ec2/c7i.xlarge"
	costLambda            = "aws/us-east-1/lambda/x86_64"
)

// costed is the key cost of a scenario, with the prices that a run records of a table.
func costed(t *testing.T, table prices.Table, places ...string) *record.Cost {
	t.Helper()
	o := cost.Defaults()
	c := &record.Cost{Traffic: "constant:2000/s", Place: places, Serving: o.Serving, ScaleLag: o.ScaleLag, Eviction: o.Eviction}
	var named []cost.Place
	for _, id := range places {
		p, found := cost.Find(cost.Places(table), id)
		if !found {
			t.Fatalf("no place %s", id)
		}
		named = append(named, p)
	}
	var text strings.Builder
	if err := cost.RowsOf(table, named).WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	c.Table = text.String()
	return c
}

// costOf is the run with a key cost. What the run's targets and steps are can be changed.
func costOf(recorded *record.Run, c *record.Cost) *record.Run {
	run, searched := *recorded, *recorded.Capacity
	run.Created, run.Scenario.Cost = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), c
	searched.Steps = slices.Clone(searched.Steps)
	run.Targets, run.Capacity = slices.Clone(run.Targets), &searched
	return &run
}

func costSLO(run *record.Run, most float64) record.SLO {
	slo := run.Scenario.SLO
	slo.CostPerMillion = most
	return slo
}

// TestCostIsJudged by what a search certified: on container 500/s, which breaks at 800/s, and on
// the local Lambda 300/s.
func TestCostIsJudged(t *testing.T) {
	dearer := prices.Builtin().Lookup(costLarge)
	dearer[0].USD *= 10
	without := func(item string) prices.Table {
		var left prices.Table
		for _, p := range prices.Builtin() {
			if p.Item != item {
				left = append(left, p)
			}
		}
		return left
	}
	all := []string{costXLarge, costLarge, costLambda}
	recorded := recordtest.Open(t, recordtest.Sized())
	a, err := analysis.Analyse(recorded)
	if err != nil {
		t.Fatal(err)
	}
	const figure = "cost per million $0.0734 [$0.0603, $0.0734], limit ≤ "
	for _, tt := range []struct {
		name   string
		most   float64
		table  prices.Table
		places []string
		set    func(*record.Run)
		want   record.Verdict // of container
		line   string         // of container
	}{
		{"within", 0.074, prices.Builtin(), all, nil, record.Pass, figure + "$0.0740, n 25,483"},
		{"between", 0.07, prices.Builtin(), all, nil, record.Inconclusive,
			figure + "$0.0700, n 25,483: the limit lies inside the interval, which is as wide as that of the capacity"},
		{"beyond", 0.06, prices.Builtin(), all, nil, record.Fail, figure + "$0.0600, n 25,483: the whole interval lies above the limit"},
		{"by the prices of the run", 0.074, prices.Builtin().With(dearer), []string{costLarge}, nil, record.Fail,
			"cost per million $0.520 [$0.395, $0.520], limit ≤ $0.0740, n 25,483: the whole interval lies above the limit"},
		{"at the cheaper place", 0.2, prices.Builtin().With(dearer), all, nil, record.Pass, "cost per million $0.0975 [$0.0720, $0.0975], limit ≤ $0.200, n 25,483"},
		{"without a place that runs it", 1, prices.Builtin(), []string{costLambda}, nil, record.Inconclusive,
			"cost per million not known, limit ≤ $1.00, n 25,483: on aws/us-east-1/lambda/x86_64, it was measured as container, which does not run there"},
		{"without a price of a part", 0.074, without("application load balancer"), all, nil, record.Inconclusive,
			"cost per million $0.0703 [$0.0572, $0.0703], limit ≤ $0.0740, n 25,483: the figure decides nothing: the price of a load balancer is missing in it; add one with cost.prices"},
		{"without a price of a part, and beyond", 0.05, without("application load balancer"), all, nil, record.Fail,
			"cost per million $0.0703 [$0.0572, $0.0703], limit ≤ $0.0500, n 25,483: the whole interval lies above the limit"},
		{"with no certificate", 1, prices.Builtin(), all, func(r *record.Run) { r.Capacity.Steps = r.Capacity.Steps[:1] }, record.Inconclusive,
			"cost per million not known, limit ≤ $1.00: on aws/us-east-1/ec2/c7i.large, no rate is certified for this target, so there is no capacity to price"},
		{"with a disturbed load generator", 1, prices.Builtin(), all, func(r *record.Run) { r.Capacity.Steps[0].Disturbed = "the load generator was late" }, record.InvalidInstrument, ""},
		{"on a target that is not here", 1, prices.Builtin(), all, func(r *record.Run) {
			r.Targets[0].Unavailable, r.Targets[0].Asked = "no runc", true
		}, record.Inconclusive, "cost per million not known, limit ≤ $1.00: the target is not available here: no runc"},
		{"without a key cost", 1, prices.Builtin(), all, func(r *record.Run) { r.Scenario.Cost = nil }, record.Inconclusive,
			"cost per million not known, limit ≤ $1.00, n 25,483: the scenario of the run does not say what traffic is served, and where: it takes a search with the key cost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := costOf(recorded, costed(t, tt.table, tt.places...))
			set, searches := *a.Set, a.Capacity
			set.Run = run
			if tt.set != nil {
				tt.set(run)
				if searches, err = capacity.Search(run); err != nil {
					t.Fatal(err)
				}
			}
			gates, err := gate.JudgeSearch(&set, searches, costSLO(run, tt.most), false)
			if err != nil || len(gates) != 2 {
				t.Fatalf("%d limits of two targets, %v", len(gates), err)
			}
			g := gates[0]
			if line := sentence.LimitLine(g); g.Verdict != tt.want || g.Metric != gate.Cost || tt.line != "" && line != tt.line {
				t.Errorf("%s: %s\nwant %s: %s", g.Verdict, line, tt.want, tt.line)
			}
		})
	}
}

// TestEmulatedCostDecidesNothing: neither that the local Lambda is within a limit nor that it is
// beyond it.
func TestEmulatedCostDecidesNothing(t *testing.T) {
	recorded := recordtest.Open(t, recordtest.Sized())
	for _, most := range []float64{0.01, 100} {
		run := costOf(recorded, costed(t, prices.Builtin(), costLambda))
		a, err := analysis.AnalyseBy(run, costSLO(run, most), "")
		if err != nil {
			t.Fatal(err)
		}
		l := sentence.NewLimit(a.Gates[1])
		if a.Gates[1].Verdict != record.Inconclusive || l.Why != "the figure decides nothing: it was measured under emulation (local Lambda), and the real place may be faster" || l.Observed != "$0.310" {
			t.Errorf("at most %g: %s, %+v", most, a.Gates[1].Verdict, l)
		}
		if !strings.HasPrefix(l.Note, "on "+costLambda+", with 23.9 environments on average and 24 at the peak. This was measured with the local Lambda service, not on AWS.") ||
			!strings.HasSuffix(l.Note, "The oldest of its prices was up to 882 days old at the time of the run.") {
			t.Errorf("note %q", l.Note)
		}
	}
}

// TestDamagedCostIsNoVerdict: a run whose record of its cost cannot be read is not analysed.
func TestDamagedCostIsNoVerdict(t *testing.T) {
	recorded := recordtest.Open(t, recordtest.Sized())
	for want, damage := range map[string]func(*record.Cost){
		`recorded cost: traffic "weekly:1/s" is no shape`: func(c *record.Cost) { c.Traffic = "weekly:1/s" },
		"recorded prices": func(c *record.Cost) { c.Table = "" },
		"recorded prices: there are none of [aws/x/ec2/c7i.huge]": func(c *record.Cost) { c.Place = []string{"aws/x/ec2/c7i.huge"} },
	} {
		c := costed(t, prices.Builtin(), costLarge)
		damage(c)
		run := costOf(recorded, c)
		if _, err := analysis.AnalyseBy(run, costSLO(run, 1), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
