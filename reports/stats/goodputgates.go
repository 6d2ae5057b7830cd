package stats

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

func goodputGate(least float64) Gate {
	return Gate{Metric: "goodput", Limit: "≥ " + FormatRate(least), Bound: least, Unit: "1/s", Of: "rounds"}
}

// goodputGates judges the answers per second that came within the deadline. The
// rounds are the sample: answers of one round share its server and its moment, so
// that counting them as independent would promise too much.
func goodputGates(a *Analysis, row Row) []Gate {
	least := a.SLO.Goodput
	if least <= 0 {
		return nil
	}
	var rates []float64
	for _, c := range a.Cells {
		if c.Target == row.Target && c.Phase == row.Phase {
			rates = append(rates, c.Goodput)
		}
	}
	g := goodputGate(least)
	g.Observed, g.Value, g.Known, g.N = FormatRate(row.Goodput), row.Goodput, true, int64(len(rates))
	if counted := a.Run.Scenario.SLO.Deadline(); counted != a.SLO.Deadline() {
		g.Verdict = Inconclusive
		g.Why = fmt.Sprintf("answers were counted %s, not %s: it takes a run with these limits", within(counted), within(a.SLO.Deadline()))
		return []Gate{g}
	}
	return []Gate{judgeRates(g, rates)}
}

// judgeRates judges a rate by Student's t on the rounds' rates.
func judgeRates(g Gate, rates []float64) Gate {
	if len(rates) < fewRounds {
		g.Verdict, g.More = Inconclusive, fewRounds
		g.Why = fmt.Sprintf("an interval of the goodput takes %d rounds, not %d", fewRounds, g.N)
		return g
	}
	mean, deviation := stat.MeanStdDev(rates, nil)
	half := halfOfMean(deviation, len(rates))
	g.HasInterval, g.Low, g.High = true, max(mean-half, 0), mean+half
	g.Interval = FormatInterval(g.Low, g.High) + "/s"
	switch {
	case g.Low >= g.Bound:
		g.Verdict = Pass
	case g.High < g.Bound:
		g.Verdict, g.Why = Fail, "the whole interval lies below the limit"
	default:
		g.Verdict = Inconclusive
		g.More, g.Why = settling("the limit lies inside the interval", roundsFor(deviation, math.Abs(mean-g.Bound)))
	}
	return g
}

// halfOfMean is half the 95 % interval of the mean of n values with a standard
// deviation.
func halfOfMean(deviation float64, n int) float64 {
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975)
	return t * deviation / math.Sqrt(float64(n))
}

// roundsFor is how many rounds make half the interval at most apart; infinite where
// nothing is apart.
func roundsFor(deviation, apart float64) float64 {
	if apart == 0 {
		return math.Inf(1)
	}
	for n := fewRounds; n <= mostRounds; n++ {
		if halfOfMean(deviation, n) <= apart {
			return float64(n)
		}
	}
	return mostRounds + 1
}

// within words a deadline.
func within(deadline time.Duration) string {
	if deadline == 0 {
		return "however late they came"
	}
	return "within " + FormatDuration(deadline)
}
