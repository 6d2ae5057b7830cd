package paired

import (
	"math"
	"servebench/reports/record"
	"slices"
	"strings"
	"testing"
)

func TestNewPlan(t *testing.T) {
	for _, tt := range []struct {
		name          string
		metrics, most int
		want          []record.Interim
	}{
		{"as planned", 1, 40, []record.Interim{{Pairs: 10, Alpha: 0.001, Beta: 0.005}, {Pairs: 16, Alpha: 0.001, Beta: 0.005}, {Pairs: 22, Alpha: 0.001, Beta: 0.005}, {Pairs: 30, Alpha: 0.001, Beta: 0.01}, {Pairs: 40, Alpha: 0.002, Beta: 0.025}}},
		{"five metrics need more for the first interim analysis", 5, 40, []record.Interim{{Pairs: 13, Alpha: 0.001, Beta: 0.005}, {Pairs: 16, Alpha: 0.001, Beta: 0.005}, {Pairs: 22, Alpha: 0.001, Beta: 0.005}, {Pairs: 30, Alpha: 0.001, Beta: 0.01}, {Pairs: 40, Alpha: 0.002, Beta: 0.025}}},
		{"twice as many", 1, 80, []record.Interim{{Pairs: 10, Alpha: 0.001, Beta: 0.005}, {Pairs: 24, Alpha: 0.001, Beta: 0.005}, {Pairs: 38, Alpha: 0.001, Beta: 0.005}, {Pairs: 56, Alpha: 0.001, Beta: 0.01}, {Pairs: 80, Alpha: 0.002, Beta: 0.025}}},
		{"fewer", 1, 25, []record.Interim{{Pairs: 10, Alpha: 0.001, Beta: 0.005}, {Pairs: 13, Alpha: 0.001, Beta: 0.005}, {Pairs: 16, Alpha: 0.001, Beta: 0.005}, {Pairs: 20, Alpha: 0.001, Beta: 0.01}, {Pairs: 25, Alpha: 0.002, Beta: 0.025}}},
		{"one interim analysis is left", 1, 10, []record.Interim{{Pairs: 10, Alpha: 0.006, Beta: 0.05}}},
		{"interim analyses coincide", 5, 16, []record.Interim{{Pairs: 13, Alpha: 0.003, Beta: 0.015}, {Pairs: 14, Alpha: 0.001, Beta: 0.01}, {Pairs: 16, Alpha: 0.002, Beta: 0.025}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := NewPlan(tt.metrics, tt.most, 0.03, 0.05)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(plan.Interims, tt.want, sameInterim) {
				t.Errorf("interim analyses %v, want %v", plan.Interims, tt.want)
			}
		})
	}
}

func sameInterim(a, b record.Interim) bool {
	return a.Pairs == b.Pairs && near(a.Alpha, b.Alpha) && near(a.Beta, b.Beta)
}

// TestEveryPlanSpendsAll: whatever the metrics and the pairs, the interim analyses ascend to the
// most, each can reject and pass, and together they may err as much as the whole plan.
func TestEveryPlanSpendsAll(t *testing.T) {
	for metrics := 1; metrics <= mostMetrics; metrics++ {
		for most := leastPairs; most <= MostPairs; most++ {
			plan, err := NewPlan(metrics, most, 0.03, 0.05)
			if err != nil {
				t.Fatal(err)
			}
			alpha, beta, before := 0.0, 0.0, leastPairs-1
			for _, interim := range plan.Interims {
				alpha, beta = alpha+interim.Alpha, beta+interim.Beta
				if interim.Pairs <= before {
					t.Errorf("%d metrics, %d pairs: interim analyses %v do not ascend", metrics, most, plan.Interims)
				}
				least := math.Exp2(-float64(interim.Pairs))
				if least > interim.Alpha/float64(metrics) || least > interim.Beta {
					t.Errorf("%d metrics, %d pairs: nothing can be told at interim analysis %v", metrics, most, interim)
				}
				before = interim.Pairs
			}
			if before != most || !near(alpha, 0.006) || !near(beta, 0.05) {
				t.Errorf("%d metrics, %d pairs: interim analyses %v end at %d and may err %v and %v", metrics, most, plan.Interims, before, alpha, beta)
			}
		}
	}
}

func TestNewPlanRefuses(t *testing.T) {
	for _, tt := range []struct {
		metrics, most     int
		margin, tolerance float64
		want              string
	}{
		{0, 30, 0.03, 0.05, "0 metrics: want 1 to 5"},
		{6, 30, 0.03, 0.05, "6 metrics: want 1 to 5"},
		{1, 9, 0.03, 0.05, "9 pairs: want 10 to 200"},
		{1, 201, 0.03, 0.05, "201 pairs: want 10 to 200"},
		{1, 30, -0.01, 0.05, "margin -0.01: want 0 or more"},
		{1, 30, math.NaN(), 0.05, "margin NaN"},
		{1, 30, 0.03, 0, "tolerance 0: want more than 0"},
		{1, 30, 0.03, math.NaN(), "tolerance NaN"},
	} {
		if _, err := NewPlan(tt.metrics, tt.most, tt.margin, tt.tolerance); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewPlan(%d, %d, %v, %v): error %v, want %q", tt.metrics, tt.most, tt.margin, tt.tolerance, err, tt.want)
		}
	}
}

func TestExtend(t *testing.T) {
	plan, err := NewPlan(2, 40, 0.03, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	planned := slices.Clone(plan.Interims)
	if _, err := plan.Extend(40); err == nil {
		t.Error("an interim analysis at the pairs that were planned is no extension, but was taken")
	}
	if _, err := plan.Extend(MostPairs + 1); err == nil {
		t.Error("more pairs than may be played were taken")
	}
	extended := plan
	for i := range mostExtensions {
		if extended, err = extended.Extend(50 + 10*i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := extended.Extend(100); err == nil || !strings.Contains(err.Error(), "continued 4 times already") {
		t.Errorf("a fifth extension: error %v", err)
	}
	alpha := 0.0
	for _, interim := range extended.Interims {
		alpha += interim.Alpha
	}
	if alpha > 0.008+1e-12 {
		t.Errorf("all interim analyses together may err %v, want at most 0.008", alpha)
	}
	if !slices.Equal(plan.Interims, planned) || !slices.Equal(extended.Interims[:5], planned) {
		t.Errorf("the plan became %v and %v, was %v", plan.Interims, extended.Interims, planned)
	}
	if !slices.ContainsFunc(extended.Interims, func(i record.Interim) bool { return i.Pairs == 50 }) {
		t.Errorf("no interim analysis at 50 pairs: %v", extended.Interims)
	}
}
