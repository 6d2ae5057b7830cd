package capacity

import (
	"fmt"
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"

	gonum "gonum.org/v1/gonum/stat"
)

// Saturation is what a target answers at most, found with several closed loops that
// differ in their concurrency alone.
type Saturation struct {
	Target string
	Points []Point // by ascending concurrency
	Most   int     // the index of the highest throughput
	Fewest int     // that of the lowest concurrency within 5 % of it
}

// Point is one closed loop.
type Point struct {
	Phase       string
	Concurrency int
	// Rate is right answers per second, the mean over Rounds, with a 95 % interval of
	// Student's t; none with fewer than three rounds, or where all are the same.
	Rate        float64
	HasInterval bool
	Low, High   float64
	Rounds      int
	Row         sample.Row // the same, pooled
	CPUs        float64    // of the target; 0: not known
}

// Idle says that neither the target nor the generator came near the end of its CPUs,
// as far as that of both is known.
func (p Point) Idle() bool {
	generator, known := p.Row.GeneratorCPU()
	server, measured := p.serverCPU()
	return known && measured && generator < sample.MostCPU && server < sample.MostCPU
}

// serverCPU is the share of its CPUs that the target used; false where it is not
// known how much it used, or how many it has.
func (p Point) serverCPU() (share float64, known bool) {
	u := p.Row.Usage
	if !u.CPUKnown() || p.CPUs <= 0 || p.Row.Played <= 0 {
		return 0, false
	}
	return u.CPU.Seconds() / (p.CPUs * p.Row.Played.Seconds()), true
}

// nearMost is the share of the highest throughput from which a lower concurrency is as
// good as more.
const nearMost = 0.95

// Saturations compares the closed loops of each target, of each model, mix and think
// time by themselves.
func Saturations(a *sample.Set) []Saturation {
	closed := slices.DeleteFunc(slices.Clone(a.Rows), func(r sample.Row) bool {
		return a.Run.Phase(r.Phase).Open || r.Concurrency == 0 || r.Ledger.Sent == 0
	})
	type load struct{ target, model, mix, think string }
	var all []Saturation
	for _, rows := range sample.Grouped(closed, func(r sample.Row) load {
		p := a.Run.Phase(r.Phase)
		return load{r.Target, p.Model, fmt.Sprint(p.Mix), p.Think}
	}) {
		var points []Point
		for _, row := range rows {
			points = append(points, newSaturationPoint(a, row))
		}
		if len(points) >= 2 {
			all = append(all, newSaturation(rows[0].Target, points))
		}
	}
	return all
}

func newSaturationPoint(a *sample.Set, row sample.Row) Point {
	var rates []float64
	for _, c := range a.Cells {
		if c.Target == row.Target && c.Phase == row.Phase {
			rates = append(rates, c.OKRate)
		}
	}
	p := Point{Phase: row.Phase, Concurrency: row.Concurrency, Rate: gonum.Mean(rates, nil), Rounds: len(rates), Row: row, CPUs: a.Run.Target(row.Target).CPUs}
	if low, high, ok := stat.MeanInterval(rates); ok {
		p.HasInterval, p.Low, p.High = true, max(low, 0), high
	}
	return p
}

func newSaturation(target string, points []Point) Saturation {
	slices.SortStableFunc(points, func(a, b Point) int { return a.Concurrency - b.Concurrency })
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
