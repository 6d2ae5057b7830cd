package sample

import (
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
)

// Figure is one number of a Row, for the formats that list all there are.
type Figure struct {
	Of          string  // "response time"
	Q           float64 // the quantile that it is, 0.99; 0: none
	Unit        stat.Unit
	More        bool // more is better
	Value       float64
	HasInterval bool
	Low, High   float64 // 95 %
	N           int64   // what it is made from: requests, answers or starts; 0: not of that kind
}

// Name is what it is of, with its quantile: "p99 response time".
func (f Figure) Name() string {
	if f.Q == 0 {
		return f.Of
	}
	return format.Quantile(f.Q) + " " + f.Of
}

// Figures are those of the row that are known, latencies first.
func (r Row) Figures() []Figure {
	all := figuresOf(r.Response, "response time")
	all = append(all, figuresOf(r.Service, "service time")...)
	all = append(all, figuresOf(r.FirstByte, "time to first byte")...)
	if r.Ledger.Sent > 0 {
		all = append(all,
			Figure{Of: "goodput", Unit: stat.PerSecond, More: true, Value: r.Goodput, N: r.Ledger.Sent},
			Figure{Of: "answers per second", Unit: stat.PerSecond, More: true, Value: r.OKRate, N: r.Ledger.Sent})
	}
	all = append(all, shareFigure(r.ErrorRate(), "error rate", false)...)
	all = append(all, shareFigure(r.Agreement, "agreement", true)...)
	all = append(all, shareFigure(r.Accuracy, "accuracy", true)...)
	return append(all, r.spent()...)
}

// spent are the figures of what the target needed. Nothing that runs holds no memory: a zero is
// a reading that could not be taken.
func (r Row) spent() []Figure {
	var all []Figure
	if r.Usage.CPUKnown() && r.Ledger.OK > 0 {
		all = append(all, Figure{Of: "CPU per answer", Unit: stat.Seconds, Value: r.Usage.CPU.Seconds() / float64(r.Ledger.OK), N: r.Ledger.OK})
	}
	if r.Usage.Known && r.Usage.Resident > 0 {
		all = append(all, Figure{Of: "memory", Unit: stat.Bytes, Value: float64(r.Usage.Resident)})
	}
	if n := len(r.ColdStarts); n > 0 && len(r.Unanswered) == 0 {
		all = append(all, figureOf("cold start", NewTimes(r.ColdStarts).Median, int64(n)))
	}
	return all
}

func figuresOf(d stat.Distribution, of string) []Figure {
	var all []Figure
	for _, q := range d.Quantiles {
		if d.N > 0 && q.Known {
			all = append(all, figureOf(of, q, d.N))
		}
	}
	return all
}

func figureOf(of string, q stat.Quantile, n int64) Figure {
	return Figure{
		Of: of, Q: q.Q, Unit: stat.Seconds, Value: q.Value.Seconds(), N: n,
		HasInterval: q.HasInterval, Low: q.Low.Seconds(), High: q.High.Seconds(),
	}
}

// shareFigure is the proportion as a figure, where it is known.
func shareFigure(p stat.Proportion, of string, more bool) []Figure {
	if p.N == 0 {
		return nil
	}
	return []Figure{{Of: of, Unit: stat.Share, More: more, Value: p.Value, HasInterval: true, Low: p.Low, High: p.High, N: p.N}}
}
