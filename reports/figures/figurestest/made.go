// Package figurestest makes analyses of made-up runs for the tests of whatever
// draws or prints them: any number of targets and rounds, any latencies and
// failures. The figures are drawn from fixed seeds; nothing was measured.
package figurestest

import (
	"math"
	"math/rand/v2"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Plan says which run to make up.
type Plan struct {
	Targets []string
	Rounds  int
	Seconds int     // of each round
	Rate    float64 // requests per second
	// Latency draws the response time of one request; nil: Realistic.
	Latency func(rng *rand.Rand, target string, at time.Duration) time.Duration
	// Fail says whether a request fails; nil: none does.
	Fail func(rng *rand.Rand, target string, at time.Duration) bool
	SLO  record.SLO
}

// Compare is a run of so many of the known targets over so many rounds of ten
// seconds at 200 requests a second.
func Compare(targets, rounds int) Plan {
	known := []string{"physical", "container", "vm", "lambda"}
	half, errors := 0.5, 0.001
	return Plan{
		Targets: known[:targets], Rounds: rounds, Seconds: 10, Rate: 200,
		Fail: func(rng *rand.Rand, target string, at time.Duration) bool {
			return target == "lambda" && at > 4*time.Second && at < 6*time.Second && rng.Float64() < 0.02
		},
		SLO: record.SLO{P99: 50 * time.Millisecond, Errors: &errors, Agreement: &half},
	}
}

// Realistic is log-normal around a millisecond, different for each target, with
// rare slow requests.
func Realistic(rng *rand.Rand, target string, _ time.Duration) time.Duration {
	median := map[string]float64{"physical": 1.1, "container": 1.2, "vm": 1.5, "lambda": 1.8}[target]
	if median == 0 {
		median = 2
	}
	ms := median * math.Exp(0.25*rng.NormFloat64())
	if rng.Float64() < 0.012 {
		ms *= 4 + 12*rng.ExpFloat64()
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// Make returns the analysis of the run.
func (p Plan) Make() *analysis.Analysis {
	if p.Latency == nil {
		p.Latency = Realistic
	}
	a := &analysis.Analysis{Set: &sample.Set{Run: p.run()}, Validity: record.Valid, Verdict: record.Pass}
	tallies := make([]*tally, len(p.Targets))
	for round := 1; round <= p.Rounds; round++ {
		for i, target := range p.Targets {
			one := newTally(target, round)
			rng := rand.New(rand.NewPCG(uint64(round), uint64(i)))
			p.load(one, rng)
			a.Cells = append(a.Cells, one.row(p, 1))
			if tallies[i] == nil {
				tallies[i] = newTally(target, 0)
			}
			tallies[i].add(one)
		}
	}
	for _, t := range tallies {
		if t != nil {
			a.Rows = append(a.Rows, t.row(p, p.Rounds))
		}
	}
	p.judge(a)
	return a
}

// load draws every request of one round.
func (p Plan) load(t *tally, rng *rand.Rand) {
	n := int(p.Rate * float64(p.Seconds))
	for i := range n {
		at := time.Duration(float64(i) / p.Rate * float64(time.Second))
		lag := time.Duration(30e3 * math.Exp(0.6*rng.NormFloat64()))
		failed := p.Fail != nil && p.Fail(rng, t.target, at)
		t.request(at, lag, p.Latency(rng, t.target, at), failed)
	}
}

func (p Plan) judge(a *analysis.Analysis) {
	if len(a.Rows) == 0 {
		return
	}
	a.Reference = a.Rows[0].Target
	for _, r := range a.Rows {
		limit := p.SLO.P99
		if q := r.Response.Quantiles[2]; limit > 0 && q.Known {
			a.Gates = append(a.Gates, gate.Gate{
				Target: r.Target, Phase: r.Phase, Metric: "p99 response time", Bound: limit.Seconds(), Unit: stat.Seconds,
				Value: q.Value.Seconds(), HasInterval: true, Low: q.Low.Seconds(), High: q.High.Seconds(), N: r.Response.N, Verdict: record.Pass,
			})
		}
		if r.Target != a.Reference {
			a.Ratios = append(a.Ratios, p.ratios(r, a.Rows[0])...)
		}
	}
}

func (p Plan) ratios(r, reference sample.Row) []sample.Ratio {
	var all []sample.Ratio
	for i, metric := range []string{"p50", "", "p99"} {
		q, base := r.Response.Quantiles[i], reference.Response.Quantiles[i]
		if metric == "" || !q.Known || !base.Known {
			continue
		}
		value := float64(q.Value) / float64(base.Value)
		all = append(all, sample.Ratio{Target: r.Target, Phase: r.Phase, Metric: metric, Value: value,
			HasInterval: p.Rounds > 2, Low: value * 0.93, High: value * 1.08, Rounds: p.Rounds})
	}
	if reference.Goodput > 0 {
		value := r.Goodput / reference.Goodput
		all = append(all, sample.Ratio{Target: r.Target, Phase: r.Phase, Metric: "goodput", Value: value,
			HasInterval: p.Rounds > 2, Low: value * 0.995, High: value * 1.004, Rounds: p.Rounds})
	}
	return all
}

func (p Plan) run() *record.Run {
	at := time.Date(2025, 3, 14, 9, 26, 53, 0, time.UTC)
	run := &record.Run{
		Schema: record.Schema, ID: "20250314-092653-compare", Created: at, Finished: at.Add(95 * time.Second),
		Version: "v0.1.0", Command: []string{"servebench", "run", "compare", "--seed", "1"},
		Dir: "runs/20250314-092653-compare",
		Scenario: record.Scenario{
			Name: "compare", Description: "Poisson traffic of single loan decisions on every target that can run here.",
			Text: "name: compare\ntargets: [physical, container]\nprotocol: v2\nseed: 1\n", Seed: 1, Rounds: p.Rounds,
			Phases: []record.Phase{
				{Name: "warm-up", Model: "credit", Arrivals: "constant", Rate: 100, Duration: 2 * time.Second, Open: true},
				{Name: phase, Model: "credit", Arrivals: "poisson", Rate: p.Rate, Duration: time.Duration(p.Seconds) * time.Second, Measured: true, Open: true},
			},
			SLO: p.SLO, Payloads: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Corpus: 10000, Batch: 1,
		},
		Environment: []record.Fact{
			{Name: "host kernel", Value: "Linux 6.1.0 x86_64"}, {Name: "CPU", Value: "2 × Example CPU @ 2.50 GHz"},
			{Name: "generator CPUs", Value: "0"}, {Name: "server CPUs", Value: "1"},
		},
	}
	for i, name := range p.Targets {
		run.Targets = append(run.Targets, p.target(i, name))
		for round := 1; round <= p.Rounds; round++ {
			for _, planned := range run.Scenario.Phases {
				run.Cells = append(run.Cells, record.Cell{Target: name, Phase: planned.Name, Round: round, Measured: planned.Measured})
			}
		}
	}
	return run
}

func (p Plan) target(i int, name string) record.Target {
	t := record.Target{Name: name, Facts: []record.Fact{
		{Name: "CPU set", Value: "1"}, {Name: "memory limit", Value: "512 MiB"},
		{Name: "network", Value: []string{"loopback", "host network namespace"}[min(i, 1)], Unequal: i > 0},
	}}
	for round := 1; round <= p.Rounds; round++ {
		grow := time.Duration(10+90*i+3*round) * time.Millisecond
		t.Deployments = append(t.Deployments, record.Deployment{Round: round, Stages: []record.Stage{
			{Name: "started", At: grow / 8}, {Name: "listening", At: grow / 2},
			{Name: "ready", At: grow * 2 / 3}, {Name: record.FirstAnswer, At: grow},
		}})
	}
	return t
}

const phase = "steady"
