package text

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/stats"
)

// tax splits what a request takes into the place and the model.
func (p *page) tax() {
	tax := p.analysis.Tax
	if tax == nil || p.analysis.Nothing() != "" {
		return
	}
	p.space()
	p.wrapped("", fmt.Sprintf("TAX: what the place of a server costs each request. PLACE is network and virtualisation, with the server's handling of HTTP: the response time of phase %s, "+
		"whose model %s computes nothing. MODEL is the rest: the same quantile of phase %s less that, a difference of quantiles, not the quantile of a difference. "+
		"Milliseconds; × is the ratio to %s.",
		clean(tax.Noop.Name), clean(tax.Noop.Model), clean(tax.Model.Name), clean(tax.Base)))
	for _, q := range []float64{0.5, 0.99} {
		p.table(p.taxTable(tax, q))
	}
	p.taxNotes(tax)
}

func (p *page) taxTable(tax *stats.Tax, q float64) *table {
	name := strings.ToUpper(stats.QuantileName(q))
	t := &table{
		head: []string{"TARGET", "PLACE " + name + " [95% CI]", "× [95% CI]", "MODEL " + name + " [95% CI]", "× [95% CI]"},
		left: map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true},
	}
	for _, r := range tax.Rows {
		if r.Q != q {
			continue
		}
		row := []string{p.name(r.Target), "n too small", none, "n too small", none}
		if r.Known {
			row = []string{p.name(r.Target), taxPart(r.Place), taxRatio(r.Place, r.Target == tax.Base), taxPart(r.Model), taxRatio(r.Model, r.Target == tax.Base)}
		}
		t.add(row...)
	}
	return t
}

func taxPart(part stats.TaxPart) string {
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

func taxRatio(part stats.TaxPart, base bool) string {
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

// taxNotes say how far the split can be believed.
func (p *page) taxNotes(tax *stats.Tax) {
	if slices.ContainsFunc(tax.Rows, func(r stats.TaxRow) bool { return r.Known && !r.Model.ToldApart }) {
		p.wrapped("", "~0: not told apart from nothing: the noise is larger than what the model takes, if it takes anything. What may tell it apart: "+stats.TaxAdvice+".")
	}
	if len(p.analysis.Ratios) > 0 {
		p.wrapped("", stats.TaxBesideRatios+".")
	}
	if slices.ContainsFunc(tax.Rows, func(r stats.TaxRow) bool { return r.Known && r.Place.HasInterval }) {
		p.wrapped("", "Intervals: "+stats.TaxMethod+".")
	} else {
		p.line("There are no intervals: they take four rounds that both phases were played in.")
	}
}

// interval is that of a time in milliseconds: "[2.36, 2.50]".
func interval(low, high time.Duration) string {
	return stats.FormatInterval(float64(low)/float64(time.Millisecond), float64(high)/float64(time.Millisecond))
}
