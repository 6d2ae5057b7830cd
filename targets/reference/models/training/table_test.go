package training_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/export"
	"servebench/targets/reference/models/training"
)

// generated writes examples of the generator credit, as `servebench generate` does.
func generated(t *testing.T, n int) string {
	t.Helper()
	g, err := credit.Kind().Open(generators.Config{Params: map[string]float64{credit.Function: 1, credit.Noise: 0}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "loans.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	format := export.Formats()[1]
	w := format.New(file, g.Schema())
	rng := rand.New(rand.NewPCG(1, 1))
	for range n {
		if err := w.Write(g.Next(rng)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTableOfTheGenerator(t *testing.T) {
	table, err := training.ReadTable(generated(t, 1000), "label", credit.Kind())
	if err != nil {
		t.Fatal(err)
	}
	r := small()
	r.Table = table
	result := run(t, r)
	if !table.OfGenerator || table.Classes[1] != "approved" || len(table.Data.Features) != 9 || result.Train.Rows != 600 || result.Score.Accuracy < 0.95 {
		t.Errorf("%d features, class %s, %d rows, accuracy %v; want the generator's, 600 and nearly 1", len(table.Data.Features), table.Classes[1], result.Train.Rows, result.Score.Accuracy)
	}
	var account strings.Builder
	if err := result.Account(&account); err != nil {
		t.Fatal(err)
	}
	if text := account.String(); !strings.HasPrefix(text, "Data: file loans.csv, seed 1\n") || strings.Contains(text, "truth") || strings.Contains(text, "ceiling") {
		t.Errorf("the account says of a file what only a generator knows:\n%s", text)
	}
	model, err := result.Model.Encode(false)
	if text := string(model); err != nil || !strings.Contains(text, `"generator":"credit"`) || !strings.Contains(text, `"examples":"1000"`) {
		t.Errorf("the attributes do not say whose features they are and how many examples: %v", err)
	}
}

func TestTableOfNumbers(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,x,note,outcome\n")
	for i := range 400 {
		text.WriteString(strings.Join([]string{"7", []string{"1.5", "-2"}[i%2], "n", []string{"no", "yes"}[i%2]}, ",") + "\n")
	}
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := training.ReadTable(path, "outcome", credit.Kind())
	if err != nil {
		t.Fatal(err)
	}
	r := small()
	r.Table = table
	if result := run(t, r); strings.Join(table.Data.Features, " ") != "id x" || table.Classes[1] != "yes" || table.OfGenerator || result.Score.Accuracy != 1 {
		t.Errorf("features %v, class %s, accuracy %v", table.Data.Features, table.Classes[1], result.Score.Accuracy)
	}
}

func TestTableFaults(t *testing.T) {
	features := "salary,commission,age,elevel,car,zipcode,hvalue,hyears,loan,label\n"
	for name, want := range map[string]string{
		"a,label\n1,x\n2,y\n3,z\n":                           "column label has 3 classes, want 2",
		"a,b\n1,x\n2,y\n":                                    `has no column "label"`,
		features + "1,1,1,phd,make-1,zip-1,1,1,1,declined\n": `line 2: column elevel: "phd" is no category; want one of none, school`,
		features + "1,1,1,none,make-1,zip-1,1,1,1,maybe\n":   `has the class "maybe", which is not among them`,
		features + "1,1,1,none,make-1,zip-1,1,1,1,\n1,1,1,none,make-1,zip-1,1,1,1,declined\n": "line 2: no label, want the class that was observed",
	} {
		path := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := training.ReadTable(path, "label", credit.Kind()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}
