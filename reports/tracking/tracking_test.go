package tracking_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/format"
	"servebench/reports/formattest"
	"servebench/reports/mlflow"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
	"servebench/reports/tracking"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRuns looks at runs of all kinds.
func TestRuns(t *testing.T) {
	shown := map[string]recordtest.Plan{"compare": recordtest.Compare(), "ab": recordtest.ABTest(), "capacity": recordtest.Search(), "retrained": recordtest.Retrained()}
	others := map[string]recordtest.Plan{
		"hostile": recordtest.Hostile(), "coldstart": recordtest.ColdStart(), "refused": recordtest.Refused(), "invalid": recordtest.Judged()["invalid"],
	}
	for name, p := range shown {
		t.Run(name, func(t *testing.T) {
			run := tracking.New(formattest.Analyse(t, p), "4f1d2c9")
			takes(t, run)
			formattest.Golden(t, *update, name+".txt", []byte(text(run)))
		})
	}
	for name, p := range others {
		t.Run(name, func(t *testing.T) {
			a := formattest.Analyse(t, p)
			run := tracking.New(a, "")
			takes(t, run)
			if invalid := name == "refused" || name == "invalid"; invalid != (a.Validity == record.Invalid) {
				t.Fatalf("the run is %s", a.Validity)
			} else if invalid {
				hasNoFigures(t, run)
			}
		})
	}
}

// text is a run for people to compare.
func text(r tracking.Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %v\n", r.Name, r.Status, r.End.Sub(r.Start))
	for _, p := range r.Params {
		fmt.Fprintf(&b, "  parameter %s = %s\n", p.Key, p.Value)
	}
	for _, p := range r.Tags {
		fmt.Fprintf(&b, "  tag %s = %s\n", p.Key, p.Value)
	}
	for _, m := range r.Metrics {
		fmt.Fprintf(&b, "  metric %s = %.6g\n", m.Key, m.Value)
	}
	for _, child := range r.Children {
		b.WriteString("\n" + text(child))
	}
	return b.String()
}

// takes holds a run to what MLflow takes: names once, values that are there and not too long,
// and numbers alone.
func takes(t *testing.T, r tracking.Run) {
	t.Helper()
	if r.Name != format.Plain(r.Name) {
		t.Errorf("a run is called %q", r.Name)
	}
	seen := map[string]bool{}
	take := func(kind, key string) {
		if seen[kind+key] || key != mlflow.Name(strings.Split(key, "/")...) {
			t.Errorf("%s: %s %q is there twice, or no name", r.Name, kind, key)
		}
		seen[kind+key] = true
	}
	for _, p := range r.Params {
		if take("parameter", p.Key); p.Value == "" || p.Value != format.Plain(p.Value) || len(p.Value) > mlflow.LongestParam {
			t.Errorf("%s: %s = %q", r.Name, p.Key, p.Value)
		}
	}
	for _, p := range r.Tags {
		if take("tag", p.Key); p.Value == "" || len(p.Value) > mlflow.LongestTag {
			t.Errorf("%s: %s = %q", r.Name, p.Key, p.Value)
		}
	}
	for _, m := range r.Metrics {
		if take("metric", m.Key); math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			t.Errorf("%s: %s = %v", r.Name, m.Key, m.Value)
		}
	}
	for _, child := range r.Children {
		takes(t, child)
	}
}

// hasNoFigures wants a run whose measurement failed to say so, and to have nothing that somebody
// could compare.
func hasNoFigures(t *testing.T, r tracking.Run) {
	t.Helper()
	for _, tag := range []string{tracking.TagValidity, tracking.TagVerdict} {
		if !slices.Contains(r.Tags, mlflow.Param{Key: tag, Value: "INVALID"}) || r.Status != mlflow.Failed {
			t.Errorf("%s: status %s, tags %v", r.Name, r.Status, r.Tags)
		}
	}
	for _, m := range r.Metrics {
		if !strings.HasPrefix(m.Key, "requests.") {
			t.Errorf("%s: %s = %v", r.Name, m.Key, m.Value)
		}
	}
	for _, child := range r.Children {
		hasNoFigures(t, child)
	}
}

// The figures are those of the table, and no figure stands for one that is not known.
func TestFiguresAreTheTables(t *testing.T) {
	short := recordtest.Compare()
	short.Phases[1].Duration = 2 * time.Second
	a := formattest.Analyse(t, short)
	row := a.Rows[1]
	got := map[string]float64{}
	for _, f := range tracking.Figures(a, row) {
		got[f.Name] = f.Value
	}
	p50, p99 := row.Response.Quantiles[0], row.Response.Quantiles[2]
	for name, want := range map[string]float64{
		"p50_ms": p50.Value.Seconds() * 1000, "p50_ms.low": p50.Low.Seconds() * 1000, "p50_ms.high": p50.High.Seconds() * 1000,
		"p99_ms": p99.Value.Seconds() * 1000, "n": float64(row.Response.N),
		"service_p50_ms": row.Service.Quantiles[0].Value.Seconds() * 1000, "goodput_rps": row.Goodput, "ok_rps": row.OKRate, "offered_rps": row.Offered,
		"error_rate": row.ErrorRate().Value, "error_rate.high": row.ErrorRate().High, "agreement.n": float64(row.Agreement.N),
		"requests.failed": float64(row.Ledger.Failed),
	} {
		if value, there := got[name]; !there || value != want {
			t.Errorf("%s is %v (%t), want %v", name, value, there, want)
		}
	}
	if row.Response.Quantiles[3].Known || p99.HasInterval || !p50.HasInterval {
		t.Fatal("want a run with too few requests for a p99.9 and for the interval of a p99")
	}
	for _, name := range []string{"p99.9_ms", "p99_ms.low", "first_byte_p50_ms"} {
		if value, there := got[name]; there {
			t.Errorf("%s is not known, and said to be %v", name, value)
		}
	}
}

func TestArtifacts(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"report.html", "cells/a.hlog", "cells/a.vegeta", "figures/forest.png", ".report.html-1234", ".hidden/x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := tracking.Artifacts(dir)
	if want := []string{"cells/a.hlog", "figures/forest.png", "report.html"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
