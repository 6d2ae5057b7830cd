package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/capacity/search"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/prices"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

func analyse(t *testing.T, p recordtest.Plan, change func(*record.Run), broken ...string) []Group {
	t.Helper()
	run := recordtest.Open(t, p)
	if change != nil {
		change(run)
	}
	cells, err := sample.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	return Analyse(sample.New(run, cells), nil, func(target, _ string) bool { return slices.Contains(broken, target) }, prices.Builtin())
}

func front(g Group) (names []string) {
	for _, p := range g.Front() {
		names = append(names, p.Target)
	}
	return names
}

// TestCosts holds the cost of each size against sums made by hand from the meters and the
// prices of the table.
func TestCosts(t *testing.T) {
	groups := analyse(t, recordtest.Sizes(), nil)
	if len(groups) != 2 || groups[0].Basis != Reserved || groups[1].Basis != Billed {
		t.Fatalf("groups %+v", groups)
	}
	servers, functions := groups[0], groups[1]
	for i, cpus := range []float64{0.5, 1, 2} {
		p := servers.Points[i]
		if want := cpus / p.Row.OKRate; math.Abs(p.Cost.Value-want) > 1e-12 || p.Cost.HasInterval {
			t.Errorf("%s keeps %g CPU seconds for a request, want %g", p.Target, p.Cost.Value, want)
		}
	}
	for i, memory := range []float64{256, 512, 1024, 1769, 3008} {
		p := functions.Points[i]
		seconds := 0.003 + 0.020*1769/min(memory, 1769)
		want := 1e6 * (seconds*memory/1024*0.0000166667 + 0.0000002)
		if math.Abs(p.Cost.Value-want) > 1e-4*want {
			t.Errorf("%s costs %g $ per million, want %g", p.Target, p.Cost.Value, want)
		}
	}
	if got, want := fmt.Sprint(front(servers), front(functions)), "[physical@cpus=0.5 physical@cpus=1] [lambda@memory=256 lambda@memory=512 lambda@memory=1024 lambda@memory=1769]"; got != want {
		t.Errorf("front %s, want %s", got, want)
	}
	if servers.Q != 0.99 || servers.Examples || len(functions.Prices) != 2 || functions.Prices[0].Date == "" || functions.Prices[0].Source == "" {
		t.Errorf("compared by q %g, prices %+v", servers.Q, functions.Prices)
	}
}

func TestBasesOfCost(t *testing.T) {
	used := analyse(t, recordtest.Sizes(), func(r *record.Run) {
		for i := range r.Targets {
			r.Targets[i].CPUs = 1
		}
	})
	if p := used[0].Points[0]; used[0].Basis != Used || math.Abs(p.Cost.Value-200e-6) > 1e-9 {
		t.Errorf("sizes that keep as many CPUs cost %+v by %s, want the 200 µs that an answer takes", p.Cost, used[0].Basis)
	}
	batches := analyse(t, recordtest.Sizes(), func(r *record.Run) {
		r.Targets[1].Requests = &record.Requests{Corpus: 100, Batch: 8}
	})
	if p := batches[0].Points[1]; !batches[0].Examples || math.Abs(p.Cost.Value-1/p.Row.OKRate/8) > 1e-12 {
		t.Errorf("an example costs %+v, want an eighth of a request", p.Cost)
	}
	arm := analyse(t, recordtest.Sizes(), func(r *record.Run) {
		r.Environment = append(r.Environment, record.Fact{Name: record.FactArchitecture, Value: "arm64"})
	})
	if got := arm[1].Prices[0].Item; got != "duration arm64" {
		t.Errorf("priced by %s on arm64", got)
	}
	broken := analyse(t, recordtest.Sizes(), nil, "physical@cpus=0.5", "lambda@memory=1769")
	if got := fmt.Sprint(front(broken[0]), front(broken[1])); got != "[physical@cpus=1] [lambda@memory=256 lambda@memory=512 lambda@memory=1024 lambda@memory=3008]" || !broken[0].Points[0].Broken {
		t.Errorf("sizes that break a limit are on the front: %s", got)
	}
	if none := analyse(t, recordtest.Compare(), nil); none != nil {
		t.Errorf("a run without a sweep has sizes: %+v", none)
	}
}

// TestSizesOfCapacities takes the cost from the capacity that was searched for, and none where
// there is no capacity.
func TestSizesOfCapacities(t *testing.T) {
	run := recordtest.Open(t, recordtest.Sizes())
	run.Capacity = &record.Capacity{}
	cells, err := sample.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	found := []capacity.Searched{
		{Target: "physical@cpus=0.5", Result: search.Result{Certified: 50, Breaks: 60}},
		{Target: "physical@cpus=1", Result: search.Result{Certified: 110}},
		{Target: "physical@cpus=2"},
	}
	groups := Analyse(sample.New(run, cells), found, func(string, string) bool { return false }, prices.Builtin())
	p := groups[0].Points
	if groups[0].Phase != "" || groups[0].Basis != Reserved || p[0].Cost != (Cost{0.01, 0.5 / 60., 0.01, true}) || p[1].Cost != (Cost{Value: 1. / 110}) || p[2].Cost.Value != 0 || p[2].Front {
		t.Errorf("costs %+v, %+v, %+v", p[0].Cost, p[1].Cost, p[2].Cost)
	}
}

// TestFrontIsParetos draws sizes: the front is what is left of them, sorted by cost, when each
// has to be faster than all cheaper ones.
func TestFrontIsParetos(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		g := Group{Q: 0.5}
		for i := range 1 + rng.IntN(12) {
			p := Point{Target: fmt.Sprint(i), Cost: Cost{Value: float64(rng.IntN(6))}, Broken: rng.IntN(8) == 0}
			p.Row.Response = stat.Distribution{N: 100, Quantiles: [4]stat.Quantile{{Q: 0.5, Value: time.Duration(1 + rng.IntN(6)), Known: rng.IntN(10) > 0}}}
			g.Points = append(g.Points, p)
		}
		sorted := slices.DeleteFunc(slices.Clone(g.Points), func(p Point) bool { return !g.Compared(p) })
		at := func(p Point) time.Duration { q, _ := g.Latency(p); return q.Value }
		slices.SortStableFunc(sorted, func(a, b Point) int {
			if a.Cost.Value != b.Cost.Value {
				return int(a.Cost.Value - b.Cost.Value)
			}
			return int(at(a) - at(b))
		})
		want := map[string]bool{}
		fastest, cost := time.Duration(math.MaxInt64), -1.0
		for _, p := range sorted {
			if at(p) < fastest || at(p) == fastest && p.Cost.Value == cost { // one that is the same is no worse
				fastest, cost, want[p.Target] = at(p), p.Cost.Value, true
			}
		}
		for i := range g.Points {
			if got := g.onFront(g.Points[i]); got != want[g.Points[i].Target] {
				t.Fatalf("%+v: size %d on the front: %v", g.Points, i, got)
			}
			g.Points[i].Front = want[g.Points[i].Target]
		}
		if len(sorted) > 0 && len(g.Front()) == 0 {
			t.Fatalf("no size of %+v is on the front", g.Points)
		}
	}
}

// TestPoliciesAreNoSizes wants no sizes where a sweep has policies of training again alone.
func TestPoliciesAreNoSizes(t *testing.T) {
	if groups := analyse(t, recordtest.Retrained(), nil); groups != nil {
		t.Errorf("%+v", groups)
	}
}
