package models_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/targets/reference/models"
	"servebench/targets/reference/models/training"
)

var update = flag.Bool("update", false, "train the built-in models anew and write their files")

// The built-in model is what `refserver train` makes with its defaults.
func TestCreditIsReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: training takes seconds")
	}
	recipe := training.Default()
	recipe.Folds, recipe.Resamples = 0, 0 // they judge the model and do not change it
	result, err := recipe.Run()
	if err != nil {
		t.Fatal(err)
	}
	trained, err := result.Model.Encode(false)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("credit.json", trained, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("credit.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(trained, committed) {
		t.Errorf("training gave other bytes than credit.json (%d and %d): if that is meant, `go test -update` rewrites the file and `make build` embeds it",
			len(trained), len(committed))
	}
}

// TestCreditIsGood judges the model on examples of another seed.
func TestCreditIsGood(t *testing.T) {
	m := named(t, "credit")
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.Schema(), m.Schema); diff != "" || m.Generator != "credit" {
		t.Errorf("generator %q, schema -want +got:\n%s", m.Generator, diff)
	}
	rng := rand.New(rand.NewPCG(99, 99))
	const n = 10_000
	label, truth := 0, 0
	for range n {
		e := g.Next(rng)
		class := m.Served().Answer(e.Features).Label
		if class == e.Label.Label {
			label++
		}
		if class == e.Truth {
			truth++
		}
	}
	if label < 0.92*n || truth < 0.97*n {
		t.Errorf("accuracy is %v, before noise %v, of %d", label, truth, n)
	}
}

func TestNamed(t *testing.T) {
	for _, m := range models.All() {
		if got := named(t, m.Name); got != m || m.Doc == "" || m.Version == "" {
			t.Errorf("model %+v", m)
		}
	}
	_, err := models.Named("crdit")
	if want := `unknown model "crdit", want one of credit`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestPredictDoesNotAllocate(t *testing.T) {
	m := named(t, "credit")
	row, scores := make([]float32, len(m.Schema.Features)), make([]float32, 2)
	if n := testing.AllocsPerRun(100, func() { m.Predict(row, scores) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPredictTakesAnyValue(t *testing.T) {
	m := named(t, "credit")
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32} {
		row := make([]float32, len(m.Schema.Features))
		for i := range row {
			row[i] = float32(v)
		}
		if p := m.Served().Answer(row).Probabilities[1]; !(p > 0 && p < 1) {
			t.Errorf("all features %v: probability %v", v, p)
		}
	}
}

func TestReadOfAnotherModel(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "trees", "testdata", "xgboost-3.2.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := models.Read("mine", f)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "mine" || m.Generator != "" || len(m.Schema.Features) != 6 || m.Schema.Features[5].Name != "f5" {
		t.Errorf("model %+v", m)
	}
	if diff := cmp.Diff([]string{"0", "1"}, m.Schema.Classes); diff != "" {
		t.Error(diff)
	}
}

func TestOpenReadsUBJSON(t *testing.T) {
	path := filepath.Join("..", "trees", "testdata", "kinds", "3.2.0", "partition.ubj")
	m, err := models.Open("mine", path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if m.SHA256 != fmt.Sprintf("%x", sha256.Sum256(file)) || m.Bytes != int64(len(file)) || !m.Unnamed || len(m.Schema.Features) != 4 || m.Schema.Classes != nil {
		t.Errorf("model %+v", m)
	}
	broken := filepath.Join(t.TempDir(), "broken.ubj")
	if err := os.WriteFile(broken, file[:100], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := models.Open("mine", broken); err == nil || !strings.Contains(err.Error(), broken+": model mine: read XGBoost model: not UBJSON at byte") {
		t.Errorf("error %v", err)
	}
}

// Rows made for a model reach both sides of every split, and are the same for a seed.
func TestExamplesReachEveryLeaf(t *testing.T) {
	for _, name := range []string{"partition.ubj", "onehot.json", "multi-softprob.ubj"} {
		m, err := models.Open("mine", filepath.Join("..", "trees", "testdata", "kinds", "2.1.4", name))
		if err != nil {
			t.Fatal(err)
		}
		g, a, b := m.Examples(), rand.New(rand.NewPCG(1, 0)), rand.New(rand.NewPCG(1, 0))
		if diff := cmp.Diff(m.Schema, g.Schema()); diff != "" {
			t.Error(diff)
		}
		answers := map[float32]bool{}
		scores := make([]float32, m.Served().Scores())
		for range 5000 {
			row, same := g.Next(a).Features, g.Next(b).Features
			if diff := cmp.Diff(row, same); diff != "" || len(row) != len(m.Schema.Features) {
				t.Fatal(diff)
			}
			m.Predict(row, scores)
			answers[scores[0]] = true
		}
		if len(answers) < 30 {
			t.Errorf("%s: %d different answers to 5,000 rows", name, len(answers))
		}
	}
}

// A file that claims a generator but has other features does not get its schema.
func TestReadChecksTheGenerator(t *testing.T) {
	data, err := os.ReadFile("credit.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(data), `"salary"`, `"wages"`, 1)
	m, err := models.Read("mine", strings.NewReader(changed))
	if err != nil {
		t.Fatal(err)
	}
	if m.Generator != "" || m.Schema.Features[0].Name != "wages" || m.Schema.Features[0].Doc != "" {
		t.Errorf("generator %q, first feature %+v", m.Generator, m.Schema.Features[0])
	}
}

// A model in ONNX takes the rows of a request together, and answers each as alone.
func TestONNXPredictsBatches(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "onnx", "testdata", "mlp.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := models.Read("mine", f)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "mine" || len(m.Schema.Features) != 20 || m.Schema.Features[19].Name != "f19" || len(m.Schema.Classes) != 2 {
		t.Errorf("model %+v", m)
	}
	const rows = 150
	rng := rand.New(rand.NewPCG(3, 0))
	features := make([]float32, rows*20)
	for i := range features {
		features[i] = float32(rng.NormFloat64())
	}
	scores, err := m.Served().PredictRows(nil, features, rows)
	if err != nil || len(scores) != rows*2 {
		t.Fatalf("%d scores: %v", len(scores), err)
	}
	for i := range rows {
		alone := m.Served().Answer(features[i*20 : (i+1)*20]).Probabilities
		if d := alone[1] - scores[2*i+1]; d > 1e-6 || d < -1e-6 {
			t.Fatalf("row %d: %v in a batch, %v alone", i, scores[2*i:2*i+2], alone)
		}
	}
	if _, err := m.Served().PredictRows(nil, []float32{float32(math.NaN()), 19: 0}, 1); err == nil || !strings.Contains(err.Error(), "which is not a probability") {
		t.Errorf("got error %v", err)
	}
}

func TestReadNamesTheModel(t *testing.T) {
	_, err := models.Read("mine", strings.NewReader("{}"))
	if err == nil || !strings.Contains(err.Error(), "model mine: ") {
		t.Errorf("got error %v", err)
	}
}

func named(tb testing.TB, name string) *models.Model {
	tb.Helper()
	m, err := models.Named(name)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func BenchmarkPredictCredit(b *testing.B) {
	m := named(b, "credit")
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	rows := make([][]float32, 4096)
	for i := range rows {
		rows[i] = g.Next(rng).Features
	}
	b.ReportAllocs()
	var scores [2]float32
	i := 0
	for b.Loop() {
		m.Predict(rows[i%len(rows)], scores[:])
		i++
	}
}

// BenchmarkReadCredit is the part of the server's start that the model takes.
func BenchmarkReadCredit(b *testing.B) {
	data, err := os.ReadFile("credit.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := models.Read("credit", bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
