package trees_test

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets/reference/trees"
)

// The files and the predictions are by Python's xgboost: testdata/conformance.py kinds.
// There is one of every objective and kind of tree, as three versions write them.
func TestReadsEveryKindOfXGBoost(t *testing.T) {
	objectives := map[string]bool{}
	for _, version := range []string{"1.7.6", "2.1.4", "3.2.0"} {
		folder := filepath.Join("testdata", "kinds", version)
		rows, want := table(t, filepath.Join(folder, "rows.csv")), predictions(t, filepath.Join(folder, "predictions.csv"))
		for _, file := range modelFiles(t, folder) {
			name := strings.TrimSuffix(file, filepath.Ext(file))
			t.Run(version+" "+file, func(t *testing.T) {
				m := open(t, filepath.Join(folder, file))
				if len(want[name]) == 0 {
					t.Fatal("it has no predictions")
				}
				agreeAll(t, m, rows, perRow(want[name], len(rows)))
				scores := make([]float32, max(m.Classes(), 1))
				if n := testing.AllocsPerRun(10, func() { m.Score(rows[0], scores) }); n != 0 {
					t.Errorf("%v allocations", n)
				}
			})
			objectives[strings.Replace(name, "-", ":", 1)] = true
		}
		if len(want) < 24 {
			t.Errorf("version %s has %d models only", version, len(want))
		}
	}
	for _, name := range trees.Objectives() {
		if !objectives[name] {
			t.Errorf("no model is of objective %s", name)
		}
	}
}

// Every committed model predicts the same in the xgboost of today.
func TestXGBoostAgreesOnCommittedModels(t *testing.T) {
	python := xgboost(t)
	for _, version := range []string{"1.7.6", "2.1.4", "3.2.0"} {
		folder, out := filepath.Join("testdata", "kinds", version), filepath.Join(t.TempDir(), "out.csv")
		run(t, time.Minute, python, "testdata/conformance.py", "committed", folder, out)
		rows, want := table(t, filepath.Join(folder, "rows.csv")), predictions(t, out)
		for _, file := range modelFiles(t, folder) {
			t.Run(version+" "+file, func(t *testing.T) {
				agreeAll(t, open(t, filepath.Join(folder, file)), rows, perRow(want[file], len(rows)))
			})
		}
	}
}

func TestWriteOfCategoriesIsRefused(t *testing.T) {
	m := open(t, filepath.Join("testdata", "kinds", "3.2.0", "onehot.ubj"))
	if err := m.Write(io.Discard); err == nil || !strings.Contains(err.Error(), "splits by category are not written") {
		t.Errorf("error %v", err)
	}
}

func TestCategoriesGoRight(t *testing.T) {
	m, err := trees.Read(strings.NewReader(replaced(t, categorical("4, 2", "0", "0", "2"))))
	if err != nil {
		t.Fatal(err)
	}
	for x, right := range map[float64]bool{
		2: true, 4: true, 2.9: true, 3: false, 1.9: false, -2: false, 1 << 24: false, 1e30: false, math.Inf(1): false, math.Inf(-1): false, math.NaN(): false,
	} {
		if got := m.Predict([]float32{float32(x)}) > 0.5; got != right {
			t.Errorf("%v goes right: %v", x, got)
		}
	}
}

func TestFaultsOfUBJSON(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "kinds", "3.2.0", "dart.ubj"))
	if err != nil {
		t.Fatal(err)
	}
	for want, changed := range map[string][]byte{
		"not UBJSON at byte 2: it goes on for 8 bytes": data[:5],
		"it goes on for 8 bytes, and 6 are left":       data[:len(data)-9],
		"not the UBJSON, here as JSON of a model: learner.gradient_booster.gbtree.model.trees[0].left_children: item 0 is \"1e-45\", want a whole number of 32 bits": bytes.Replace(data, []byte("left_children[$l"), []byte("left_children[$d"), 1),
		"learner.attributes is a list, want an object": bytes.Replace(data, []byte("attributes{}"), []byte("attributes[]"), 1),
	} {
		if _, err := trees.Read(bytes.NewReader(changed)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func modelFiles(t testing.TB, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".csv" {
			names = append(names, e.Name())
		}
	}
	return names
}

// predictions reads a line for every model: its name, and its answers row after row.
func predictions(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float32{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		for _, field := range fields[1:] {
			v, err := strconv.ParseFloat(field, 32)
			if err != nil {
				t.Fatal(err)
			}
			all[fields[0]] = append(all[fields[0]], float32(v))
		}
	}
	return all
}

func perRow(values []float32, rows int) [][]float32 {
	parts := make([][]float32, rows)
	for i := range parts {
		parts[i] = values[i*len(values)/rows : (i+1)*len(values)/rows]
	}
	return parts
}
