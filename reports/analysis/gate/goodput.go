package gate

import (
	"math"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	gonum "gonum.org/v1/gonum/stat"
)

func goodputGate(least float64) Gate {
	return Gate{Metric: "goodput", Bound: least, Least: true, Unit: stat.PerSecond, Of: OfRounds}
}

// goodputGates judges the answers per second that came within the deadline. The
// rounds are the sample: answers of one round share its server and its moment, so
// that counting them as independent would promise too much.
func (s subject) goodputGates(row sample.Row) []Gate {
	if s.slo.Goodput <= 0 {
		return nil
	}
	var rates []float64
	for _, c := range s.Cells {
		if c.Target == row.Target && c.Phase == row.Phase {
			rates = append(rates, c.Goodput)
		}
	}
	g := goodputGate(s.slo.Goodput)
	g.Value, g.N = row.Goodput, int64(len(rates))
	counted, wanted := s.Run.Scenario.SLO.Deadline(), s.slo.Deadline()
	if counted == wanted {
		g.judgeRates(row, rates)
		return []Gate{g}
	}
	// Answers within a deadline are within a later one as well. Without a deadline they
	// may be counted over another time, see cell.time.
	judged, dated := g, counted > 0 && wanted > 0
	judged.judgeRates(row, rates)
	if dated && (counted < wanted && judged.Verdict == record.Pass || counted > wanted && judged.Verdict == record.Fail) {
		g = judged
	} else {
		g.Verdict = record.Inconclusive
	}
	g.Deadlines = &Deadlines{counted, wanted}
	return []Gate{g}
}

// judgeRates judges a rate by Student's t on the rounds' rates, or by what chance makes
// of the share of good answers where that is wider: rounds that answer every request
// rightly do not differ, however few requests they are.
func (g *Gate) judgeRates(r sample.Row, rates []float64) {
	if g.Verdict = record.Inconclusive; len(rates) < stat.FewRounds {
		g.More = stat.FewRounds
		return
	}
	mean, deviation := gonum.MeanStdDev(rates, nil)
	low, high, _ := stat.MeanInterval(rates)
	least, most := goodputOf(r, r.Good.Low), goodputOf(r, r.Good.High)
	g.HasInterval, g.Low, g.High = true, max(min(low, least), 0), max(high, most)
	switch {
	case g.Low >= g.Bound:
		g.Verdict = record.Pass
	case g.High < g.Bound:
		g.Verdict = record.Fail
	default:
		g.More = g.roundsToReach(math.Abs(mean-g.Bound), r, deviation)
	}
}

// goodputOf is what the goodput were if such a share of the requests due were good.
func goodputOf(r sample.Row, share float64) float64 {
	return sample.PerSecond(share*float64(r.Good.N), r.GoodOver)
}

// roundsToReach is how many rounds make the interval reach no farther than apart; 0 where
// none that may be played do.
func (g *Gate) roundsToReach(apart float64, r sample.Row, deviation float64) int {
	end := r.Good.Low
	if g.Value < g.Bound {
		end = r.Good.High
	}
	wide := math.Abs(goodputOf(r, end) - g.Value)
	for n := stat.FewRounds; n <= MostRounds; n++ {
		if stat.HalfWidth(deviation, n) <= apart && wide*math.Sqrt(float64(g.N)/float64(n)) <= apart {
			return n
		}
	}
	return 0
}
