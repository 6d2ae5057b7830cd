package main

import (
	"testing"

	"servebench/reports/analysis/cost"
	"servebench/scenarios"
)

// TestDefaultsOfCosts: the key cost of a scenario and servebench cost run servers alike where
// nobody says otherwise.
func TestDefaultsOfCosts(t *testing.T) {
	text := string(scenarios.Builtins()[0].Text) + "\ncost: {traffic: constant:1/s, place: a/b/c/d}\n"
	s, err := scenarios.Parse("f", []byte(text), catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if got := (cost.Options{Serving: s.Cost.Serving, ScaleLag: s.Cost.ScaleLag, Eviction: s.Cost.Eviction}); got != cost.Defaults() {
		t.Errorf("%+v, want %+v", got, cost.Defaults())
	}
}
