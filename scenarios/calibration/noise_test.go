package calibration

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"servebench/reports/record"
)

func TestNoiseStore(t *testing.T) {
	dir, here := t.TempDir(), Machine{CPU: "c", CPUs: 2}
	want := record.Noise{Rounds: 30, Floors: map[string]float64{record.MetricP50: 0.02}}
	if err := SaveNoise(dir, NoiseFloor{Machine: here, Scenario: "name: a\n", Noise: want}); err != nil {
		t.Fatal(err)
	}
	got, err := LoadNoise(dir, here, "name: a\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("LoadNoise (-want +got):\n%s", diff)
	}
	if n, err := LoadNoise(dir, here, "name: b\n"); n != nil || err != nil {
		t.Errorf("under another scenario: %v, %v; want none", n, err)
	}
	if n, err := LoadNoise(dir, Machine{CPU: "d"}, "name: a\n"); n != nil || err != nil {
		t.Errorf("on another machine: %v, %v; want none", n, err)
	}
	if Others(dir) {
		t.Error("a noise floor counts as a calibration")
	}
	if err := os.WriteFile(NoiseFloor{Machine: here, Scenario: "name: a\n"}.File(dir), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := LoadNoise(dir, here, "name: a\n"); err == nil {
		t.Errorf("a damaged file is %v", n)
	}
}
