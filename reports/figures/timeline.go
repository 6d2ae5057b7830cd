package figures

import (
	"fmt"

	"servebench/reports/analysis/stat"
	"servebench/reports/figures/chart"
	"servebench/reports/format"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// timeline draws what happened when: rates, requests in flight, failures,
// latency and the instrument's own lag, one column for each target.
func timeline(v view) Figure {
	blocks := blocksOf(len(v.series))
	lanes := lanesOf(v.series, windowsFor(blocks))
	f := Figure{
		Name:  v.name("timeline"),
		Title: v.title("Over time"),
		Caption: fmt.Sprintf("Windows of %s of due time, rounds joined in a row. Scheduled, sent and answered requests per "+
			"second lie on one another when all goes well. p50 is drawn for windows with at least 20 answers, p99 only for "+
			"those with at least 1,000; the p99 of a whole round is the horizontal stroke. Lag is how late the instrument "+
			"sent: it belongs to the harness, not to the target.", windowText(lanes)) + endedCaption(lanes) + floorCaption(v),
		Conditions: v.conditions(),
	}
	if longest(lanes) == 0 {
		f.Missing = "nothing was sent, so there is nothing to show over time"
		return f
	}
	t := newTracks(lanes)
	if !t.lost {
		f.Caption += " No request failed or was censored, so there is no row for it."
	}
	f.Height = 30 + vg.Length(len(blocks))*(heading+40+vg.Length(len(t.rows()))*88)
	f.Data = timelineTable(v, lanes)
	f.paint = func(c draw.Canvas, p chart.Palette) { drawTimeline(c, p, v, t, blocks) }
	return f
}

// block is a run of targets side by side: [from, to).
type block struct{ from, to int }

// blocksOf sets at most four targets side by side, as evenly as it goes.
func blocksOf(n int) []block {
	count := (n + 3) / 4
	var blocks []block
	for i := range count {
		blocks = append(blocks, block{i * n / count, (i + 1) * n / count})
	}
	return blocks
}

// windowsFor is how many windows a column bears: the more targets share the
// width, the fewer.
func windowsFor(blocks []block) int {
	widest := 1
	for _, b := range blocks {
		widest = max(widest, b.to-b.from)
	}
	return 480 / max(widest, 2)
}

// quantileOf returns a quantile in milliseconds when enough samples lie beyond it.
func quantileOf(h *hdrhistogram.Histogram, q float64) (float64, bool) {
	if h == nil || !stat.Known(q, h.TotalCount()) {
		return 0, false
	}
	return chart.Milliseconds(h.ValueAtQuantile(q * 100)), true
}

func timelineTable(v view, lanes []lane) Table {
	const rows = 60
	t := Table{Head: []string{"target", "round", "from, s", "to, s", "scheduled/s", "sent/s", "answered/s",
		"failed", "censored", "in flight", "p50, ms", "p99, ms", "slowest, ms", "lag p99, ms", "lag max, ms"}}
	if longest(lanes) > rows {
		lanes = lanesOf(v.series, rows)
	}
	for i, l := range lanes {
		for _, w := range l.windows {
			t.Rows = append(t.Rows, []string{
				v.series[i].label, fmt.Sprint(w.round), chart.Plain(w.from), chart.Plain(w.to),
				format.RateNumber(w.perSecond(w.Scheduled)), format.RateNumber(w.perSecond(w.Sent)),
				format.RateNumber(w.perSecond(w.OK)), format.Count(w.Failed), format.Count(w.Censored),
				format.Count(w.InFlight), quantileText(w.response, 0.5), quantileText(w.response, 0.99),
				slowestText(w.response), quantileText(w.lag, 0.99), slowestText(w.lag),
			})
		}
	}
	return t
}

func quantileText(h *hdrhistogram.Histogram, q float64) string {
	if h == nil {
		return "–"
	}
	value, ok := quantileOf(h, q)
	if !ok {
		return "n too small"
	}
	return format.Number(value)
}

func slowestText(h *hdrhistogram.Histogram) string {
	if h == nil {
		return "–"
	}
	return format.Number(chart.Milliseconds(h.Max()))
}
