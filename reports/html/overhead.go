package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/stats"
)

// overhead splits what a request takes into the overhead and the model.
func (b builder) overhead() *table {
	overhead := b.a.Overhead
	if overhead == nil {
		return nil
	}
	t := &table{
		Caption: fmt.Sprintf("Overhead: network and virtualisation, with the server's handling of HTTP: the response time of phase %s, whose model %s computes nothing. "+
			"Model: the same quantile of phase %s, model %s, less that. In small print: the 95 %% interval",
			overhead.Noop.Name, overhead.Noop.Model, overhead.Model.Name, overhead.Model.Model),
		Head: []string{"target", "quantile", "overhead", "÷ " + overhead.Base, "model", "÷ " + overhead.Base, "whole", "rounds"},
	}
	byQuantile := slices.SortedStableFunc(slices.Values(overhead.Rows), func(x, y stats.OverheadRow) int { return cmp.Compare(x.Q, y.Q) })
	for _, r := range byQuantile {
		row := []cell{b.name(r.Target, ""), text(format.Quantile(r.Q))}
		if r.Known {
			base := r.Target == overhead.Base
			row = append(row, overheadPart(r.Overhead), overheadRatio(r.Overhead, base), overheadPart(r.Model), overheadRatio(r.Model, base), text(format.Duration(r.Whole)))
		} else {
			row = append(row, weak("n too small"), none(), weak("n too small"), none(), none())
		}
		t.Rows = append(t.Rows, append(row, text(fmt.Sprint(r.Rounds))))
	}
	return t
}

func overheadPart(p stats.OverheadPart) cell {
	switch {
	case !p.ToldApart && !p.HasInterval:
		return noted(format.Duration(p.Value), notApart)
	case !p.ToldApart:
		return noted(format.Duration(p.Value), format.Range(p.Low, p.High), notApart)
	case !p.HasInterval:
		return text(format.Duration(p.Value))
	}
	return noted(format.Duration(p.Value), format.Range(p.Low, p.High))
}

// notApart marks a part that is not told apart from nothing.
const notApart = "not told apart from 0"

func overheadRatio(p stats.OverheadPart, base bool) cell {
	switch {
	case base && p.ToldApart:
		return text("1")
	case !p.HasRatio:
		return none()
	case !p.HasRatioInterval:
		return text("×" + format.Number(p.Ratio))
	}
	return noted("×"+format.Number(p.Ratio), format.Interval(p.RatioLow, p.RatioHigh))
}

// overheadSentence is what a target costs; "" where nobody asked, or it is not
// known.
func (b builder) overheadSentence(target string) string {
	if b.a.Overhead == nil {
		return ""
	}
	var parts []string
	for _, r := range b.a.Overhead.Rows {
		if r.Target != target || !r.Known {
			continue
		}
		part := fmt.Sprintf("%s: %s of overhead", format.Quantile(r.Q), format.Duration(r.Overhead.Value))
		if r.Overhead.HasRatio {
			part += fmt.Sprintf(" (×%s of %s's)", format.Number(r.Overhead.Ratio), b.a.Overhead.Base)
		}
		if r.Model.ToldApart {
			part += " and " + format.Duration(r.Model.Value) + " for the model"
		} else {
			part += ", the model not told apart from nothing"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Response time at " + strings.Join(parts, "; at ") + "."
}

// overheadNotes say how to read the split, and how far to believe it.
func (b builder) overheadNotes() []string {
	return []string{
		"The model's share is a difference of quantiles, not the quantile of a difference: which request of one phase belongs to which of the other, nobody can say.",
		"“Not told apart from 0” means that the noise is larger than what the model takes, if it takes anything; a ratio to that would say nothing. What may tell it apart: " + stats.OverheadAdvice + ".",
		sentenceCase(stats.OverheadBesideRatios),
		sentenceCase(stats.OverheadMethod),
	}
}
