// Package sweep compares the sizes of a target that a run tried: what each costs, how long its
// users wait, and which sizes no other one beats at both. It stands between the rows of a run
// and the tables and figures of reports/document and reports/figures, and knows no sentences.
package sweep

import (
	"cmp"
	"math"
	"slices"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/prices"
	"servebench/reports/record"
)

// Basis says what the cost of a size is.
type Basis string

// The bases. A place bills a function for what it uses, and a server for what is kept for it.
const (
	Billed   Basis = "billed"   // US dollars for a million requests
	Reserved Basis = "reserved" // CPU seconds that are kept for a request
	Used     Basis = "used"     // CPU seconds that a request takes, of sizes that keep as many
)

// Group are the sizes that are compared: those of a phase whose costs have one basis.
type Group struct {
	Phase string // "" of a search for capacities, whose rates differ
	Basis Basis
	// Q is the quantile of the response time that is compared, the highest up to 0.99 that is
	// known of all; 0: none is.
	Q float64
	// Examples says that the cost is that of an example, since requests differ in how many
	// they hold.
	Examples bool
	Keys     []string       // that were swept, sorted
	Points   []Point        // in the order of the scenario
	Prices   []prices.Price // of a basis of Billed: of a GB-second and of a request
}

// Point is a size and what it came to.
type Point struct {
	Target string
	Of     string           // the target that it is a size of
	Values []record.Setting // of the swept keys that it has
	Row    sample.Row
	// Certified is the capacity that was searched for, Breaks the lowest rate that breaks the
	// SLO; 0: not known, or not searched for.
	Certified, Breaks float64
	Cost              Cost
	Compute           float64 // GB-seconds that are billed for a request; 0: not known
	CPU               float64 // seconds that an answer takes; 0: not known
	// Broken says that a limit of the SLO is broken, or more than 1 % of the requests failed; in a
	// search, that no capacity is certified.
	Broken bool
	// Front says that no other size costs less and is as fast, nor is faster and costs as little:
	// the Pareto front.
	Front bool
}

// Cost is that of a request or an example; 0: not known. Its interval is that of 95 %
// confidence; of a capacity it runs from the lowest rate that breaks the SLO to the certified one.
type Cost struct {
	Value       float64
	Low, High   float64
	HasInterval bool
}

// Value is that of a key; "": the size does not depend on it.
func (p Point) Value(key string) string {
	for _, v := range p.Values {
		if v.Key == key {
			return v.Value
		}
	}
	return ""
}

// Latency is the quantile that is compared; false where it is not known.
func (g Group) Latency(p Point) (stat.Quantile, bool) {
	for _, q := range p.Row.Response.Quantiles {
		if q.Q == g.Q && q.Known && p.Row.Response.N > 0 {
			return q, true
		}
	}
	return stat.Quantile{}, false
}

// Compared reports whether a size has all that it is compared by.
func (g Group) Compared(p Point) bool {
	_, known := g.Latency(p)
	return known && p.Cost.Value > 0 && !p.Broken
}

// failedMost is the share of requests above which a size that fails them is not compared with
// others: what fails is often fast and cheap.
const failedMost = 0.01

// Analyse compares the sizes of a run; none where it tried none. broken says whether a target
// breaks a limit of the SLO in a phase.
func Analyse(set *sample.Set, searched []capacity.Searched, broken func(target, phase string) bool, table prices.Table) []Group {
	s := sweep{set: set, searched: searched, broken: broken, rows: lambdaPrices(set.Run, table)}
	for _, t := range set.Run.Targets {
		for _, v := range t.Point {
			if v.Key != record.RetrainKey && !slices.Contains(s.keys, v.Key) { // a policy is no size
				s.keys = append(s.keys, v.Key)
			}
		}
	}
	if s.keys == nil {
		return nil
	}
	slices.Sort(s.keys)
	var all []Group
	for _, row := range set.Rows {
		t := set.Run.Target(row.Target)
		if t.Point == nil {
			continue
		}
		p, basis := s.point(t, row)
		phase := row.Phase
		if set.Run.Capacity != nil {
			phase = ""
		}
		i := slices.IndexFunc(all, func(g Group) bool { return g.Phase == phase && g.Basis == basis })
		if i < 0 {
			i = len(all)
			all = append(all, Group{Phase: phase, Basis: basis, Keys: s.keys})
		}
		all[i].Points = append(all[i].Points, p)
	}
	for i := range all {
		s.compare(&all[i])
	}
	return all
}

// sweep is what the points of a run are made from.
type sweep struct {
	set      *sample.Set
	searched []capacity.Searched
	broken   func(target, phase string) bool
	keys     []string
	rows     []prices.Price // of a function's GB-second and request; none: not known
}

// lambdaPrices are those of a GB-second and of a request, below the first discount in us-east-1.
func lambdaPrices(run *record.Run, table prices.Table) []prices.Price {
	architecture := "x86_64"
	if slices.ContainsFunc(run.Environment, func(f record.Fact) bool {
		return f.Name == record.FactArchitecture && f.Value == "arm64"
	}) {
		architecture = "arm64"
	}
	compute, request := table.Lookup("aws/us-east-1/lambda/duration "+architecture), table.Lookup("aws/us-east-1/lambda/requests")
	if len(compute) == 0 || len(request) == 0 {
		return nil
	}
	return []prices.Price{compute[0], request[0]}
}

func (s sweep) point(t record.Target, row sample.Row) (Point, Basis) {
	p := Point{Target: t.Name, Of: t.Of, Values: t.Point, Row: row, Broken: s.broken(t.Name, row.Phase) || row.ErrorRate().Value > failedMost}
	for _, found := range s.searched {
		if found.Target == t.Name {
			p.Certified, p.Breaks, p.Broken = found.Certified, found.Breaks, found.Certified == 0
		}
	}
	p.CPU = cpuOf(row)
	if p.Compute = computeOf(row); p.Compute > 0 && s.rows != nil {
		return p, Billed
	}
	return p, Reserved
}

// compare finds the costs of a group's sizes, and those that are not beaten.
func (s sweep) compare(g *Group) {
	if g.Basis == Reserved && !s.differ(g, func(p Point) float64 { return s.set.Run.Target(p.Target).CPUs }) && s.set.Run.Capacity == nil {
		g.Basis = Used
	}
	if g.Basis == Billed {
		g.Prices = s.rows
	}
	g.Examples = s.differ(g, func(p Point) float64 { return float64(s.set.Run.RequestsTo(p.Target).Batch) })
	for i := range g.Points {
		p := &g.Points[i]
		p.Cost = s.cost(*g, *p)
		if g.Examples {
			n := float64(max(s.set.Run.RequestsTo(p.Target).Batch, 1))
			p.Cost.Value, p.Cost.Low, p.Cost.High = p.Cost.Value/n, p.Cost.Low/n, p.Cost.High/n
		}
	}
	g.Q = g.highestKnown()
	for i := range g.Points {
		g.Points[i].Front = g.onFront(g.Points[i])
	}
}

// highestKnown is the highest quantile that is known of all sizes that answered; 0: none is.
func (g Group) highestKnown() float64 {
	for _, g.Q = range []float64{0.99, 0.9, 0.5} {
		if !slices.ContainsFunc(g.Points, func(p Point) bool {
			_, known := g.Latency(p)
			return !known && p.Row.Response.N > 0
		}) {
			return g.Q
		}
	}
	return 0
}

// differ reports whether a figure is not the same of all sizes of a group.
func (s sweep) differ(g *Group, of func(Point) float64) bool {
	return slices.ContainsFunc(g.Points, func(p Point) bool { return of(p) != of(g.Points[0]) })
}

// cost is that of a request, by the basis of the group.
func (s sweep) cost(g Group, p Point) Cost {
	switch g.Basis {
	case Billed:
		return s.overRounds(p, func(row sample.Row) float64 {
			each := computeOf(row)
			if each == 0 {
				return 0
			}
			return 1e6 * (each*s.rows[0].USD + s.rows[1].USD)
		})
	case Used:
		return s.overRounds(p, cpuOf)
	}
	cpus := s.set.Run.Target(p.Target).CPUs
	switch {
	case p.Certified > 0 && p.Breaks > p.Certified:
		return Cost{Value: cpus / p.Certified, Low: cpus / p.Breaks, High: cpus / p.Certified, HasInterval: true}
	case p.Certified > 0:
		return Cost{Value: cpus / p.Certified}
	case s.set.Run.Capacity == nil && p.Row.OKRate > 0:
		return Cost{Value: cpus / p.Row.OKRate}
	}
	return Cost{}
}

// overRounds is a figure of all rounds, with the interval of its mean over them.
func (s sweep) overRounds(p Point, of func(sample.Row) float64) Cost {
	c := Cost{Value: of(p.Row)}
	var rounds []float64
	for _, cell := range s.set.Cells {
		if v := of(cell); cell.Target == p.Target && cell.Phase == p.Row.Phase && v > 0 {
			rounds = append(rounds, v)
		}
	}
	if low, high, known := stat.MeanInterval(rounds); known && c.Value > 0 {
		c.Low, c.High, c.HasInterval = math.Max(0, math.Min(low, c.Value)), math.Max(high, c.Value), true
	}
	return c
}

func computeOf(row sample.Row) float64 {
	var invocations, compute float64
	for _, m := range row.Usage.Meters {
		switch m.Name {
		case record.MeterInvocations:
			invocations = m.Value
		case record.MeterCompute:
			compute = m.Value
		}
	}
	if invocations <= 0 {
		return 0
	}
	return compute / invocations
}

func cpuOf(row sample.Row) float64 {
	if !row.Usage.Known || row.Usage.CPU <= 0 || row.Ledger.OK == 0 {
		return 0
	}
	return row.Usage.CPU.Seconds() / float64(row.Ledger.OK)
}

// sameCost is the share by which two costs may differ and count as the same: less than what
// is shown of them.
const sameCost = 1e-3

// onFront reports whether no other size is better at cost and latency, or at one of them with
// the same other one.
func (g Group) onFront(p Point) bool {
	if !g.Compared(p) {
		return false
	}
	mine, _ := g.Latency(p)
	return !slices.ContainsFunc(g.Points, func(o Point) bool {
		if !g.Compared(o) {
			return false
		}
		other, _ := g.Latency(o)
		return o.Cost.Value <= p.Cost.Value*(1+sameCost) && other.Value <= mine.Value && (o.Cost.Value < p.Cost.Value*(1-sameCost) || other.Value < mine.Value)
	})
}

// Front are the sizes that no other one beats, by ascending cost.
func (g Group) Front() []Point {
	front := slices.DeleteFunc(slices.Clone(g.Points), func(p Point) bool { return !p.Front })
	slices.SortStableFunc(front, func(a, b Point) int { return cmp.Compare(a.Cost.Value, b.Cost.Value) })
	return front
}
