package trees_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/targets/reference/trees"
)

// requirements pins what the virtual environment holds. xgboost-cpu is xgboost
// without the gigabyte for graphics cards.
var requirements = []string{
	"xgboost-cpu==3.2.0", "numpy==2.4.6", "scipy==1.17.1",
	"scikit-learn==1.9.1", "joblib==1.6.0", "cloudpickle==3.1.3", "threadpoolctl==3.8.0", "narwhals==2.29.0", // of XGBClassifier
}

const installTimeout = 5 * time.Minute

func TestXGBoostPredictsTheSame(t *testing.T) {
	python := xgboost(t)
	d := rings(4000, 4)
	m, _ := train(t, rings(8000, 1), rings(2000, 2), nil)
	predictsTheSame(t, python, m, d)
}

// The built-in model, on rows that cover all of its ranges and beyond.
func TestXGBoostPredictsTheSameWithCredit(t *testing.T) {
	python := xgboost(t)
	m := open(t, filepath.Join("..", "models", "credit.json"))
	rng := seeded(5)
	d := trees.Data{Features: m.Features(), Labels: make([]uint8, 4000)}
	for range d.Len() {
		for _, high := range []float64{160_000, 80_000, 90, 5, 20, 9, 1_400_000, 31, 510_000} {
			d.Values = append(d.Values, float32(int(rng.Float64()*high)))
		}
	}
	predictsTheSame(t, python, m, d)
}

func predictsTheSame(t *testing.T, python string, m *trees.Model, d trees.Data) {
	t.Helper()
	dir := t.TempDir()
	model, rows, out := filepath.Join(dir, "model.json"), filepath.Join(dir, "rows.csv"), filepath.Join(dir, "out.csv")
	write(t, model, file(t, m))
	write(t, rows, format(d))
	run(t, time.Minute, python, "testdata/conformance.py", "predict", model, rows, out)
	agree(t, m, table(t, rows), table(t, out))
}

func TestPredictsTheSameAsXGBoost(t *testing.T) {
	python := xgboost(t)
	dir := t.TempDir()
	model, rows, out := filepath.Join(dir, "model.json"), filepath.Join(dir, "rows.csv"), filepath.Join(dir, "out.csv")
	run(t, time.Minute, python, "testdata/conformance.py", "train", model, rows, out)
	agree(t, open(t, model), table(t, rows), table(t, out))
}

func TestOtherObjectivesPredictTheSameAsXGBoost(t *testing.T) {
	python := xgboost(t)
	for _, kind := range []string{"classes", "values"} {
		dir := t.TempDir()
		model, rows, out := filepath.Join(dir, "model.json"), filepath.Join(dir, "rows.csv"), filepath.Join(dir, "out.csv")
		run(t, time.Minute, python, "testdata/conformance.py", kind, model, rows, out)
		agreeAll(t, open(t, model), table(t, rows), table(t, out))
	}
}

func TestEarlyStoppedPredictsTheSameAsXGBoost(t *testing.T) {
	python := xgboost(t)
	dir := t.TempDir()
	model, rows, out := filepath.Join(dir, "model.json"), filepath.Join(dir, "rows.csv"), filepath.Join(dir, "out.csv")
	run(t, time.Minute, python, "testdata/conformance.py", "early", model, rows, out)
	agreeEarly(t, open(t, model), table(t, rows), table(t, out))
	// xgboost reads the model back as it was, early stop and forests included.
	again := filepath.Join(dir, "again.json")
	write(t, again, file(t, open(t, model)))
	run(t, time.Minute, python, "testdata/conformance.py", "predict", again, rows, out)
	agree(t, open(t, again).AllIterations(), table(t, rows), table(t, out))
}

// xgboost returns the Python of a virtual environment with xgboost in it, which
// it makes at the module's root when it is not there yet.
func xgboost(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the comparison with Python's xgboost takes seconds, and minutes the first time")
	}
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 in PATH: apt-get install -y python3-venv runs the comparison with xgboost")
	}
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", ".venv", "xgboost"))
	if err != nil {
		t.Fatal(err)
	}
	python, done := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "complete")
	want := strings.Join(requirements, "\n")
	if have, err := os.ReadFile(done); err == nil && string(have) == want {
		return python
	}
	install(t, system, dir, python)
	write(t, done, []byte(want))
	return python
}

// install makes the virtual environment, and skips the test where that cannot
// be done: without the network, or without the venv module.
func install(t *testing.T, system, dir, python string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installTimeout)
	defer cancel()
	for _, command := range [][]string{
		{system, "-m", "venv", "--clear", dir},
		append([]string{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"}, requirements...),
	} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("no xgboost for Python: %s: %v; it needs python3-venv and a package index\n%s",
				strings.Join(command, " "), err, out)
		}
	}
}

func run(t *testing.T, timeout time.Duration, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
