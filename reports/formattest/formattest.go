// Package formattest is what the tests of the report formats have in common: it
// analyses synthetic runs, renders them into memory and holds them against golden
// files.
package formattest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/analysis/sample"
	"servebench/reports/prices"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

// Analyse makes the plan's run and analyses it. The run's folder is given a name that
// is the same everywhere.
func Analyse(t testing.TB, p recordtest.Plan) *analysis.Analysis {
	t.Helper()
	run := recordtest.Open(t, p)
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	const dir = "runs/" + recordtest.ID
	if a.AB != nil {
		a.AB.Command = strings.ReplaceAll(a.AB.Command, run.Dir, dir)
	}
	a.Run.Dir = dir
	return a
}

// Costs are those of a container and a function at a few places, one of which does not suit.
func Costs(t testing.TB) *cost.Costs {
	t.Helper()
	a := Analyse(t, recordtest.Sized())
	table := prices.Builtin()
	var places []cost.Place
	for _, id := range []string{
		"aws/us-east-1/ec2/c7i.large", "aws/us-east-1/fargate/x86_64", "aws/us-east-1/lambda/x86_64", "gcp/us-central1/cloud-run/request-based",
		"hetzner/eu/vm/CCX13", "aws/us-east-1/ec2/t4g.medium", "aws/us-east-1/sagemaker/ml.m5.large",
	} {
		p, known := cost.Find(cost.Places(table), id)
		if !known {
			t.Fatalf("there is no place %s", id)
		}
		places = append(places, p)
	}
	c, err := traffic.Parse("business-hours:200/s,peak=4x")
	if err != nil {
		t.Fatal(err)
	}
	measured := cost.Of(a.Set, a.Capacity, a.Diagnostics)
	failed := measured[0]
	failed.Target, failed.Rate = "uncertified", 0
	return cost.New(append(measured, failed), places, c, cost.Defaults(), table, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))
}

// Advice is where to serve by these Costs.
func Advice(t testing.TB) *advice.Advice {
	t.Helper()
	return advice.Of(Costs(t), advice.Moves([]*sample.Set{Analyse(t, recordtest.Sized()).Set}))
}

// Render renders the run and returns its files by name. A file that is written twice
// is an error of the test.
func Render(t testing.TB, f reports.Format, a *analysis.Analysis) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := f.Render(a, func(name string, content func(io.Writer) error) error {
		if files[name] != nil {
			return fmt.Errorf("%s was written before", name)
		}
		var file bytes.Buffer
		err := content(&file)
		files[name] = file.Bytes()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Golden holds what was rendered against the file testdata/NAME, which update writes
// anew.
func Golden(t testing.TB, update bool, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-"))
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got)\n%s", path, diff)
	}
}
