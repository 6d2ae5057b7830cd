package calibration

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
)

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	here := Machine{CPU: "c", CPUs: 2, Kernel: "k", Generator: "1", Version: "v"}
	if c, err := Load(dir, here); c != nil || err != nil || Others(dir) {
		t.Errorf("nothing kept: %v, %v", c, err)
	}
	want := record.Calibration{
		Created: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Version: "v", MaxRate: 24_000,
		Floors: []record.Floor{{Rate: 100, N: 1000, P50: 90 * time.Microsecond, P99: time.Millisecond}},
	}
	for range 2 { // the second in the place of the first
		if err := Save(dir, Document{Schema: Schema, Machine: here, Calibration: want, Tries: []Try{{Rate: 1000, Valid: true}}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(dir, here)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v; want one file", files, err)
	}
	for name, change := range map[string]func(*Machine){
		"CPU": func(m *Machine) { m.CPU = "d" }, "CPUs": func(m *Machine) { m.CPUs = 4 }, "kernel": func(m *Machine) { m.Kernel = "l" },
		"generator": func(m *Machine) { m.Generator = "0" }, "version": func(m *Machine) { m.Version = "w" },
	} {
		other := here
		change(&other)
		if c, err := Load(dir, other); c != nil || err != nil || !Others(dir) {
			t.Errorf("with another %s: %v, %v; want none", name, c, err)
		}
	}
}

func TestLoadRefusesWhatIsDamaged(t *testing.T) {
	dir, here := t.TempDir(), Machine{CPU: "c"}
	if err := os.WriteFile(here.fileIn(dir), []byte(`{"schema": "serve`), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(dir, here); err == nil {
		t.Errorf("a damaged file is %v", c)
	}
	if err := os.WriteFile(here.fileIn(dir), []byte(`{"schema": "servebench.calibration/v9"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(dir, here); c != nil || err != nil {
		t.Errorf("another schema: %v, %v; want none", c, err)
	}
}

// FuzzLoad wants no file to bring Load down.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"schema": "servebench.calibration/v1", "max_rate": 1, "floors": [{"rate": 1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir, here := t.TempDir(), Machine{}
		if err := os.WriteFile(here.fileIn(dir), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := Load(dir, here); c != nil && err != nil {
			t.Errorf("%v beside %v", c, err)
		}
	})
}

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
