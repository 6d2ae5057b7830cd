package scenarios

import (
	"strings"
	"testing"

	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

const gated = `
name: mine
targets: [physical]
workload: {server: reference, model: credit}
data: {generator: credit}
load:
  - {name: warm-up, rate: 10, duration: 1s, measure: false}
  - {name: steady, rate: 100, duration: 5s}
regression: {}
`

func TestRegressionDefaults(t *testing.T) {
	s, err := Parse("f", []byte(gated), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	want := &Regression{Metrics: []string{"p50", "p90"}, Margin: 0.03, Tolerance: 0.05, Rounds: 40}
	if diff := cmp.Diff(want, s.Regression); diff != "" {
		t.Errorf("regression (-want +got):\n%s", diff)
	}
}

func TestRegressionFaults(t *testing.T) {
	for _, tc := range []struct{ set, want string }{
		{"regression.metrics=[p50, p99]", "regression.metrics: p99 needs 2000 requests in a round, and phase steady has 500; want load.steady.duration of 20s or more, a higher rate, or other metrics"},
		{"load.steady.rate=10", "regression.metrics: p90 needs 300 requests in a round, and phase steady has 50; want load.steady.duration of 30s"},
		{"load.steady.rate=50", "regression.metrics: p90 needs 300 requests in a round, and phase steady has 250; want load.steady.duration of 6s"},
		{"regression.metrics=[p95]", `regression.metrics[0]: unknown metric "p95"`},
		{"regression.metrics=[p50, p50]", `regression.metrics[1]: "p50" is in the list already`},
		{"regression.metrics=[p50, p90, goodput, cpu, cold start, p99]", "regression.metrics: 6 metrics in 1 measured phases are 6 to compare; want at most 5"},
		{"regression.margin=5%", "regression.tolerance: 5% is not above the margin, 5%"},
		{"regression.rounds=9", "regression.rounds: 9 is below 10"},
		{"workload={command: [/bin/s], model: credit, delay: 1ms}", "workload.delay: only the reference server answers later on request"},
	} {
		setting, err := decode.ParseSetting(tc.set)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse("f", []byte(gated), testCatalogue(), setting)
		if err == nil {
			err = s.CheckABTest()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Count(err.Error(), "; want load.") > 1 {
			t.Errorf("%s: error\n%v\nwant\n%s", tc.set, err, tc.want)
		}
	}
}

// A run that is no A/B test may be too short for one.
func TestRunsMayBeShort(t *testing.T) {
	if _, err := Parse("f", []byte(gated), testCatalogue(), decode.Setting{Key: "load.steady.rate", Value: "10"}); err != nil {
		t.Error(err)
	}
}

func TestDifferences(t *testing.T) {
	parse := func(set ...decode.Setting) *Scenario {
		s, err := Parse("f", []byte(gated), testCatalogue(), set...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ofServer, ofLoad := Differences(parse(), parse(
		decode.Setting{Key: "load.steady.rate", Value: "200"}, decode.Setting{Key: "workload.delay", Value: "1ms"}, decode.Setting{Key: "slo.p99", Value: "1s"},
		decode.Setting{Key: "limits.cpus", Value: "2"}, decode.Setting{Key: "seed", Value: "2"},
	))
	wantServer := []decode.Difference{{Key: "workload.delay", One: "none", Other: "1ms"}, {Key: "limits.cpus", One: "1", Other: "2"}}
	wantLoad := []decode.Difference{
		{Key: "load.steady.rate", One: "100", Other: "200"}, {Key: "seed", One: "1", Other: "2"}, {Key: "slo.p99", One: "none", Other: "1s"},
	}
	if diff := cmp.Diff([][]decode.Difference{wantServer, wantLoad}, [][]decode.Difference{ofServer, ofLoad}); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if ofServer, ofLoad := Differences(parse(), parse()); len(ofServer)+len(ofLoad) > 0 {
		t.Errorf("a scenario differs from itself in %v, %v", ofServer, ofLoad)
	}
	if ofServer, ofLoad := Differences(parse(), parse(decode.Setting{Key: "targets", Value: "[container]"})); len(ofServer) == 0 || len(ofLoad) > 0 {
		t.Errorf("another target: %v, %v, want that it is of the server", ofServer, ofLoad)
	}
}
