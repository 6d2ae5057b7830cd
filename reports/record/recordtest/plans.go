package recordtest

import (
	"fmt"
	"time"

	"servebench/reports/record"
)

// four are the four targets, from the one that starts fastest. The container's
// server does not come up in two rounds; the machine is emulated.
func four() []Target {
	return []Target{
		{
			Name: "physical", Start: 21 * time.Millisecond, Noop: 260 * time.Microsecond, Service: 420 * time.Microsecond,
			Spread: 0.3, Drift: 0.03, Lag: 40 * time.Microsecond, GeneratorCPU: 0.2,
		},
		{
			Name: "container", Prepare: 45 * time.Millisecond, Start: 190 * time.Millisecond, Noop: 290 * time.Microsecond, Service: 455 * time.Microsecond,
			Spread: 0.3, Drift: 0.03, Lag: 40 * time.Microsecond, GeneratorCPU: 0.2,
		},
		{
			Name: "vm", Prepare: 120 * time.Millisecond, Start: 4100 * time.Millisecond, Noop: 1100 * time.Microsecond, Service: 2700 * time.Microsecond,
			Spread: 0.3, Drift: 0.05, Lag: 40 * time.Microsecond, GeneratorCPU: 0.2,
			Facts: []record.Fact{{
				Name: record.FactAcceleration, State: record.TCG, Unequal: true,
				Value: "TCG (software emulation), because a guest did not boot with KVM within 5s: its console stayed empty",
			}},
		},
		{
			Name: "lambda", Prepare: 30 * time.Millisecond, Start: 62 * time.Millisecond, Noop: 700 * time.Microsecond, Service: 710 * time.Microsecond,
			Spread: 0.3, Drift: 0.08, Lag: 40 * time.Microsecond, GeneratorCPU: 0.2,
			Meters: []record.Meter{
				{Name: "invocations", Value: 400}, {Name: "environments started", Value: 2}, {Name: "throttled"},
				{Name: "billed duration", Unit: "ms", Value: 492}, {Name: "GB-seconds", Unit: "GB-s", Value: 0.85},
			},
		},
	}
}

// ColdStart is a run of starts alone, without any load, on the four targets.
func ColdStart() Plan {
	p := Compare()
	p.Name, p.Rounds, p.Phases, p.SLO = "coldstart", 0, nil, record.SLO{}
	p.ColdStarts, p.Targets = 20, four()
	p.Targets[1].StartFails = []int{4, 11}
	return p
}

// Overhead is a run of the same load with a model that computes nothing and a real
// one, on the four targets. What lambda's model takes is lost in the noise.
func Overhead() Plan {
	p := Compare()
	p.Name, p.Rounds, p.SLO, p.Targets = "overhead", 8, record.SLO{}, four()
	p.Overhead = &record.Overhead{Noop: "noop", Model: "model"}
	p.Phases = []record.Phase{
		{Name: "warm-up", Model: "credit", Arrivals: "constant", Rate: 100, Duration: time.Second, Open: true},
		{Name: "noop", Model: noop, Arrivals: "poisson", Rate: 400, Duration: time.Second, Measured: true, Open: true},
		{Name: "model", Model: "credit", Arrivals: "poisson", Rate: 400, Duration: time.Second, Measured: true, Open: true},
	}
	return p
}

// Running is a comparison of a server started here with one that ran already.
func Running() Plan {
	p := Compare()
	p.Targets = []Target{p.Targets[0], {
		Name: "endpoint", Running: true, Service: 1500 * time.Microsecond, Spread: 0.3, Drift: 0.02,
		Lag: 60 * time.Microsecond, GeneratorCPU: 0.3,
		Facts: []record.Fact{
			{Name: "url", Value: "http://127.0.0.1:8080"},
			{Name: "limits", Value: "not applied, the server runs elsewhere", Unequal: true},
		},
	}}
	return p
}

// Several is a run of so many of the four targets over so many rounds of ten seconds at
// 200 requests a second, of which lambda fails some.
func Several(targets, rounds int) Plan {
	p := Compare()
	p.Rounds, p.SLO = rounds, record.SLO{P99: 50 * time.Millisecond}
	p.Phases[1].Rate, p.Phases[1].Arrivals = 200, "constant"
	p.Targets = four()[:targets]
	for i := range p.Targets {
		t := &p.Targets[i]
		t.Prepare, t.Facts, t.Meters = 0, []record.Fact{
			{Name: "CPU set", Value: "1"}, {Name: "memory limit", Value: "512 MiB"},
			{Name: "network", Value: []string{"loopback", "host network namespace"}[min(i, 1)], Unequal: i > 0},
		}, nil
		if t.Name == "lambda" {
			t.Errors = []Error{{"status 503", "503 Service Unavailable: queue full", 0.004}}
		}
	}
	return p
}

// Sizes is a sweep over the CPUs of a server and over the memory of a function, whose time
// follows from its share of a CPU. Its largest size is not faster than the one before it.
func Sizes() Plan {
	p := Compare()
	p.SLO = record.SLO{P99: 500 * time.Millisecond}
	base := p.Targets[0]
	p.Targets = nil
	for i, cpus := range []string{"0.5", "1", "2"} {
		t := base
		t.Name, t.Of, t.CPUs = "physical@cpus="+cpus, "physical", []float64{0.5, 1, 2}[i]
		t.Point = []record.Setting{{Key: "limits.cpus", Value: cpus}}
		t.Service = []time.Duration{8, 3, 3}[i] * time.Millisecond
		p.Targets = append(p.Targets, t)
	}
	for _, memory := range []int{256, 512, 1024, 1769, 3008} {
		t, gb := base, float64(memory)/1024
		t.Name, t.Of = fmt.Sprintf("lambda@memory=%d", memory), "lambda"
		t.Point = []record.Setting{{Key: "lambda.memory", Value: fmt.Sprint(memory)}}
		t.Service = 3*time.Millisecond + time.Duration(20e6*1769/float64(min(memory, 1769)))
		const invocations = 4000
		t.Meters = []record.Meter{
			{Name: record.MeterInvocations, Value: invocations},
			{Name: record.MeterCompute, Unit: "GB-s", Value: invocations * t.Service.Seconds() * gb},
		}
		p.Targets = append(p.Targets, t)
	}
	return p
}
