package training

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"servebench/targets/reference/trees/evaluate"
)

// Account writes what a person wants to know of the model before trusting it.
func (r *Result) Account(w io.Writer) error {
	var b strings.Builder
	for i, section := range []func(*strings.Builder){r.data, r.folds, r.curve, r.quality, r.gain} {
		if i > 0 {
			b.WriteByte('\n')
		}
		section(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) data(b *strings.Builder) {
	fmt.Fprintf(b, "Data: generator %s, %sseed %d\n", r.Recipe.Generator.Name, r.generatorSettings(), r.Recipe.Seed)
	fmt.Fprintf(b, "  %-12s %9s  %s\n", "part", "examples", r.Class)
	for _, p := range []struct {
		name string
		Part
	}{{"training", r.Train}, {"validation", r.Valid}, {"test", r.Test}} {
		fmt.Fprintf(b, "  %-12s %9s  %6.1f %%\n", p.name, withCommas(p.Rows), 100*p.Positive)
	}
}

// generatorSettings lists the generator's parameters, each with a comma behind it.
func (r *Result) generatorSettings() string {
	var s strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Recipe.Params)) {
		fmt.Fprintf(&s, "%s %v, ", name, r.Recipe.Params[name])
	}
	return s.String()
}

func (r *Result) folds(b *strings.Builder) {
	if len(r.Folds) == 0 {
		fmt.Fprintln(b, "Cross-validation: none asked for")
		return
	}
	fmt.Fprintf(b, "Cross-validation: %d folds of the training data, %d trees each\n", len(r.Folds), r.Curve.Best)
	fmt.Fprintf(b, "  %-12s %9s %9s %9s\n", "fold", "accuracy", "log loss", "AUC")
	var accuracy, loss, auc []float64
	for i, f := range r.Folds {
		fmt.Fprintf(b, "  %-12d %9.4f %9.4f %9.4f\n", i+1, f.Accuracy, f.LogLoss, f.AUC)
		accuracy, loss, auc = append(accuracy, f.Accuracy), append(loss, f.LogLoss), append(auc, f.AUC)
	}
	var means, sds [3]float64
	for i, values := range [][]float64{accuracy, loss, auc} {
		means[i], sds[i] = evaluate.MeanSD(values)
	}
	fmt.Fprintf(b, "  %-12s %9.4f %9.4f %9.4f\n", "mean", means[0], means[1], means[2])
	fmt.Fprintf(b, "  %-12s %9.4f %9.4f %9.4f\n", "± sd", sds[0], sds[1], sds[2])
}

func (r *Result) curve(b *strings.Builder) {
	grown := len(r.Curve.Valid)
	fmt.Fprintf(b, "Number of trees: %d of %d grown, by least log loss on the validation data\n", r.Curve.Best, grown)
	fmt.Fprintf(b, "  %-12s %9s %9s\n", "trees", "training", "validation")
	for n := 1; n <= grown; n++ {
		note := r.remarkOnCurve(n, grown)
		if note != "" || n&(n-1) == 0 { // powers of two show the shape
			fmt.Fprintf(b, "  %-12d %9.4f %9.4f%s\n", n, r.Curve.Train[n-1], r.Curve.Valid[n-1], note)
		}
	}
}

func (r *Result) remarkOnCurve(n, grown int) string {
	switch {
	case n == r.Curve.Best && n == r.Recipe.Trees.Trees:
		return "  best, and the most allowed: more trees may do better"
	case n == r.Curve.Best:
		return "  best"
	case n == grown && n < r.Recipe.Trees.Trees:
		return fmt.Sprintf("  stopped: no better for %d trees", n-r.Curve.Best)
	case n == grown:
		return "  the most allowed"
	}
	return ""
}

func (r *Result) quality(b *strings.Builder) {
	fmt.Fprintln(b, "Quality on the test data, which nothing above has seen")
	interval := ""
	if r.Interval != nil {
		interval = fmt.Sprintf("  95 %% interval %.4f to %.4f (bootstrap, %s resamples)",
			r.Interval.Low, r.Interval.High, withCommas(r.Recipe.Resamples))
	}
	fmt.Fprintf(b, "  %-12s %9.4f%s\n", "accuracy", r.Score.Accuracy, interval)
	fmt.Fprintf(b, "  %-12s %9.4f  what label noise allows in this sample%s\n", "ceiling", r.Ceiling, r.expectedCeiling())
	fmt.Fprintf(b, "  %-12s %9.4f  accuracy against the labels before noise\n", "truth", r.Truth)
	fmt.Fprintf(b, "  %-12s %9.4f\n", "log loss", r.Score.LogLoss)
	fmt.Fprintf(b, "  %-12s %9.4f\n", "AUC", r.Score.AUC)
}

// expectedCeiling says which ceiling the generator's noise parameter leads to expect.
func (r *Result) expectedCeiling() string {
	if noise, ok := r.Recipe.Params["noise"]; ok {
		return fmt.Sprintf("; 1 − noise is %.4f", 1-noise)
	}
	return ""
}

func (r *Result) gain(b *strings.Builder) {
	type share struct {
		name string
		gain float64
	}
	var shares []share
	total := 0.0
	for i, g := range r.Model.Gain() {
		shares = append(shares, share{r.Model.Features()[i], g})
		total += g
	}
	slices.SortStableFunc(shares, func(x, y share) int { return cmp.Compare(y.gain, x.gain) })
	fmt.Fprintln(b, "Importance: share of the loss reduced by splits of the feature")
	for _, s := range shares {
		part := s.gain / max(total, 1e-300)
		line := fmt.Sprintf("  %-12s %7.1f %%  %s", s.name, 100*part, strings.Repeat("█", int(40*part+0.5)))
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
}

func withCommas(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
