// Package recordtest makes synthetic runs on disk for the tests of everything
// that reads a run: reports/analysis and the formats. A run is drawn from seeded
// sources, so the same plan gives the same figures on every machine.
package recordtest

import (
	"testing"
	"time"

	"servebench/reports/record"
)

// Plan is what a synthetic run is made from.
type Plan struct {
	Name       string // of the scenario; "": compare
	Server     string
	Seed       uint64
	Rounds     int
	ColdStarts int // starts without load, after the rounds
	Overhead   *record.Overhead
	Scaling    *record.Scaling
	Faults     []record.Injection
	Monitor    *record.Monitoring
	Drift      *record.Drift
	Phases     []record.Phase
	SLO        record.SLO
	Targets    []Target
	// AbortAt, when not 0, is how long a request may wait for the server before the
	// load is ended.
	AbortAt time.Duration
	// Interrupted and what follows are taken over as they are.
	Interrupted string
	Environment []record.Fact
	Preflight   []record.Diagnostic
	Calibration *record.Calibration
	// AB makes the two Targets its variants, which take turns at running first.
	// Rounds is how many were played of those it plans.
	AB *record.ABTest
	// Search has each round be one of its steps.
	Search *record.Capacity
}

// Target is how one target behaves.
type Target struct {
	Name        string
	Unavailable string // not "": it did not run
	Running     bool   // the server ran already: no starts, no usage
	Of          string // the target that it is a size of; "": it is none
	Point       []record.Setting
	CPUs        float64 // 0: 1
	Facts       []record.Fact
	Start       time.Duration // start → first answer, about
	Prepare     time.Duration // before each start, about; 0: nothing to prepare
	StartFails  []int         // the rounds in which the server does not come up, from 1
	Service     time.Duration // median service time
	Noop        time.Duration // the same in phases whose model is "noop"
	Spread      float64       // standard deviation of its logarithm
	Drift       float64       // the same of a whole round's median
	Capacity    float64       // answers per second, one after the other; 0: any number
	// Ready is when further replicas are ready, each with the Capacity, from the start of each
	// measured phase; not nil: what happens to replicas is recorded. Removed is when they are
	// gone again; 0: never.
	Ready        []time.Duration
	Removed      time.Duration
	Warned       string        // what the platform says 12 s and 13 s after the start of each measured phase
	Down         time.Duration // each of the plan's faults has it refuse for so long; 0: none is injected
	Slows        float64       // by so much in the last quarter of each phase; 0.3: by 30 %
	Stall        time.Duration // once a round, in its middle, nothing is served for so long
	Lag          time.Duration // median lag
	Late         int64         // so many requests of each cell leave 20 ms late
	Errors       []Error
	Wrong        float64        // share of answers that differ from the model's prediction
	Unchecked    bool           // answers are compared with nothing
	Hiccup       int64          // so many requests of the last round fail, one after the other, in its middle
	GeneratorCPU float64        // share of the one CPU the generator has
	Meters       []record.Meter // what the target counts in each cell
	Memory       int64          // the limit of its server, bytes
	// Asks and Answers are the lengths of a request's and an answer's body, bytes.
	Asks, Answers int64
	// Monitored is what the monitor of each measured phase saw; nil: there is none.
	Monitored *record.Monitor
	Retrain   *record.Retrain // its own; nil: none
	// DiesAt, when not 0, is when the server dies in the last round, from the
	// start of each measured phase.
	DiesAt time.Duration
	// StopsAt, when not 0, is when somebody stops the load of the last round, in
	// each measured phase.
	StopsAt time.Duration
}

// Error is a class of failures and its share of the requests.
type Error struct {
	Class, Example string
	Share          float64
}

// Compare is the plan of an ordinary comparison: two targets that ran, one that
// could not, a warm-up, a steady phase, a few errors, limits that hold.
func Compare() Plan {
	errors, agreement := 0.01, 0.999
	return Plan{
		Server: "reference server, model credit",
		Seed:   1,
		Rounds: 3,
		Phases: []record.Phase{
			{Name: "warm-up", Model: "credit", Arrivals: "constant", Rate: 100, Duration: 2 * time.Second, Open: true},
			{Name: "steady", Model: "credit", Arrivals: "poisson", Rate: 400, Duration: 10 * time.Second, Measured: true, Open: true},
		},
		SLO: record.SLO{P99: 50 * time.Millisecond, Errors: &errors, Agreement: &agreement},
		Environment: []record.Fact{
			{Name: "CPU", Value: "2 × synthetic, 3.0 GHz"},
			{Name: "kernel", Value: "Linux 6.1"},
			{Name: "generator CPUs", Value: "0"},
			{Name: record.FactTargetCPUs, Value: "1", Count: 1},
		},
		Targets: []Target{
			{
				Name: "physical", Start: 120 * time.Millisecond,
				Service: 800 * time.Microsecond, Spread: 0.35, Drift: 0.02, Lag: 60 * time.Microsecond,
				GeneratorCPU: 0.31,
				Facts: []record.Fact{
					{Name: "CPU set", Value: "1"},
					{Name: "memory limit", Value: "512 MiB"},
					{Name: "network path", Value: "loopback", Unequal: true},
				},
			},
			{
				Name: "container", Start: 640 * time.Millisecond,
				Service: 850 * time.Microsecond, Spread: 0.45, Drift: 0.03, Lag: 60 * time.Microsecond,
				Stall: 30 * time.Millisecond, GeneratorCPU: 0.33,
				Errors: []Error{
					{"status 503", "503 Service Unavailable: queue full", 0.002},
					{"timeout", "no complete answer within the timeout", 0.0008},
					{"closed", "read tcp 127.0.0.1:40000->127.0.0.1:8080: connection reset by peer", 0.0004},
				},
				Facts: []record.Fact{
					{Name: "CPU set", Value: "1"},
					{Name: "memory limit", Value: "512 MiB"},
					{Name: "network path", Value: "bridge", Unequal: true},
				},
			},
			{Name: "vm", Unavailable: "qemu-system-x86_64 is not installed: apt-get install qemu-system-x86"},
		},
	}
}

// Open writes the plan's run into a folder of the test and opens it.
func Open(t testing.TB, p Plan) *record.Run {
	t.Helper()
	dir, err := Write(t.TempDir(), p)
	if err != nil {
		t.Fatal(err)
	}
	run, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}
