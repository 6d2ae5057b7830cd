package text_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
	"servebench/reports/text"
)

// limited is a run of one target with limits of every kind.
func limited() recordtest.Plan {
	p := recordtest.Compare()
	p.Targets = p.Targets[:1]
	p.SLO.Service = record.Quantiles{P50: 830 * time.Microsecond, P999: time.Millisecond}
	p.SLO.FirstByte = record.Quantiles{P99: 5 * time.Millisecond}
	p.SLO.Goodput, p.SLO.ColdStart = 390, time.Second
	return p
}

// TestLimits reads whole reports and those of the limits alone.
func TestLimits(t *testing.T) {
	starts := recordtest.ColdStart()
	starts.SLO = record.SLO{ColdStart: 100 * time.Millisecond}
	invalid := limited()
	invalid.Targets[0].GeneratorCPU = 0.91
	for name, plan := range map[string]recordtest.Plan{"limited": limited(), "limited-starts": starts, "limited-invalid": invalid} {
		t.Run(name, func(t *testing.T) {
			a := analyse(t, plan)
			a.Run.Command = []string{"servebench", "run", "compare", "--rounds", "3"}
			var whole, alone bytes.Buffer
			if err := text.Write(&whole, document.New(a), text.Style{}); err != nil {
				t.Fatal(err)
			}
			if err := text.Write(&alone, document.Limits(a), text.Style{}); err != nil {
				t.Fatal(err)
			}
			goldenText(t, name, whole.String())
			goldenText(t, name+"-gates", alone.String())
		})
	}
}

// TestOtherLimits says by what a run is judged.
func TestOtherLimits(t *testing.T) {
	p := limited()
	a, err := analysis.AnalyseBy(recordtest.Open(t, p), record.SLO{P99: time.Second}, "--set slo.p99=1s")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := text.Write(&got, document.Limits(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "Judged by --set slo.p99=1s, not by the limits that the run was made with."; !strings.Contains(got.String(), want) {
		t.Errorf("%s\nwant %s", got.String(), want)
	}
}

// TestRoundsAreJudgedByOtherLimitsAgain has limits that more rounds would settle, and
// that the run which the command plays does not know.
func TestRoundsAreJudgedByOtherLimitsAgain(t *testing.T) {
	run := recordtest.Open(t, limited())
	run.Command = []string{"servebench", "run", "compare", "--rounds", "3"}
	a, err := analysis.AnalyseBy(run, record.SLO{Service: record.Quantiles{P50: 830 * time.Microsecond}}, "--set slo.service.p50=830us")
	if err != nil {
		t.Fatal(err)
	}
	if _, command := a.More(); command == "" {
		t.Fatalf("nothing to settle: %+v", a.Gates)
	}
	var got bytes.Buffer
	if err := text.Write(&got, document.Limits(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "\n    servebench gate RUN --set slo.service.p50=830us\n"; !strings.Contains(got.String(), want) {
		t.Errorf("%s\nwant %s", got.String(), want)
	}
}

// TestNoEndlessRunIsProposed: what would take days is said, and is no command to copy.
func TestNoEndlessRunIsProposed(t *testing.T) {
	run := recordtest.Open(t, limited())
	run.Command = []string{"servebench", "run", "compare", "--rounds", "3"}
	run.Finished = run.Created.Add(5 * time.Hour)
	a, err := analysis.AnalyseBy(run, record.SLO{Service: record.Quantiles{P50: 830 * time.Microsecond}}, "--set slo.service.p50=830us")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := text.Write(&got, document.Limits(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "quieter machine") || strings.Contains(got.String(), "--rounds") || strings.Contains(got.String(), "gate RUN") {
		t.Error(got.String())
	}
}

// goldenText compares a text for the terminal with its file.
func goldenText(t *testing.T, name, got string) {
	t.Helper()
	golden(t, name+".txt", got)
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("a line of %d columns: %s", n, line)
		}
	}
}
