package openmetrics_test

import (
	"bytes"
	"flag"
	"math"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/formattest"
	"servebench/reports/openmetrics"
	"servebench/reports/record/recordtest"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t *testing.T, a *analysis.Analysis) []byte {
	t.Helper()
	return formattest.Render(t, openmetrics.Format(), a)[openmetrics.File]
}

// parse reads the metrics as Prometheus' text format, of which gauges in OpenMetrics
// are a part, and holds them to what OpenMetrics asks for beyond it.
func parse(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	if !bytes.HasSuffix(text, []byte("\n# EOF\n")) {
		t.Errorf("ends in %.40q", text[max(0, len(text)-40):])
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, is := strings.CutPrefix(line, "# UNIT "); is {
			if name, unit, _ := strings.Cut(rest, " "); !strings.HasSuffix(name, "_"+unit) {
				t.Errorf("%s does not end in its unit %s", name, unit)
			}
		}
	}
	for name, f := range families {
		if f.GetType() != dto.MetricType_GAUGE || f.GetHelp() == "" {
			t.Errorf("%s: type %s, help %q", name, f.GetType(), f.GetHelp())
		}
		seen := make(map[string]bool)
		for _, m := range f.Metric {
			labels := ""
			for _, l := range m.Label {
				labels += l.String() + " "
			}
			if seen[labels] {
				t.Errorf("%s has two samples with %s", name, labels)
			}
			seen[labels] = true
		}
	}
	return families
}

func TestGolden(t *testing.T) {
	plans := recordtest.Judged()
	plans["ab slower"] = recordtest.Slower()
	invalid := recordtest.Slower()
	invalid.Targets[0].Late = 100
	plans["ab invalid"] = invalid
	plans["coldstart"] = recordtest.ColdStart()
	for name, p := range plans {
		t.Run(name, func(t *testing.T) {
			got := render(t, formattest.Analyse(t, p))
			parse(t, got)
			formattest.Golden(t, *update, name+".txt", got)
		})
	}
}

// The figures are those of the analysis, in seconds.
func TestFigures(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	families := parse(t, render(t, a))
	found := false
	for _, m := range families["servebench_response_time_seconds"].Metric {
		labels := make(map[string]string)
		for _, l := range m.Label {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["target"] != "container" || labels["quantile"] != "0.99" || labels["phase"] != "steady" {
			continue
		}
		found = true
		want := a.Rows[1].Response.Quantiles[2].Value.Seconds()
		if got := m.GetGauge().GetValue(); math.Abs(got-want) > 1e-5*want {
			t.Errorf("p99 %v, want %v", got, want)
		}
	}
	if !found {
		t.Error("there is no p99 of container")
	}
}

// An INVALID run has verdicts and no figures.
func TestInvalidHasNoFigures(t *testing.T) {
	families := parse(t, render(t, formattest.Analyse(t, recordtest.Judged()["invalid"])))
	if got := families["servebench_valid"].Metric[0].GetGauge().GetValue(); got != 0 {
		t.Errorf("valid is %v", got)
	}
	for name := range families {
		if strings.HasSuffix(name, "_seconds") || strings.HasSuffix(name, "_ratio") || strings.HasSuffix(name, "_per_second") {
			t.Errorf("there is %s", name)
		}
	}
}

// An A/B test that fails by its errors alone says so among its parts.
func TestABErrors(t *testing.T) {
	text := string(render(t, formattest.Analyse(t, recordtest.Failing())))
	want := `servebench_ab{scenario="gate",phase="steady",metric="errors",verdict="FAIL"} 1.0`
	if !strings.Contains(text, want) {
		t.Errorf("no %s in\n%s", want, text)
	}
}

func TestHostileText(t *testing.T) {
	parse(t, render(t, formattest.Analyse(t, recordtest.Hostile())))
}
