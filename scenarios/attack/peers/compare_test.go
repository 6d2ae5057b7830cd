package main

import (
	"slices"
	"testing"
	"time"
)

// planned is the plan of some options with every tool there, as "round load tool".
func planned(o options) []step {
	var present []installed
	for _, t := range tools() {
		present = append(present, installed{tool: t})
	}
	return plan(&o, present)
}

func TestPlan(t *testing.T) {
	o := options{tools: toolNames(), loads: loadKinds(), rounds: 3, duration: time.Second, seed: 1}
	type key struct {
		round      int
		load, tool string
	}
	seen := map[key]int{}
	for _, s := range planned(o) {
		if !s.tool.can(s.load) {
			t.Errorf("%s cannot play %s", s.tool.name, s.load.name)
		}
		seen[key{s.round, s.load.name, s.tool.name}]++
	}
	for k, n := range seen {
		if n > 1 {
			t.Errorf("%+v is played %d times", k, n)
		}
	}
	for round := 1; round <= o.rounds; round++ {
		for _, tool := range []string{"servebench", "vegeta", "bombardier", "fortio", "hey", "k6", "wrk"} {
			if seen[key{round, "GET", tool}] != 1 || seen[key{round, "POST", tool}] != 1 {
				t.Errorf("round %d: %s does not play both closed loops", round, tool)
			}
		}
	}
	if seen[key{1, stalled, "vegeta-10-workers"}] != 1 || seen[key{2, stalled, "servebench"}] != 0 {
		t.Error("the stall is to be played once, by every tool")
	}
	if seen[key{1, "1000/s", "wrk"}] != 0 || seen[key{1, "1000/s poisson", "vegeta"}] != 0 {
		t.Error("a tool is to play a load that it does not have")
	}
}

// TestPlanShuffles has the tools take turns in other orders, by the seed alone.
func TestPlanShuffles(t *testing.T) {
	o := options{tools: toolNames(), loads: []string{closed}, rounds: 20, duration: time.Second, seed: 7}
	names := func(steps []step) []string {
		var all []string
		for _, s := range steps {
			all = append(all, s.tool.name)
		}
		return all
	}
	if !slices.Equal(names(planned(o)), names(planned(o))) {
		t.Error("the same seed gives another plan")
	}
	leads := map[string]bool{}
	var last load
	for _, s := range planned(o) {
		if s.load.name != last.name {
			leads[s.tool.name] = true
		}
		last = s.load
	}
	if len(leads) < 3 {
		t.Errorf("only %d tools ever come first", len(leads))
	}
}

func TestOptions(t *testing.T) {
	good := options{tools: toolNames(), loads: loadKinds(), rounds: 3, duration: 3 * time.Second}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		change func(*options)
		want   string
	}{
		{func(o *options) { o.tools = []string{"ab"} }, `--tools: unknown "ab", want some of servebench, vegeta, `},
		{func(o *options) { o.loads = nil }, `--loads: none, want some of closed, open, stall`},
		{func(o *options) { o.rounds = 0 }, `--rounds 0: want a number from 1 to 50`},
		{func(o *options) { o.duration = 1500 * time.Millisecond }, `--duration 1.5s: want whole seconds from 1s to 1m0s`},
	} {
		o := good
		tc.change(&o)
		checkMessage(t, o.check(), tc.want)
	}
}
