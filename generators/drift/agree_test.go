package drift

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"servebench/generators"
	"servebench/targets/targettest/python"
)

type (
	agreed struct {
		Streams []agreedStream `json:"streams"`
		Columns []agreedColumn `json:"columns"`
	}
	agreedStream struct {
		Outcomes    []bool         `json:"outcomes"`
		ADWIN       map[string]int `json:"adwin"`        // index of the first alarm by level; -1: none
		PageHinkley map[string]int `json:"page_hinkley"` // by threshold
	}
	agreedColumn struct {
		Reference []float64 `json:"reference"`
		Window    []float64 `json:"window"`
		KS        float64   `json:"ks"`
		KSP       float64   `json:"ks_p"`
		PSI       float64   `json:"psi"`
		// PSIThreshold is what chance exceeds once in a thousand times.
		PSIThreshold float64 `json:"psi_threshold"`
	}
)

// TestAgreesWithEvidently compares PSI with that of Evidently, in its bins: testdata/psi.py.
func TestAgreesWithEvidently(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "psi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var columns []struct {
		Expected, Actual []int
		PSI              float64
	}
	if err := json.Unmarshal(text, &columns); err != nil || len(columns) != 6 {
		t.Fatalf("%d columns, %v", len(columns), err)
	}
	for _, c := range columns {
		if got := PSI(c.Expected, c.Actual); math.Abs(got-c.PSI) > 1e-12 {
			t.Errorf("%v and %v: %v, Evidently says %v", c.Expected, c.Actual, got, c.PSI)
		}
	}
}

// TestAgreesWithPython compares with river (ADWIN, Page–Hinkley), SciPy (Kolmogorov–Smirnov)
// and NumPy (PSI, and how great chance makes it) on the same data.
func TestAgreesWithPython(t *testing.T) {
	python.Environment(t, "serving")
	text, err := json.Marshal(agreed{agreedStreams(), agreedColumns(t)})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "drift.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	python.Run(t, filepath.Join("testdata", "agree.py"), path)
}

// agreedStreams have an error rate that rises once, late enough for river to have started.
func agreedStreams() (all []agreedStream) {
	for k, rates := range [][2]float64{{0.1, 0.1}, {0.05, 0.1}, {0.1, 0.3}, {0.3, 0.5}, {0, 0.2}} {
		rng := rand.New(rand.NewPCG(uint64(k), 0))
		s := agreedStream{ADWIN: map[string]int{}, PageHinkley: map[string]int{}}
		for i := range 6000 {
			s.Outcomes = append(s.Outcomes, rng.Float64() < rates[min(1, i/3000)])
		}
		for _, level := range []float64{0.002, 1e-4} {
			d := NewADWIN(Spending{Alpha: level})
			s.ADWIN[fmt.Sprint(level)] = first(s.Outcomes, func(wrong bool) bool { return d.Add(wrong).State == Drift })
		}
		for _, threshold := range []float64{10, 50} {
			d := NewPageHinkley(Spending{Alpha: 1e-300}) // whose own threshold is out of reach
			s.PageHinkley[fmt.Sprint(threshold)] = first(s.Outcomes, func(wrong bool) bool { return d.Add(wrong).Statistic > threshold })
		}
		all = append(all, s)
	}
	return all
}

// first is the index of the first alarm, -1 without one.
func first(outcomes []bool, alarm func(wrong bool) bool) int {
	for i, wrong := range outcomes {
		if alarm(wrong) {
			return i
		}
	}
	return -1
}

// agreedColumns are windows of numbers that stay, move, spread, and repeat, within the range of
// their reference, beyond which there are bins that the formula does not know.
func agreedColumns(t *testing.T) (all []agreedColumn) {
	t.Helper()
	for k, draw := range []func(*rand.Rand, bool) float64{
		func(rng *rand.Rand, _ bool) float64 { return rng.Float64() },
		func(rng *rand.Rand, window bool) float64 {
			if window {
				return math.Pow(rng.Float64(), 0.9)
			}
			return rng.Float64()
		},
		func(rng *rand.Rand, window bool) float64 {
			if window {
				return 0.04 + 0.92*rng.Float64()
			}
			return rng.Float64()
		},
		func(rng *rand.Rand, _ bool) float64 { return float64(rng.IntN(40)) },
	} {
		rng := rand.New(rand.NewPCG(uint64(k), 1))
		var c agreedColumn
		reference, window := NewSample(generators.Schema{Features: []generators.Feature{{Name: "x"}}}), NewSample(generators.Schema{Features: []generators.Feature{{Name: "x"}}})
		for range 3000 {
			reference.Add([]float32{float32(draw(rng, false))}, generators.Answer{})
		}
		c.Reference = reference.column(0)
		for window.Len() < 1000 {
			if v := float32(draw(rng, true)); float64(v) >= c.Reference[0] && float64(v) <= c.Reference[len(c.Reference)-1] {
				window.Add([]float32{v}, generators.Answer{})
			}
		}
		c.Window = window.column(0)
		p, err := NewProfile(reference)
		if err != nil {
			t.Fatal(err)
		}
		distance, index := NewKS(p, Spending{Alpha: Alpha}).Look(window).Columns[0], NewPSI(p, Spending{Alpha: 2 * 0.001 / (1 - unseenShare)}).Look(window).Columns[0]
		c.KS, c.KSP = distance.Statistic, kolmogorovSurvival(distance.Statistic*kolmogorovScale(len(c.Window), len(c.Reference)))
		c.PSI, c.PSIThreshold = index.Statistic, index.Threshold
		all = append(all, c)
	}
	return all
}
