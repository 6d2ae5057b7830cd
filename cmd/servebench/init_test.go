package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/scenarios"
	"servebench/scenarios/ab"
	"servebench/scenarios/decode"
	"servebench/scenarios/probe"

	"github.com/goccy/go-yaml"
)

// The scenario to start from is one, and has what the workflows ask of it.
func TestStarterScenario(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("starter", "servebench.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("servebench.yaml", text, catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if s.Regression == nil || s.SLO.P99 == 0 || len(s.Workload.Command) == 0 {
		t.Errorf("regression %v, slo %+v, command %q", s.Regression, s.SLO, s.Workload.Command)
	}
}

// A scenario that is drafted has limits for a gate to judge, and at every rate but the
// slowest a round has the requests that an A/B test of it needs.
func TestDraftedLoad(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 2, 3, 4, 7, 30, 100} {
		choice := probe.Choice{Route: &probe.Route{Method: "GET", Path: "/"}}
		text, _, err := new(probe.Server).Scenario(choice, probe.Place{Targets: []string{"physical"}, Workload: yaml.MapSlice{{Key: "command", Value: []string{"./server"}}}, Rate: rate})
		if err != nil {
			t.Fatal(err)
		}
		s, err := scenarios.Parse("draft.yaml", text, catalogue())
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if s.SLO.Errors == nil || !strings.Contains(string(text), "\n  # p99: ") {
			t.Errorf("no limits, or no place for those of times:\n%s", text)
		}
		if s.Load[1].Duration != probe.PhaseAt(rate) || s.Load[1].Rate != rate {
			t.Errorf("%v/s for %v, want %v/s for %v", s.Load[1].Rate, s.Load[1].Duration, rate, probe.PhaseAt(rate))
		}
		if _, err = ab.ParseWithRules(nil, func(set []decode.Setting) (*scenarios.Scenario, error) {
			return scenarios.Parse("draft.yaml", text, catalogue(), set...)
		}); (err == nil) != (rate >= 2) {
			t.Errorf("an A/B test at %v/s: %v", rate, err)
		}
	}
}
