package training_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"servebench/generators/credit"
	"servebench/targets/reference/models/training"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// small is a recipe that takes a fraction of a second.
func small() training.Recipe {
	r := training.Default()
	r.Examples, r.Folds, r.Resamples, r.Trees.Trees = 5000, 3, 200, 30
	return r
}

func run(t *testing.T, r training.Recipe) *training.Result {
	t.Helper()
	result, err := r.Run()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestAccountGolden(t *testing.T) {
	searched, perceptron := small(), small()
	searched.Examples, searched.Trees.Trees = 2000, 15
	searched.Params = map[string]float64{credit.Function: 10}
	searched.Balanced, searched.Search, searched.Ensemble = true, 12, 3
	perceptron.Kind, perceptron.MLP.Epochs, perceptron.Folds = training.MLP, 6, 0
	for name, recipe := range map[string]training.Recipe{"account": small(), "search": searched, "mlp": perceptron} {
		t.Run(name, func(t *testing.T) { golden(t, name, recipe) })
	}
}

func golden(t *testing.T, name string, recipe training.Recipe) {
	t.Helper()
	var account bytes.Buffer
	if err := run(t, recipe).Account(&account); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, account.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), account.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestResultIsPlausible(t *testing.T) {
	r := run(t, small())
	if r.Train.Rows != 3000 || r.Valid.Rows != 1000 || r.Test.Rows != 1000 {
		t.Errorf("parts %+v, %+v, %+v", r.Train, r.Valid, r.Test)
	}
	if math.Abs(r.Ceiling-0.95) > 0.03 || r.Score.Accuracy > r.Ceiling+0.02 || r.Score.Accuracy < 0.8 {
		t.Errorf("accuracy %v, ceiling %v", r.Score.Accuracy, r.Ceiling)
	}
	if r.Interval.Low > r.Score.Accuracy || r.Interval.High < r.Score.Accuracy {
		t.Errorf("the interval %v does not hold the accuracy %v", *r.Interval, r.Score.Accuracy)
	}
	if len(r.Folds) != 3 {
		t.Errorf("%d folds", len(r.Folds))
	}
}

// Judging the model must not change it, and the seed must.
func TestBytesDependOnTheSeedAlone(t *testing.T) {
	write := func(r training.Recipe) string {
		file, err := run(t, r).Model.Encode(false)
		if err != nil {
			t.Fatal(err)
		}
		return string(file)
	}
	plain := small()
	plain.Folds, plain.Resamples = 0, 0
	if write(small()) != write(plain) {
		t.Error("cross-validation or bootstrap changed the model")
	}
	other := plain
	other.Seed = 2
	if write(plain) == write(other) {
		t.Error("another seed gave the same model")
	}
}

func TestWithoutNoiseTheCeilingIsOne(t *testing.T) {
	r := small()
	r.Params = map[string]float64{credit.Noise: 0, credit.Function: 1}
	result := run(t, r)
	if result.Ceiling != 1 || result.Score.Accuracy < 0.999 {
		t.Errorf("function 1 without noise: accuracy %v, ceiling %v", result.Score.Accuracy, result.Ceiling)
	}
}

func TestRunReportsEveryFault(t *testing.T) {
	r := small()
	r.Examples, r.Folds, r.Resamples, r.Trees.Depth, r.Search, r.Ensemble = 7, 1, 5, 99, -1, 0
	r.Params = map[string]float64{credit.Noise: 2}
	_, err := r.Run()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"examples: 7", "folds: 1", "resamples: 5", "depth: 99", "noise: 2", "search: -1", "ensemble: 0"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

// The candidate that is chosen has the fewest nodes of all that are within one standard error of
// the best, and is what the model is trained with.
func TestSearchChoosesTheSimplest(t *testing.T) {
	r := small()
	r.Examples, r.Search, r.Trees.Trees = 2000, 15, 20
	told := 0
	r.Progress = func(number int, _ training.Candidate) {
		if told++; number != told {
			t.Errorf("candidate %d is told as number %d", told, number)
		}
	}
	result := run(t, r)
	s := result.Search
	if told != 15 || len(s.Candidates) != 15 || s.Candidates[0].Params.Depth != r.Trees.Depth {
		t.Errorf("%d candidates, %d told, the first is %+v", len(s.Candidates), told, s.Candidates[0])
	}
	best, chosen := s.Candidates[s.Best], s.Candidates[s.Chosen]
	for i, c := range s.Candidates {
		if c.Loss < best.Loss || c.Loss <= best.Loss+best.Error && c.Nodes < chosen.Nodes {
			t.Errorf("candidate %d, %+v, was to be chosen or best", i, c)
		}
	}
	if chosen.Loss > best.Loss+best.Error || chosen.Error <= 0 || chosen.Nodes > best.Nodes {
		t.Errorf("chosen is %+v, the best is %+v", chosen, best)
	}
	if result.Recipe.Trees != chosen.Params {
		t.Errorf("trained with %+v", result.Recipe.Trees)
	}
	r.Folds = 0
	if _, err := r.Run(); err == nil || !strings.Contains(err.Error(), "search: it needs folds") {
		t.Errorf("error %v without folds", err)
	}
}

// An ensemble is one model, with the trees of all of its members.
func TestEnsemble(t *testing.T) {
	r := small()
	r.Ensemble, r.Folds = 4, 0
	result := run(t, r)
	total := 0
	for _, c := range result.Curves {
		total += c.Best
	}
	if len(result.Curves) != 4 || result.Model.Trees.Trees() != total {
		t.Errorf("%d members of %d trees in all, the model has %d", len(result.Curves), total, result.Model.Trees.Trees())
	}
	for i, c := range result.Curves {
		if result.ValidLoss >= c.Valid[c.Best-1] {
			t.Errorf("the ensemble's loss %v is no better than %v, of its member %d", result.ValidLoss, c.Valid[c.Best-1], i+1)
		}
	}
}

// With weights that balance them, both classes are found alike; without, the rare one is not.
func TestBalancedClasses(t *testing.T) {
	r := small()
	r.Params, r.Folds = map[string]float64{credit.Function: 10, credit.Noise: 0.1}, 0
	plain := run(t, r)
	r.Balanced = true
	balanced := run(t, r)
	gap := func(r *training.Result) float64 { return math.Abs(r.Score.Recall[0] - r.Score.Recall[1]) }
	if gap(plain) < 0.3 || gap(balanced) > gap(plain)/2 {
		t.Errorf("recall %v, and balanced %v", plain.Score.Recall, balanced.Score.Recall)
	}
}
