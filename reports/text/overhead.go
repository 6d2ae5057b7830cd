package text

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/stats"
)

// overhead splits what a request takes into the overhead and the model.
func (p *page) overhead() {
	overhead := p.analysis.Overhead
	if overhead == nil || p.analysis.Nothing() != "" {
		return
	}
	p.space()
	p.wrapped("", fmt.Sprintf("OVERHEAD is what the target costs each request: network and virtualisation, with the server's handling of HTTP: the response time of phase %s, "+
		"whose model %s computes nothing. MODEL is the rest: the same quantile of phase %s less that, a difference of quantiles, not the quantile of a difference. "+
		"Milliseconds; × is the ratio to %s.",
		clean(overhead.Noop.Name), clean(overhead.Noop.Model), clean(overhead.Model.Name), clean(overhead.Base)))
	for _, q := range []float64{0.5, 0.99} {
		p.table(p.overheadTable(overhead, q))
	}
	p.overheadNotes(overhead)
}

func (p *page) overheadTable(overhead *stats.Overhead, q float64) *table {
	name := strings.ToUpper(stats.QuantileName(q))
	t := &table{
		head: []string{name, "OVERHEAD [95% CI]", "× [95% CI]", "MODEL [95% CI]", "× [95% CI]"},
		left: map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true},
	}
	for _, r := range overhead.Rows {
		if r.Q != q {
			continue
		}
		row := []string{p.name(r.Target), "n too small", none, "n too small", none}
		if r.Known {
			row = []string{p.name(r.Target), overheadPart(r.Overhead), overheadRatio(r.Overhead, r.Target == overhead.Base), overheadPart(r.Model), overheadRatio(r.Model, r.Target == overhead.Base)}
		}
		t.add(row...)
	}
	return t
}

func overheadPart(part stats.OverheadPart) string {
	text := stats.FormatMilliseconds(part.Value)
	if part.HasInterval {
		text += " " + interval(part.Low, part.High)
	}
	if !part.ToldApart {
		text += notApart
	}
	return text
}

// notApart marks a part that is not told apart from nothing.
const notApart = " ~0"

func overheadRatio(part stats.OverheadPart, base bool) string {
	switch {
	case base && part.ToldApart:
		return "1"
	case !part.HasRatio:
		return none
	case !part.HasRatioInterval:
		return stats.FormatNumber(part.Ratio)
	}
	return stats.FormatNumber(part.Ratio) + " " + stats.FormatInterval(part.RatioLow, part.RatioHigh)
}

// overheadNotes say how far the split can be believed.
func (p *page) overheadNotes(overhead *stats.Overhead) {
	if slices.ContainsFunc(overhead.Rows, func(r stats.OverheadRow) bool { return r.Known && !r.Model.ToldApart }) {
		p.wrapped("", "~0: not told apart from nothing: the noise is larger than what the model takes, if it takes anything. What may tell it apart: "+stats.OverheadAdvice+".")
	}
	if len(p.analysis.Ratios) > 0 {
		p.wrapped("", stats.OverheadBesideRatios+".")
	}
	if slices.ContainsFunc(overhead.Rows, func(r stats.OverheadRow) bool { return r.Known && r.Overhead.HasInterval }) {
		p.wrapped("", "Intervals: "+stats.OverheadMethod+".")
	} else {
		p.line("There are no intervals: they take four rounds that both phases were played in.")
	}
}

// interval is that of a time in milliseconds: "[2.36, 2.50]".
func interval(low, high time.Duration) string {
	return stats.FormatInterval(float64(low)/float64(time.Millisecond), float64(high)/float64(time.Millisecond))
}
