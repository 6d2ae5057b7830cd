package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"

	gonum "gonum.org/v1/gonum/stat"
)

// nearMost is the share of the highest throughput from which a lower concurrency is as
// good as more.
const nearMost = 0.95

// Saturation is what a target answers at most, found with several closed loops that
// differ in their concurrency alone.
type Saturation struct {
	Target string
	Points []SaturationPoint // by ascending concurrency
	Most   int               // the index of the highest throughput
	Fewest int               // that of the lowest concurrency within 5 % of it
}

// SaturationPoint is one closed loop.
type SaturationPoint struct {
	Phase       string
	Concurrency int
	// Rate is right answers per second, the mean over Rounds, with a 95 % interval of
	// Student's t; none with fewer than three rounds, or where all are the same.
	Rate        float64
	HasInterval bool
	Low, High   float64
	Rounds      int
	Row         Row // the same, pooled
	CPUs        int // of the target; 0: not known
}

// saturations compares the closed loops of each target, of each model, mix and think
// time by themselves.
func saturations(a *Analysis) []Saturation {
	type load struct{ target, model, mix, think string }
	points := make(map[load][]SaturationPoint)
	var order []load
	for _, row := range a.Rows {
		p := phaseNamed(a.Run, row.Phase)
		if p.Open || row.Concurrency == 0 || row.Ledger.Sent == 0 {
			continue
		}
		k := load{row.Target, p.Model, fmt.Sprint(p.Mix), p.Think}
		if points[k] == nil {
			order = append(order, k)
		}
		points[k] = append(points[k], newSaturationPoint(a, row))
	}
	var all []Saturation
	for _, k := range order {
		if len(points[k]) >= 2 {
			all = append(all, newSaturation(k.target, points[k]))
		}
	}
	return all
}

func newSaturationPoint(a *Analysis, row Row) SaturationPoint {
	var rates []float64
	for _, c := range a.Cells {
		if c.Target == row.Target && c.Phase == row.Phase {
			rates = append(rates, c.OKRate)
		}
	}
	p := SaturationPoint{Phase: row.Phase, Concurrency: row.Concurrency, Rate: gonum.Mean(rates, nil), Rounds: len(rates), Row: row, CPUs: targetCPUs(a.Run)}
	if low, high, ok := stat.MeanInterval(rates); ok {
		p.HasInterval, p.Low, p.High = true, max(low, 0), high
	}
	return p
}

func newSaturation(target string, points []SaturationPoint) Saturation {
	slices.SortStableFunc(points, func(a, b SaturationPoint) int { return a.Concurrency - b.Concurrency })
	s := Saturation{Target: target, Points: points}
	for i, p := range points {
		if p.Rate > points[s.Most].Rate {
			s.Most = i
		}
	}
	for i := len(points) - 1; i >= 0; i-- {
		if points[i].Rate >= nearMost*points[s.Most].Rate {
			s.Fewest = i
		}
	}
	return s
}

// Says is the result as a clause: "12,400/s at most, at concurrency 16; concurrency 8
// comes within 5 % of it".
func (s Saturation) Says() string {
	most, fewest := s.Points[s.Most], s.Points[s.Fewest]
	text := fmt.Sprintf("%s at most", format.Rate(most.Rate))
	if most.HasInterval {
		text += " " + format.Interval(most.Low, most.High)
	}
	text += ", at " + FormatConcurrency(most.Concurrency)
	if s.Fewest != s.Most {
		text += fmt.Sprintf("; within 5 %% of it from %s on", FormatConcurrency(fewest.Concurrency))
	}
	if s.Most == len(s.Points)-1 && s.Fewest == s.Most {
		text += ", the most that were tried: it may be higher with more"
	}
	if most.idle() {
		text += "; neither server nor generator was busy then: this may not be the server's limit"
	}
	return text
}

// idle says that neither the target nor the generator came near the end of its CPUs,
// as far as that of both is known.
func (p SaturationPoint) idle() bool {
	generator, known := p.Row.GeneratorCPU()
	server, measured := p.ServerCPU()
	return known && measured && generator < mostCPU && server < mostCPU
}

// ServerCPU is the share of its CPUs that the target used; false where it is not
// known how much it used, or how many it has.
func (p SaturationPoint) ServerCPU() (share float64, known bool) {
	u := p.Row.Usage
	if !u.Known || u.CPU <= 0 || p.CPUs <= 0 || p.Row.Played <= 0 {
		return 0, false
	}
	return u.CPU.Seconds() / (float64(p.CPUs) * p.Row.Played.Seconds()), true
}

// SaturationLine is what all targets answer at most, in one line; "" of a run
// without saturation.
func (a *Analysis) SaturationLine() string {
	var parts []string
	for _, s := range a.Saturated {
		parts = append(parts, a.Label(s.Target)+" "+s.Says())
	}
	return strings.Join(parts, "; ")
}

// SaturationMethod says how the throughput and its interval are made, for captions.
const SaturationMethod = "right answers per second in a closed loop, the mean over rounds with its 95 % interval (Student's t); none with fewer than three rounds, or where they are all the same"

// Answer is the line that says what a run was for: the steps that were held,
// the highest throughput, what the target costs; "" of any other.
func (a *Analysis) Answer() string {
	for _, line := range []string{a.StepLine(), a.SaturationLine(), a.OverheadLine()} {
		if line != "" {
			return line
		}
	}
	return ""
}
