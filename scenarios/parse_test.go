package scenarios

import (
	"errors"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"

	"servebench/targets"
)

// minimal is a scenario of the required keys alone.
const minimal = `name: mine
targets: [physical]
workload: {server: reference, model: credit}
data: {generator: credit}
load:
  - {name: steady, rate: 100, duration: 10s}
`

func TestParseDefaults(t *testing.T) {
	got, err := Parse("mine.yaml", []byte(minimal), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	want := &Scenario{
		Name:      "mine",
		Targets:   []string{"physical"},
		Workload:  Workload{Server: "reference", Model: "credit", Env: []string{}, Ready: "/v2/health/ready", StartTimeout: time.Minute},
		Protocol:  "v2",
		HTTP:      HTTP{Version: "1.1", Client: "servebench", KeepAlive: true},
		Data:      Data{Generator: "credit", Batch: 1, Corpus: 10000, Params: map[string]float64{"noise": 0.05, "function": 2}},
		Load:      []Phase{{Name: "steady", Model: "credit", Arrivals: "poisson", Measure: true, Config: arrivals.Config{Rate: 100, Duration: 10 * time.Second}}},
		Rounds:    3,
		Reruns:    10,
		Attackers: 1,
		Awake:     true,
		Seed:      1,
		Timeout:   10 * time.Second,
		Limits:    Limits{CPUs: 1},
		Options:   map[string]map[string]string{"physical": nil},
		Dir:       absolute(t, "."),
	}
	if diff := difference(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestParseEverything(t *testing.T) {
	text := `
name: own
description: |
  Two lines:
  of text.
targets: [container, physical]
workload:
  command: [./server, --port, "{port}", 7, true]
  image: registry/server:1
  model: credit
  env: [A=b, C=]
  ready: /health?full=1
  start_timeout: 2m
protocol: openai
http: {version: 2, connect_timeout: 1s, first_byte_timeout: 2s, retry_non_idempotent: true}
data: {generator: credit, batch: 8, corpus: 500, noise: 0, function: 3}
load:
  - {name: warm-up, arrivals: constant, rate: 0.5, duration: 1m30s, measure: false}
  - {name: steady, arrivals: poisson, rate: 1e3, duration: 250ms}
  - {name: nothing, model: noop, arrivals: poisson, rate: 1000, duration: 0.25s}
  - {name: c16, concurrency: 16, think: {mean: 10ms, distribution: constant}, duration: 1s}
  - {name: c1, concurrency: 1, think: {mean: 1s}, duration: 1s}
abort_on: {errors: 10%, p99: 2s, in_flight: 2000}
overhead: {noop: nothing, model: steady}
rounds: 2
attackers: 2
reruns: 7
cold_starts: 20
awake: false
seed: 18446744073709551615
timeout: 5s
limits: {cpus: 4, memory: 1.5GiB}
slo: {p50: 1ms, p90: 2ms, p99: 3ms, p999: 4s, errors: 0.1%, accuracy: 0.9}
container: {network: bridge, runtime: 1}
`
	got, err := Parse("own.yaml", []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	fraction := func(f float64) *float64 { return &f }
	want := &Scenario{
		Name:        "own",
		Description: "Two lines:\nof text.",
		Targets:     []string{"container", "physical"},
		Workload: Workload{
			Command: []string{absolute(t, "server"), "--port", "{port}", "7", "true"}, Image: "registry/server:1", Model: "credit",
			Env: []string{"A=b", "C="}, Ready: "/health?full=1", StartTimeout: 2 * time.Minute,
		},
		Protocol: "openai",
		HTTP:     HTTP{Version: "2", Client: "net/http", ConnectTimeout: time.Second, FirstByteTimeout: 2 * time.Second, KeepAlive: true, RetryNonIdempotent: true},
		Data:     Data{Generator: "credit", Batch: 8, Corpus: 500, Params: map[string]float64{"noise": 0, "function": 3}},
		Load: []Phase{
			{Name: "warm-up", Model: "credit", Arrivals: "constant", Config: arrivals.Config{Rate: 0.5, Duration: 90 * time.Second}},
			{Name: "steady", Model: "credit", Arrivals: "poisson", Measure: true, Config: arrivals.Config{Rate: 1000, Duration: 250 * time.Millisecond}},
			{Name: "nothing", Model: "noop", Arrivals: "poisson", Measure: true, Config: arrivals.Config{Rate: 1000, Duration: 250 * time.Millisecond}},
			{Name: "c16", Model: "credit", Concurrency: 16, Think: &Think{Mean: 10 * time.Millisecond, Distribution: "constant"}, Measure: true, Config: arrivals.Config{Duration: time.Second}},
			{Name: "c1", Model: "credit", Concurrency: 1, Think: &Think{Mean: time.Second, Distribution: "exponential"}, Measure: true, Config: arrivals.Config{Duration: time.Second}},
		},
		AbortOn:    &record.AbortOn{Errors: fraction(0.1), P99: 2 * time.Second, InFlight: 2000, For: 5 * time.Second},
		Overhead:   &record.Overhead{Noop: "nothing", Model: "steady"},
		Attackers:  2,
		Rounds:     2,
		Reruns:     7,
		ColdStarts: 20,
		Awake:      false,
		Seed:       1<<64 - 1,
		Timeout:    5 * time.Second,
		Limits:     Limits{CPUs: 4, Memory: 1536 * targets.MiB},
		SLO: record.SLO{P50: time.Millisecond, P90: 2 * time.Millisecond, P99: 3 * time.Millisecond, P999: 4 * time.Second,
			Errors: fraction(0.001), Accuracy: fraction(0.9)},
		Options: map[string]map[string]string{"container": {"network": "bridge", "runtime": "1"}, "physical": nil},
		Dir:     absolute(t, "."),
	}
	if diff := difference(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

// TestParseNone writes out what may be missing.
func TestParseNone(t *testing.T) {
	text := strings.Replace(minimal, "{server: reference, model: credit}", "{server: none, image: none, command: [x], model: credit}", 1) +
		"limits: {memory: none}\nslo: {p99: none, errors: none}\n"
	s, err := Parse("mine.yaml", []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	if s.Workload.Server != "" || s.Workload.Image != "" || s.Limits.Memory != 0 || s.SLO != (record.SLO{}) {
		t.Errorf("Parse = %+v, want nothing where none was given", s)
	}
}

// TestParseOtherTargets checks and then forgets the options of a target that is
// not in the list.
func TestParseOtherTargets(t *testing.T) {
	s, err := Parse("mine.yaml", []byte(minimal+"container: {network: bridge}\n"), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Options["container"]; ok {
		t.Errorf("Options = %v, want those of physical only", s.Options)
	}
	if _, err := Parse("mine.yaml", []byte(minimal+"container: {network: bride}\n"), testCatalogue()); err == nil {
		t.Error("Parse took a wrong option of a target that is not in the list")
	}
}

// TestParseByteOrderMark reads a file as some editors save it.
func TestParseByteOrderMark(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(minimal, "\n", "\r\n") + "rounds: 0\r\n"
	_, err := Parse("mine.yaml", []byte(text), testCatalogue())
	if want := "mine.yaml:7:9: rounds: 0 is below 1; want a whole number from 1 to 1000"; err == nil || err.Error() != want {
		t.Errorf("Parse: %v\nwant %s", err, want)
	}
}

// TestParseFive lists every one of several mistakes, in the order of the file.
func TestParseFive(t *testing.T) {
	text := `name: five
targets: [phsical]
workload: {server: reference, model: credit}
data: {generator: credit, noise: 0.9}
load:
  - name: steady
    rate: -5
    duration: 10
slo: {errors: 0.1%}
rouds: 3
`
	_, err := Parse("five.yaml", []byte(text), testCatalogue())
	var faults decode.Faults
	if !errors.As(err, &faults) || len(faults) != 5 {
		t.Fatalf("Parse: %v, want five faults", err)
	}
	want := `five.yaml:2:11: targets[0]: unknown target "phsical" (did you mean "physical"?); want one of physical, container, vm, lambda, kubernetes, endpoint
five.yaml:4:34: data.noise: 0.9 is above 0.5; want a number from 0 to 0.5
five.yaml:7:11: load[0].rate: -5 is not above 0; want a rate per second, such as 200
five.yaml:8:15: load[0].duration: 10 has no unit; want for example 10s
five.yaml:10:1: rouds: unknown key (did you mean "rounds"?); want one of name, description, targets, workload, protocol, template, http, data, load, faults, abort_on, overhead, rounds, reruns, cold_starts, attackers, awake, seed, timeout, limits, sweep, scaling, monitor, retrain, slo, cost, regression, container, lambda, endpoint`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}
