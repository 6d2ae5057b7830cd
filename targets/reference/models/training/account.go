package training

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"servebench/targets/reference/trees/evaluate"
)

// Account writes what a person wants to know of the model before trusting it.
func (r *Result) Account(w io.Writer) error {
	var b strings.Builder
	for i, section := range r.sections() {
		if i > 0 {
			b.WriteByte('\n')
		}
		section(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) sections() []func(*strings.Builder) {
	all := []func(*strings.Builder){r.data, r.folds}
	if r.Search != nil {
		all = append(all, r.search)
	}
	switch {
	case r.Model.MLP != nil:
		return append(all, r.curve, r.quality)
	case len(r.Curves) > 1:
		return append(all, r.members, r.quality, r.gain)
	}
	return append(all, r.curve, r.quality, r.gain)
}

func (r *Result) data(b *strings.Builder) {
	source := fmt.Sprintf("generator %s, %s", r.Recipe.Generator.Name, r.generatorSettings())
	if t := r.Recipe.Table; t != nil {
		source = "file " + t.Name + ", "
	}
	fmt.Fprintf(b, "Data: %sseed %d\n", source, r.Recipe.Seed)
	fmt.Fprintf(b, "  %-12s %9s  %s\n", "part", "examples", r.Classes[1])
	for _, p := range []struct {
		name string
		Part
	}{{"training", r.Train}, {"validation", r.Valid}, {"test", r.Test}} {
		fmt.Fprintf(b, "  %-12s %9s  %6.1f %%\n", p.name, withCommas(p.Rows), 100*p.Positive)
	}
	if w := r.Recipe.ClassWeights; w[0] != w[1] {
		balanced := ""
		if r.Recipe.Balanced {
			balanced = ", so that both classes weigh as much"
		}
		fmt.Fprintf(b, "  weight of an example: %s 1, %s %.4g%s\n", r.Classes[0], r.Classes[1], w[1]/w[0], balanced)
		fmt.Fprintln(b, "  losses on training and validation data are weighted so, those of the folds' models and on test data are not")
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
	fmt.Fprintf(b, "Cross-validation: %d folds of the training data, %s each\n", len(r.Folds), r.extent())
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

// extent is for how long the model is trained: "58 trees".
func (r *Result) extent() string {
	total := 0
	for _, c := range r.Curves {
		total += c.Best
	}
	if len(r.Curves) > 1 {
		return fmt.Sprintf("%d trees in %d models", total, len(r.Curves))
	}
	return fmt.Sprintf("%d %s", total, r.unit())
}

// unit is what training goes on by.
func (r *Result) unit() string {
	if r.Model.MLP != nil {
		return "epochs"
	}
	return "trees"
}

func (r *Result) curve(b *strings.Builder) {
	curve, unit := r.Curves[0], r.unit()
	grown := len(curve.Valid)
	fmt.Fprintf(b, "Number of %s: %d of %d %s, by least log loss on the validation data\n", unit, curve.Best, grown, map[string]string{"trees": "grown", "epochs": "trained"}[unit])
	fmt.Fprintf(b, "  %-12s %9s %9s\n", unit, "training", "validation")
	for n := 1; n <= grown; n++ {
		note := r.remarkOnCurve(n, grown)
		if note != "" || n&(n-1) == 0 { // powers of two show the shape
			fmt.Fprintf(b, "  %-12d %9.4f %9.4f%s\n", n, curve.Train[n-1], curve.Valid[n-1], note)
		}
	}
}

func (r *Result) remarkOnCurve(n, grown int) string {
	best, most := r.Curves[0].Best, r.Recipe.Trees.Trees
	if r.Model.MLP != nil {
		most = r.Recipe.MLP.Epochs
	}
	switch {
	case n == best && n == most:
		return fmt.Sprintf("  best, and the most allowed: more %s may do better", r.unit())
	case n == best:
		return "  best"
	case n == grown && n < most:
		return fmt.Sprintf("  stopped: no better for %d %s", n-best, r.unit())
	case n == grown:
		return "  the most allowed"
	}
	return ""
}

// members lists the models of an ensemble.
func (r *Result) members(b *strings.Builder) {
	fmt.Fprintf(b, "Ensemble: %d models, each of the training data drawn with replacement; the mean of their log-odds\n", len(r.Curves))
	fmt.Fprintf(b, "  %-12s %9s %9s %9s\n", "model", "trees", "training", "validation")
	for i, c := range r.Curves {
		fmt.Fprintf(b, "  %-12d %9d %9.4f %9.4f\n", i+1, c.Best, c.Train[c.Best-1], c.Valid[c.Best-1])
	}
	fmt.Fprintf(b, "  %-12s %9d %9s %9.4f\n", "all", r.Model.Trees.Trees(), "", r.ValidLoss)
}

// mostCandidates is how many of a search are listed.
const mostCandidates = 10

// search says what was tried, what was chosen, and why.
func (r *Result) search(b *strings.Builder) {
	s := r.Search
	fmt.Fprintf(b, "Search: %d candidates, by the mean log loss of the %d folds left out, ± its standard error\n", len(s.Candidates), r.Recipe.Folds)
	fmt.Fprintf(b, "  %5s %13s %9s %7s %8s %9s %9s\n", "depth", "learning rate", "lambda", "trees", "nodes", "log loss", "± se")
	for place, i := range s.order() {
		if place >= mostCandidates && i != s.Chosen {
			continue
		}
		c, note := s.Candidates[i], ""
		switch i {
		case s.Chosen:
			note = "  chosen"
		case s.Best:
			note = "  best"
		}
		fmt.Fprintf(b, "  %5d %13g %9g %7.1f %8.1f %9.4f %9.4f%s\n", c.Params.Depth, c.Params.LearningRate, c.Params.Lambda, c.Trees, c.Nodes, c.Loss, c.Error, note)
	}
	if more := len(s.Candidates) - mostCandidates; more > 0 {
		fmt.Fprintf(b, "  %d of greater loss are not listed, unless chosen\n", more)
	}
	why := "The best is also the one with the fewest nodes of those within one standard error of it"
	if s.Chosen != s.Best {
		why = "Chosen is the one with the fewest nodes of those within one standard error of the best"
	}
	fmt.Fprintf(b, "  %s (up to %.4f): simpler, and as good as far as is known.\n", why, s.Within())
}

// Describe says what the search found of a candidate.
func (c Candidate) Describe() string {
	return fmt.Sprintf("depth %d, learning rate %g, lambda %g: log loss %.4f ± %.4f with %.1f trees", c.Params.Depth, c.Params.LearningRate, c.Params.Lambda, c.Loss, c.Error, c.Trees)
}

// Describe says how large the model is.
func (m Model) Describe() string {
	if m.MLP != nil {
		return fmt.Sprintf("a perceptron of %s units, %d weights", strings.Trim(strings.ReplaceAll(fmt.Sprint(m.MLP.Units()), " ", "–"), "[]"), m.MLP.Weights())
	}
	return fmt.Sprintf("%d trees, %d nodes", m.Trees.Trees(), m.Trees.Nodes())
}

func (r *Result) quality(b *strings.Builder) {
	fmt.Fprintln(b, "Quality on the test data, which nothing above has seen")
	interval := ""
	if r.Interval != nil {
		interval = fmt.Sprintf("  95 %% interval %.4f to %.4f (bootstrap, %s resamples)",
			r.Interval.Low, r.Interval.High, withCommas(r.Recipe.Resamples))
	}
	fmt.Fprintf(b, "  %-12s %9.4f%s\n", "accuracy", r.Score.Accuracy, interval)
	if r.Recipe.Table == nil {
		fmt.Fprintf(b, "  %-12s %9.4f  what label noise allows in this sample%s\n", "ceiling", r.Ceiling, r.expectedCeiling())
		fmt.Fprintf(b, "  %-12s %9.4f  accuracy against the labels before noise\n", "truth", r.Truth)
	}
	fmt.Fprintf(b, "  %-12s %9.4f\n", "log loss", r.Score.LogLoss)
	fmt.Fprintf(b, "  %-12s %9.4f\n", "AUC", r.Score.AUC)
	ones := int(math.Round(r.Test.Positive * float64(r.Test.Rows)))
	for class, n := range []int{r.Test.Rows - ones, ones} {
		fmt.Fprintf(b, "  %-12s %9.4f  of the %s that are %s\n", "recall", r.Score.Recall[class], withCommas(n), r.Classes[class])
	}
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
	for i, g := range r.Model.Trees.Gain() {
		shares = append(shares, share{r.Model.Trees.Features()[i], g})
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
