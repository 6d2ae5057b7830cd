package recordtest

import (
	"time"

	"servebench/reports/record"
)

// ABTest is an A/B test of two servers that are alike, after its first interim analysis.
func ABTest() Plan {
	p := Compare()
	p.Name, p.Server, p.Rounds, p.SLO = "gate", "", 11, record.SLO{}
	p.Phases = []record.Phase{
		{Name: "warm-up", Model: "credit", Arrivals: "constant", Rate: 100, Duration: time.Second, Open: true},
		{Name: "steady", Model: "credit", Arrivals: "poisson", Rate: 400, Duration: time.Second, Measured: true, Open: true},
	}
	p.Targets = []Target{variant(record.Baseline), variant(record.Candidate)}
	p.AB = &record.ABTest{
		Baseline: record.Variant{
			Target: record.Baseline, Source: "v1.4.0", Kind: "physical", Text: "name: gate\nprotocol: v2\n",
			Facts: []record.Fact{{Name: "commit", Value: "4f1d2c9"}, {Name: "binary", Value: "sha256:1b7a…"}, {Name: "build", Value: "make build"}},
		},
		Candidate: record.Variant{
			Target: record.Candidate, Source: "HEAD", Kind: "physical", Text: "name: gate\nprotocol: v2\n",
			Facts: []record.Fact{{Name: "commit", Value: "9e0b774"}, {Name: "binary", Value: "sha256:c05e…"}, {Name: "build", Value: "make build"}},
		},
		Metrics: []string{record.MetricP50, record.MetricP90},
		Margin:  0.03, Tolerance: 0.05,
		Interims: []record.Interim{{Pairs: 11, Alpha: 0.001, Beta: 0.01}, {Pairs: 16, Alpha: 0.0015, Beta: 0.0125}, {Pairs: 22, Alpha: 0.0015, Beta: 0.0125}, {Pairs: 30, Alpha: 0.002, Beta: 0.015}},
	}
	return p
}

func variant(name string) Target {
	return Target{
		Name: name, Start: 120 * time.Millisecond, Service: 800 * time.Microsecond, Spread: 0.15, Drift: 0.01,
		Lag: 20 * time.Microsecond, GeneratorCPU: 0.3,
		Facts: []record.Fact{
			{Name: "CPU set", Value: "1"},
			{Name: "network path", Value: "loopback", Unequal: true},
		},
	}
}

// Slower is an A/B test whose candidate takes 20 % more time.
func Slower() Plan {
	p := ABTest()
	p.Targets[1].Service = 960 * time.Microsecond
	return p
}

// Undecided is an A/B test played to the end of its plan whose candidate is slower by
// about what is tolerated, on a machine that makes much noise.
func Undecided() Plan {
	p := ABTest()
	p.Rounds = 30
	for i := range p.Targets {
		p.Targets[i].Drift = 0.06
	}
	p.Targets[1].Service = 836 * time.Microsecond
	return p
}

// Failing is an A/B test whose candidate is as fast and fails every fiftieth request.
func Failing() Plan {
	p := ABTest()
	p.Targets[1].Errors = []Error{{"status 503", "503 Service Unavailable: queue full", 0.02}}
	return p
}
