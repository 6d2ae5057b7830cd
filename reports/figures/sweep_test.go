package figures_test

import (
	"slices"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/figures"
	"servebench/reports/record/recordtest"
)

// TestSizes draws the sizes of a sweep: those that are the best of their cost are named, and
// no label covers another.
func TestSizes(t *testing.T) {
	a, err := analysis.Analyse(recordtest.Open(t, recordtest.Sizes()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"sizes":  {"cpus=0.5", "cpus=1", "memory=256", "memory=1769", "$ per million requests, emulated", "CPU ms kept per request"},
		"memory": {"256", "512", "1024", "1769", "3008", "memory, MB", "p50", "p99", "lambda"},
	}
	never := map[string][]string{"sizes": {"cpus=2", "memory=3008"}}
	for _, f := range figures.All(a) {
		labels := want[f.Name]
		if labels == nil {
			continue
		}
		if f.Missing != "" || f.Data == nil || !strings.Contains(f.Caption, "EMULATED") {
			t.Errorf("%s: missing %q, caption %s", f.Name, f.Missing, f.Caption)
		}
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		checkSVG(t, svg)
		drawn, _, _ := parseSVG(t, svg)
		var texts []string
		for _, l := range drawn {
			texts = append(texts, l.text)
		}
		for _, label := range labels {
			if !slices.Contains(texts, label) {
				t.Errorf("%s: %q is not among %q", f.Name, label, texts)
			}
		}
		for _, label := range never[f.Name] {
			if slices.Contains(texts, label) {
				t.Errorf("%s names %q, which another size beats", f.Name, label)
			}
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("not drawn: %v", want)
	}
}
