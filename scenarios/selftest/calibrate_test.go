package selftest

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
	"servebench/scenarios/calibration"
)

// TestWriteCalibration wants the table to say which floors are not known and why,
// and whether the figures are kept.
func TestWriteCalibration(t *testing.T) {
	for _, tt := range []struct {
		quick bool
		cpus  string
		want  []string
	}{
		{true, "0", []string{"on CPU 0 of", "which are not kept", "No floor at 7025/s, in two tries: p50 6.71ms"}},
		{false, "1-3", []string{"on CPUs 1-3 of"}},
		{false, "0,2", []string{"on CPUs 0,2 of"}},
	} {
		var b strings.Builder
		err := WriteCalibration(&b, calibration.Document{
			Quick: tt.quick, Machine: calibration.Machine{Generator: tt.cpus},
			Calibration: record.Calibration{MaxRate: 7025, Floors: []record.Floor{{Rate: 100, N: 1000, P50: 90 * time.Microsecond}}},
			LeftOut:     []calibration.LeftOut{{Rate: 7025, Why: "p50 6.71ms, too much"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("it does not say %q:\n%s", want, b.String())
			}
		}
		if strings.Contains(b.String(), "not kept") != tt.quick {
			t.Errorf("quick %t:\n%s", tt.quick, b.String())
		}
	}
}

// TestJudgedFloor wants no floor of a busy machine, nor of a generator that was not
// VALID.
func TestJudgedFloor(t *testing.T) {
	made := func(v record.Validity, p50 time.Duration) *analysis.Analysis {
		response := stat.Distribution{N: 100}
		response.Quantiles[0].Known, response.Quantiles[0].Value = true, p50
		return &analysis.Analysis{
			Validity: v, Set: &sample.Set{Rows: []sample.Row{{Response: response}}},
			Diagnostics: []record.Diagnostic{{Severity: map[bool]record.Severity{true: record.SeverityError}[v != record.Valid], Figure: "lag 9 ms"}},
		}
	}
	for want, a := range map[string]*analysis.Analysis{
		"":                    made(record.Valid, time.Millisecond),
		"INVALID: lag 9 ms":   made(record.Invalid, time.Millisecond),
		"p50 6.71ms, of":      made(record.Valid, 6710*time.Microsecond),
		"nothing was measure": {Validity: record.Valid, Set: &sample.Set{}},
	} {
		if _, why := judgedFloor(1000, a, nil); (why == "") != (want == "") || !strings.HasPrefix(why, want) {
			t.Errorf("no floor because of %q, want %q", why, want)
		}
	}
}
