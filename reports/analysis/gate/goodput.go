package gate

import (
	"fmt"
	"math"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"

	gonum "gonum.org/v1/gonum/stat"
)

func goodputGate(least float64) Gate {
	return Gate{Metric: "goodput", Limit: "≥ " + format.Rate(least), Bound: least, Unit: "1/s", Of: "rounds"}
}

// goodputGates judges the answers per second that came within the deadline. The
// rounds are the sample: answers of one round share its server and its moment, so
// that counting them as independent would promise too much.
func goodputGates(a *subject, row sample.Row) []Gate {
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
	g.Observed, g.Value, g.Known, g.N = format.Rate(row.Goodput), row.Goodput, true, int64(len(rates))
	counted, wanted := a.Run.Scenario.SLO.Deadline(), a.SLO.Deadline()
	if counted == wanted {
		return []Gate{judgeRates(row, g, rates)}
	}
	// Answers within a deadline are within a later one as well. Without a deadline they
	// may be counted over another time, see cell.time.
	judged, dated := judgeRates(row, g, rates), counted > 0 && wanted > 0
	note := fmt.Sprintf("answers were counted %s, not %s", within(counted), within(wanted))
	switch {
	case dated && counted < wanted && judged.Verdict == record.Pass:
		judged.Note = note + ", which are no fewer"
	case dated && counted > wanted && judged.Verdict == record.Fail:
		judged.Note = note + ", which are no more"
	default:
		judged = g
		judged.Verdict, judged.Why = record.Inconclusive, note+": it takes a run with these limits"
	}
	return []Gate{judged}
}

// judgeRates judges a rate by Student's t on the rounds' rates, or by what chance makes
// of the share of good answers where that is wider: rounds that answer every request
// rightly do not differ, however few requests they are.
func judgeRates(r sample.Row, g Gate, rates []float64) Gate {
	if len(rates) < stat.FewRounds {
		g.Verdict, g.More = record.Inconclusive, stat.FewRounds
		g.Why = fmt.Sprintf("an interval of the goodput takes %d rounds, not %d", stat.FewRounds, g.N)
		return g
	}
	mean, deviation := gonum.MeanStdDev(rates, nil)
	low, high, _ := stat.MeanInterval(rates)
	least, most := goodputOf(r, r.Good.Low), goodputOf(r, r.Good.High)
	g.HasInterval, g.Low, g.High = true, max(min(low, least), 0), max(high, most)
	g.Interval = format.Interval(g.Low, g.High) + "/s"
	switch {
	case g.Low >= g.Bound:
		g.Verdict = record.Pass
	case g.High < g.Bound:
		g.Verdict, g.Why = record.Fail, "the whole interval lies below the limit"
	default:
		g.Verdict = record.Inconclusive
		g.More, g.Why = settling("the limit lies inside the interval", roundsFor(r, g, deviation, math.Abs(mean-g.Bound)))
	}
	return g
}

// goodputOf is what the goodput were if such a share of the requests due were good.
func goodputOf(r sample.Row, share float64) float64 {
	return sample.PerSecond(share*float64(r.Good.N), r.GoodOver)
}

// roundsFor is how many rounds make the interval reach no farther than apart; infinite
// where nothing is apart.
func roundsFor(r sample.Row, g Gate, deviation, apart float64) float64 {
	if apart == 0 {
		return math.Inf(1)
	}
	end := r.Good.Low
	if g.Value < g.Bound {
		end = r.Good.High
	}
	wide := math.Abs(goodputOf(r, end) - g.Value)
	for n := float64(stat.FewRounds); n <= mostRounds; n++ {
		if stat.HalfWidth(deviation, int(n)) <= apart && wide*math.Sqrt(float64(g.N)/n) <= apart {
			return n
		}
	}
	return mostRounds + 1
}

// within words a deadline.
func within(deadline time.Duration) string {
	if deadline == 0 {
		return "however late they came"
	}
	return "within " + format.Duration(deadline)
}
