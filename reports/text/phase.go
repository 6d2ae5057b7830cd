package text

import (
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// phase writes one measured phase: the headline table and, under it, the table
// of what stands beside response time.
func (p *page) phase(phase record.Phase) {
	var rows []stats.Row
	for _, row := range p.analysis.Rows {
		if row.Phase == phase.Name {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return
	}
	p.space()
	p.wrapped("", p.conditions(phase, rows))
	p.table(headline(rows))
	p.space()
	p.table(beside(rows))
}

// conditions says how the figures came about.
func (p *page) conditions(phase record.Phase, rows []stats.Row) string {
	loop := "closed loop"
	if phase.Open {
		loop = "open loop"
	}
	rounds := rows[0].Rounds
	for _, row := range rows {
		rounds = max(rounds, row.Rounds)
	}
	times := "1 round"
	if rounds != 1 {
		times = fmt.Sprintf("%d rounds", rounds)
	}
	unmeasured := slices.IndexFunc(p.analysis.Run.Scenario.Phases, func(ph record.Phase) bool { return !ph.Measured })
	left := ""
	if unmeasured >= 0 {
		left = fmt.Sprintf("; %s left out", clean(p.analysis.Run.Scenario.Phases[unmeasured].Name))
	}
	return fmt.Sprintf("%s: %s arrivals, %s for %s, %s, %s%s. Milliseconds from the due time to the end of a correct answer; failures apart, in ERR.",
		clean(phase.Name), clean(phase.Law), stats.FormatRate(phase.Rate), stats.FormatDuration(phase.Duration), loop, times, left)
}

func headline(rows []stats.Row) *table {
	t := &table{
		head: []string{"TARGET", "OFFERED", "OK/s", "P50", "P99 [95% CI]", "MAX", "ERR", "n"},
		left: map[int]bool{0: true, 4: true},
	}
	for _, r := range rows {
		t.add(clean(r.Target), stats.FormatRate(r.Offered), stats.FormatRateNumber(r.OKRate),
			quantile(r.Response.Quantiles[0]), withInterval(r.Response.Quantiles[2]), longest(r.Response),
			stats.FormatPercent(r.ErrorRate().Value), stats.FormatCount(r.Ledger.Sent))
	}
	return t
}

func beside(rows []stats.Row) *table {
	t := &table{
		head: []string{"TARGET", "P99.9", "SERVICE P99", "GOODPUT", "AGREEMENT", "ACCURACY", "COLD START", "CPU", "MEMORY"},
		left: map[int]bool{0: true},
	}
	for _, r := range rows {
		cpu, memory := "", ""
		if r.Usage.Known {
			cpu, memory = stats.FormatDuration(r.Usage.CPU), stats.FormatBytes(r.Usage.Resident)
		}
		t.add(clean(r.Target), quantile(r.Response.Quantiles[3]), quantile(r.Service.Quantiles[2]),
			stats.FormatRateNumber(r.Goodput)+"/s", proportion(r.Agreement), proportion(r.Accuracy),
			coldStart(r.ColdStarts), cpu, memory)
	}
	return t
}

func quantile(q stats.Quantile) string {
	if !q.Known {
		return "n too small"
	}
	return stats.FormatMilliseconds(q.Value)
}

func withInterval(q stats.Quantile) string {
	if !q.Known || !q.HasInterval {
		return quantile(q)
	}
	low, high := float64(q.Low)/float64(time.Millisecond), float64(q.High)/float64(time.Millisecond)
	return quantile(q) + " " + stats.FormatInterval(low, high)
}

func longest(d stats.Distribution) string {
	if d.N == 0 {
		return "–"
	}
	return stats.FormatMilliseconds(d.Max)
}

func proportion(p stats.Proportion) string {
	if p.N == 0 {
		return "unknown"
	}
	return stats.FormatPercent(p.Value)
}

// coldStart is the range over the rounds, each of which starts a fresh server.
func coldStart(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	low, high := stats.FormatMilliseconds(slices.Min(all)), stats.FormatMilliseconds(slices.Max(all))
	if low == high {
		return low
	}
	return low + "–" + high
}
