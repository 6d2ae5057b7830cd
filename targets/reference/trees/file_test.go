package trees_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/targets/reference/trees"
)

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	d := rings(2000, 1)
	m, _ := train(t, d, trees.Data{}, func(p *trees.Params) { p.Trees = 10 })
	m = m.WithAttributes(map[string]string{"seed": "1", "by": "a \"test\""})
	data := file(t, m)
	back, err := trees.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file(t, back), data) {
		t.Error("written again, the file differs")
	}
	for i := range d.Len() {
		if a, b := m.Predict(d.Row(i)), back.Predict(d.Row(i)); a != b {
			t.Fatalf("row %d: %v became %v", i, a, b)
		}
	}
}

// The files and the predictions are by Python's xgboost: testdata/conformance.py
// train. The older version writes base_score without brackets.
func TestReadsModelsOfXGBoost(t *testing.T) {
	rows := table(t, filepath.Join("testdata", "rows.csv"))
	for _, version := range []string{"2.1.4", "3.2.0"} {
		t.Run(version, func(t *testing.T) {
			m := open(t, filepath.Join("testdata", "xgboost-"+version+".json"))
			want := table(t, filepath.Join("testdata", "xgboost-"+version+".predictions.csv"))
			agree(t, m, rows, want)
		})
	}
}

// The files and the predictions are by Python's xgboost: testdata/conformance.py
// early. Version 1 has no iteration_indptr.
func TestEarlyStoppedModelPredictsAsTheEstimator(t *testing.T) {
	rows := table(t, filepath.Join("testdata", "early-rows.csv"))
	for _, version := range []string{"1.7.6", "2.1.4", "3.2.0"} {
		t.Run(version, func(t *testing.T) {
			m := open(t, filepath.Join("testdata", "early-"+version+".json"))
			want := table(t, filepath.Join("testdata", "early-"+version+".predictions.csv"))
			agreeEarly(t, m, rows, want)
			back, err := trees.Read(bytes.NewReader(file(t, m)))
			if err != nil {
				t.Fatal(err)
			}
			agreeEarly(t, back, rows, want)
		})
	}
}

// agreeEarly fails unless the model predicts the first column, which XGBClassifier
// predicted, and with all iterations the second, by Booster.predict.
func agreeEarly(t *testing.T, m *trees.Model, rows, want [][]float32) {
	t.Helper()
	agree(t, m, rows, want)
	all := slices.Clone(want)
	far := 0.0
	for i := range all {
		far = max(far, math.Abs(float64(want[i][0]-want[i][1])))
		all[i] = want[i][1:]
	}
	if far < 0.05 {
		t.Errorf("the two differ by %g at most: that tells nothing", far)
	}
	agree(t, m.AllIterations(), rows, all)
	if used, n := m.UsedIterations(), m.Iterations(); used+4 != n || m.Trees() != 2*n {
		t.Errorf("%d of %d iterations are used, of %d trees; want all but 4, of 2 trees each", used, n, m.Trees())
	}
}

// The files and the predictions are by Python's xgboost: testdata/conformance.py
// classes and values. Since version 3.1 every class starts from a score of its own.
func TestReadsOtherObjectives(t *testing.T) {
	for kind, classes := range map[string]int{"classes": 3, "values": 0} {
		rows := table(t, filepath.Join("testdata", kind+"-rows.csv"))
		for _, version := range []string{"2.1.4", "3.2.0"} {
			t.Run(kind+"-"+version, func(t *testing.T) {
				path := filepath.Join("testdata", kind+"-"+version+".json")
				m := open(t, path)
				if m.Classes() != classes {
					t.Errorf("%d classes, want %d", m.Classes(), classes)
				}
				want := table(t, filepath.Join("testdata", kind+"-"+version+".predictions.csv"))
				agreeAll(t, m, rows, want)
				if err := m.Write(io.Discard); err == nil {
					t.Error("it was written, which drops what it starts from")
				}
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				hard, err := trees.Read(bytes.NewReader(bytes.ReplaceAll(text, []byte("multi:softprob"), []byte("multi:softmax"))))
				if err != nil {
					t.Fatal(err)
				}
				agreeAll(t, hard, rows, want)
				scores := make([]float32, len(want[0]))
				if n := testing.AllocsPerRun(100, func() { m.Score(rows[0], scores) }); n != 0 {
					t.Errorf("%v allocations", n)
				}
			})
		}
	}
}

// agreeAll fails unless the scores are those wanted, in every row, to a hundred-thousandth.
// Of two classes it may be the last one's alone.
func agreeAll(t *testing.T, m *trees.Model, rows, want [][]float32) {
	t.Helper()
	if len(rows) == 0 || len(rows) != len(want) {
		t.Fatalf("%d rows, %d predictions", len(rows), len(want))
	}
	all := make([]float32, max(m.Classes(), 1))
	scores := all[len(all)-len(want[0]):]
	for i, row := range rows {
		m.Score(row, all)
		for j, s := range scores {
			if w := float64(want[i][j]); !(math.Abs(float64(s)-w) <= 1e-5*max(1, math.Abs(w))) {
				t.Fatalf("row %d: scores %v, want %v", i, scores, want[i])
			}
		}
	}
}

func TestReadOfClassesFaults(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "classes-3.2.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{
		`num_class is "1", want a number from 2 to 4096`: {`"num_class":"3","num_f`, `"num_class":"1","num_f`},
		"base_score is": {`"base_score":"[`, `"base_score":"[1E0,`},
		"tree_info does not name one of 3 classes for each of": {`"tree_info":[0`, `"tree_info":[3`},
		"want a number, or 3": {`"base_score":"[`, `"base_score":"[inf,`},
	} {
		changed := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(changed, text) {
			t.Fatalf("%s: nothing to change", change[0])
		}
		if _, err := trees.Read(bytes.NewReader(changed)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// The files are by Python's xgboost: testdata/conformance.py foreign.
func TestReadSaysWhatAForeignFileIs(t *testing.T) {
	for name, want := range map[string]string{
		"booster-3.2.0.pkl":      "Python pickle; in Python, load it the way it was saved",
		"config-3.2.0.json":      "settings and no trees, as save_config writes them",
		"dump-3.2.0.json":        "output of dump_model",
		"dump-3.2.0.txt":         "output of dump_model",
		"model-1.7.6.bin":        "old binary format",
		"model-2.1.4.deprecated": "old binary format",
		"linear-1.7.6.ubj":       `learner.gradient_booster.name is "gblinear", want gbtree or dart: only trees are read`,
		"linear-3.2.0.ubj":       `learner.gradient_booster.name is "gblinear", want gbtree or dart`,
		"targets-2.1.4.ubj":      "learner.learner_model_param.num_target is 2, want 1: models of several targets are not read",
		"targets-3.2.0.ubj":      "num_target is 2, want 1",
		"vector-leaf-2.1.4.ubj":  "num_target is 2, want 1",
		"vector-leaf-3.2.0.ubj":  "num_target is 2, want 1",
		"quantiles-2.1.4.ubj":    "num_target is 2, want 1",
		"quantiles-3.2.0.ubj":    "num_target is 2, want 1",
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", "foreign", name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			_, err = trees.Read(f)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "invalid character") {
				t.Errorf("got error %v, want %s", err, want)
			}
		})
	}
}

// agree fails unless the predictions are those wanted, one per row, to 1e-5.
func agree(t *testing.T, m *trees.Model, rows, want [][]float32) {
	t.Helper()
	if len(rows) == 0 || len(rows) != len(want) {
		t.Fatalf("%d rows, %d predictions", len(rows), len(want))
	}
	worst := 0.0
	for i, row := range rows {
		worst = max(worst, math.Abs(float64(m.Predict(row)-want[i][0])))
	}
	if !(worst <= 1e-5) {
		t.Errorf("predictions differ by up to %g", worst)
	}
	t.Logf("%d predictions differ by %.2g at most", len(rows), worst)
}

// tiny is a model of one split: x < 0.5 and missing go left.
const tiny = `{"learner": {"attributes": {}, "feature_names": [], "feature_types": [],
"gradient_booster": {"name": "gbtree", "model": {"trees": [{
"left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
"split_conditions": [0.5, -1.5, 2.5], "split_type": [0, 0, 0], "default_left": [1, 0, 0],
"loss_changes": [9, 0, 0], "sum_hessian": [4, 2, 2], "base_weights": [0, -1.5, 2.5]}]}},
"learner_model_param": {"base_score": "5E-1", "num_feature": "1", "num_class": "0", "num_target": "1"},
"objective": {"name": "binary:logistic"}}, "version": [2, 0, 0]}`

func TestReadVariants(t *testing.T) {
	for name, edit := range map[string][2]string{
		"as it is":            {"", ""},
		"base score brackets": {`"5E-1"`, `"[5E-1]"`},
		"booleans":            {`"default_left": [1, 0, 0]`, `"default_left": [true, false, false]`},
		"deleted and reordered nodes": {
			`"left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
"split_conditions": [0.5, -1.5, 2.5], "split_type": [0, 0, 0], "default_left": [1, 0, 0],
"loss_changes": [9, 0, 0], "sum_hessian": [4, 2, 2], "base_weights": [0, -1.5, 2.5]`,
			`"left_children": [3, -1, -1, -1], "right_children": [1, -1, -1, -1], "split_indices": [0, 0, 7, 0],
"split_conditions": [0.5, 2.5, 99, -1.5], "split_type": [], "default_left": [1, 0, 0, 0],
"loss_changes": [9, 0, 0, 0], "sum_hessian": [4, 2, 0, 2], "base_weights": [0, 2.5, 99, -1.5]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := trees.Read(strings.NewReader(replaced(t, edit)))
			if err != nil {
				t.Fatal(err)
			}
			for x, margin := range map[float32]float64{0.4: -1.5, 0.5: 2.5, 8: 2.5, float32(math.Inf(-1)): -1.5} {
				want := 1 / (1 + math.Exp(-margin))
				if got := m.Predict([]float32{x}); math.Abs(float64(got)-want) > 1e-6 {
					t.Errorf("x = %v: got %v, want %v", x, got, want)
				}
			}
			if got := m.Predict([]float32{float32(math.NaN())}); got > 0.5 {
				t.Errorf("a missing value went right: %v", got)
			}
			if m.Features()[0] != "f0" {
				t.Errorf("the feature is called %q", m.Features()[0])
			}
		})
	}
}

func TestReadRejects(t *testing.T) {
	for want, edit := range map[string][2]string{
		"output of dump_model":                      {"{", "["},
		"it is empty":                               {tiny, " \n"},
		"it is compressed with gzip":                {tiny, "\x1f\x8b\x08"},
		"it is compressed with zlib":                {tiny, "x\x9c\x08"},
		"it is not text":                            {tiny, "\xff\xfe"},
		"a model: cut off after":                    {`, "version": [2, 0, 0]}`, ""},
		"not JSON at byte 2: 'l' does not":          {`{"learner"`, `{learner`},
		"learner.feature_names is the number":       {`"feature_names": []`, `"feature_names": 7`},
		"no learner.gradient_booster":               {tiny, `{"a": 1}`},
		"settings and no trees":                     {`"trees"`, `"forest"`},
		"node 1: split_conditions is not a finite":  {"[0.5, -1.5,", "[0.5, NaN,"},
		"node 2: base_weights is not a finite":      {"2.5]}", "-Infinity]}"},
		`best_iteration is "1", want one of the mo`: {`"attributes": {}`, `"attributes": {"best_iteration": "1"}`},
		`best_iteration is "-1"`:                    {`"attributes": {}`, `"attributes": {"best_iteration": "-1"}`},
		`best_iteration is "best"`:                  {`"attributes": {}`, `"attributes": {"best_iteration": "best"}`},
		`best_iteration is ""`:                      {`"attributes": {}`, `"attributes": {"best_iteration": ""}`},
		"iteration_indptr does not rise":            {`"model": {"trees"`, `"model": {"iteration_indptr": [0, 2], "trees"`},
		"does not rise from 0 to 1":                 {`"model": {"trees"`, `"model": {"iteration_indptr": [0, 5, 1], "trees"`},
		`num_parallel_tree is "2"`:                  {`"model": {"trees"`, `"model": {"gbtree_model_param": {"num_parallel_tree": "2"}, "trees"`},
		`learner.objective.name is "reg:mine", want one of binary:logistic, `: {"binary:logistic", "reg:mine"},
		`num_class is "0", want a number from 2`:                              {"binary:logistic", "multi:softprob"},
		`gradient_booster.name is "gblinear", want`:                           {"gbtree", "gblinear"},
		"weight_drop has 0 weights, want 1":                                   {"gbtree", "dart"},
		"weight_drop[0] is not a finite number":                               {`{"name": "gbtree"`, `{"weight_drop": [NaN], "name": "dart"`},
		"tree_info names several targets":                                     {`"model": {"trees"`, `"model": {"tree_info": [1], "trees"`},
		`size_leaf_vector is "3", want 1`:                                     {`"left_children"`, `"tree_param": {"size_leaf_vector": "3"}, "left_children"`},
		"num_target is 2":                                                     {`"num_target": "1"`, `"num_target": "2"`},
		`num_feature is "0"`:                                                  {`"num_feature": "1"`, `"num_feature": "0"`},
		`num_feature is "99999999"`:                                           {`"num_feature": "1"`, `"num_feature": "99999999"`},
		"there are 2 feature_names":                                           {`"feature_names": []`, `"feature_names": ["a", "b"]`},
		`base_score is "1"`:                                                   {"5E-1", "1"},
		`base_score is "NaN"`:                                                 {"5E-1", "NaN"},
		`base_score is "[5E-1,5E-1]"`:                                         {"5E-1", "[5E-1,5E-1]"},
		"tree 0: node 0: it splits feature 1":                                 {`"split_indices": [0`, `"split_indices": [1`},
		"tree 0: node 0: child 3 is not one":                                  {`"right_children": [2`, `"right_children": [3`},
		"child 0 has another parent":                                          {`"left_children": [1`, `"left_children": [0`},
		"child 1 has another parent":                                          {`"right_children": [2`, `"right_children": [1`},
		"child -5 is not one":                                                 {`"left_children": [1`, `"left_children": [-5`},
		"left_children is empty":                                              {`"left_children": [1, -1, -1]`, `"left_children": []`},
		"left_children has 3 values, sum_hessian 2":                           {`[4, 2, 2]`, `[4, 2]`},
		"node 0 splits by category, and categories_n":                         {`"split_type": [0`, `"split_type": [1`},
		"node 0: category -1, want one from 0 to 16777215":                    categorical("-1", "0", "0", "1"),
		"node 0: category 16777216, want":                                     categorical("16777216", "0", "0", "1"),
		"node 0: its categories are 1 to 2 of 1":                              categorical("5", "0", "1", "1"),
		"node 0: its categories are -1 to 0 of 1":                             categorical("5", "0", "-1", "1"),
		"categories_nodes names it twice":                                     categorical("5", "0, 0", "0, 1", "1, 0"),
		"more than the 1 categories in all":                                   categorical("5", "0, 1", "0, 0", "1, 1"),
		"categories_nodes has 2 values, categories_s":                         categorical("5", "0, 1", "0", "1"),
		`not the JSON of a model: learner.gradient_booster.model.trees[0].base_weights: item 2 is "1e99", want a number`: {"2.5]}", "1e99]}"},
		`trees[0].default_left: item 0 is "2", want 0, 1, true or false`:                                                 {`"default_left": [1`, `"default_left": [2`},
		`trees[0].left_children: item 1 is "-9999999999", want a whole number of 32 bits`:                                {`"left_children": [1, -1`, `"left_children": [1, -9999999999`},
		"is not a list": {`[9, 0, 0]`, `{}`},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := trees.Read(strings.NewReader(replaced(t, edit)))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// categorical makes the split of tiny one by category.
func categorical(categories, nodes, segments, sizes string) [2]string {
	lists := fmt.Sprintf(`"categories": [%s], "categories_nodes": [%s], "categories_segments": [%s], "categories_sizes": [%s], "split_type": [1`, categories, nodes, segments, sizes)
	return [2]string{`"split_type": [0`, lists}
}

func replaced(t *testing.T, edit [2]string) string {
	t.Helper()
	if !strings.Contains(tiny, edit[0]) {
		t.Fatalf("the model has no %s", edit[0])
	}
	return strings.Replace(tiny, edit[0], edit[1], 1)
}

// xgboost rejects whole numbers where it wants fractions, and null where it
// wants a group.
func TestWrittenNumbersHaveAFraction(t *testing.T) {
	m, err := trees.Read(strings.NewReader(tiny))
	if err != nil {
		t.Fatal(err)
	}
	data := string(file(t, m))
	for _, want := range []string{`"loss_changes":[9E0,0E0,0E0]`, `"split_conditions":[0.5,-1.5,2.5]`, `"attributes":{}`} {
		if !strings.Contains(data, want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
	if strings.Contains(data, "null") {
		t.Errorf("null in %s", data)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(`{}`))
	f.Add([]byte(strings.ReplaceAll(tiny, "[2, ", "[0, ")))
	data, err := os.ReadFile(filepath.Join("testdata", "xgboost-3.2.0.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	several := strings.NewReplacer("binary:logistic", "multi:softprob", `"num_class": "0"`, `"num_class": "2"`,
		`"trees": [`, `"tree_info": [1], "iteration_indptr": [0, 1], "trees": [`)
	f.Add([]byte(several.Replace(tiny)))
	f.Add([]byte(strings.ReplaceAll(tiny, "binary:logistic", "reg:squarederror")))
	for _, name := range []string{"onehot.json", "dart.ubj", "categories-classes.ubj", "survival-aft.ubj"} {
		data, err := os.ReadFile(filepath.Join("testdata", "kinds", "3.2.0", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := trees.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		row := make([]float32, len(m.Features()))
		for _, v := range []float64{0, -1e30, math.Inf(1), math.NaN()} {
			for i := range row {
				row[i] = float32(v)
			}
			scores := make([]float32, max(m.Classes(), 1))
			m.Score(row, scores)
			for _, p := range scores {
				if m.Classes() > 0 && !(p >= 0 && p <= 1) {
					t.Fatalf("probability %v", p)
				}
			}
		}
		if m.Write(io.Discard) != nil {
			return // of an objective that is only read
		}
		written := file(t, m)
		if !json.Valid(written) {
			t.Fatalf("writes invalid JSON: %s", written)
		}
		back, err := trees.Read(bytes.NewReader(written))
		if err != nil {
			t.Fatalf("does not read what it wrote: %v", err)
		}
		if !bytes.Equal(file(t, back), written) {
			t.Fatal("written again, the file differs")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{filepath.Join("..", "models", "credit.json"), filepath.Join("testdata", "kinds", "3.2.0", "dart-forest.json"), filepath.Join("testdata", "kinds", "3.2.0", "dart-forest.ubj")} {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(name), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := trees.Read(bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func open(t *testing.T, path string) *trees.Model {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := trees.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// table reads comma-separated numbers.
func table(t *testing.T, path string) [][]float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	for _, record := range records {
		var row []float32
		for _, field := range record {
			v, err := strconv.ParseFloat(field, 32)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, float32(v))
		}
		rows = append(rows, row)
	}
	return rows
}

// format is the inverse of table.
func format(d trees.Data) []byte {
	var b bytes.Buffer
	for i := range d.Len() {
		for j, v := range d.Row(i) {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(&b, v)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
