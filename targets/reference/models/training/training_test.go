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
	var account bytes.Buffer
	if err := run(t, small()).Account(&account); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "account.golden")
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
		var b bytes.Buffer
		if err := run(t, r).Model.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
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
	r.Examples, r.Folds, r.Resamples, r.Trees.Depth = 7, 1, 5, 99
	r.Params = map[string]float64{credit.Noise: 2}
	_, err := r.Run()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"examples: 7", "folds: 1", "resamples: 5", "depth: 99", "noise: 2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
