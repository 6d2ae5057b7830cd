package benchmarkaction_test

import (
	"encoding/json"
	"flag"
	"path"
	"testing"

	"servebench/reports/benchmarkaction"
	"servebench/reports/formattest"
	"servebench/reports/record/recordtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// entry is what the action reads.
type entry struct {
	Name  string   `json:"name"`
	Unit  string   `json:"unit"`
	Value *float64 `json:"value"`
}

func parse(t *testing.T, text []byte) []entry {
	t.Helper()
	var all []entry
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	names := make(map[string]bool)
	for _, e := range all {
		if e.Name == "" || e.Unit == "" || e.Value == nil || names[e.Name] {
			t.Errorf("%+v is incomplete, or there twice", e)
		}
		names[e.Name] = true
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, p := range map[string]recordtest.Plan{"compare": recordtest.Compare(), "invalid": recordtest.Judged()["invalid"]} {
		t.Run(name, func(t *testing.T) {
			files := formattest.Render(t, benchmarkaction.Format(), formattest.Analyse(t, p))
			if len(files) != 2 {
				t.Fatalf("%d files", len(files))
			}
			for file, text := range files {
				parse(t, text)
				formattest.Golden(t, *update, name+"."+path.Base(file), text)
			}
		})
	}
}

// Each figure is in one of the files, in that of its direction.
func TestDirections(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	files := formattest.Render(t, benchmarkaction.Format(), a)
	smaller, bigger := parse(t, files[benchmarkaction.Smaller]), parse(t, files[benchmarkaction.Bigger])
	figures := 0
	for _, r := range a.Rows {
		figures += len(r.Figures())
	}
	if len(smaller)+len(bigger) != figures || len(bigger) == 0 {
		t.Errorf("%d and %d entries of %d figures", len(smaller), len(bigger), figures)
	}
	p99, goodput := false, false
	for _, e := range smaller {
		p99 = p99 || e.Name == "compare / physical / steady / p99 response time" && e.Unit == "ms" && *e.Value > 1 && *e.Value < 3
	}
	for _, e := range bigger {
		goodput = goodput || e.Name == "compare / physical / steady / goodput" && e.Unit == "1/s"
	}
	if !p99 || !goodput {
		t.Errorf("p99 %t, goodput %t", p99, goodput)
	}
}

func TestHostileText(t *testing.T) {
	for _, text := range formattest.Render(t, benchmarkaction.Format(), formattest.Analyse(t, recordtest.Hostile())) {
		parse(t, text)
	}
}
