package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/reports/record"
)

// labelled are the labels of a file with a column of them.
func labelled(t *testing.T, name string, lines []string, classes []string, tolerance float64) (*labels, *datafile.Examples) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := datafile.Open(path, "label")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	records, err := file.Examples(datafile.Layout{Fields: true, Label: "label", Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	return newLabels(comparison{records.Schema().Classes, tolerance}, records), records
}

// TestUnlike finds out answers that no record could have, and shows them with a label.
func TestUnlike(t *testing.T) {
	var many, numbers []string
	for i := range 2000 {
		many, numbers = append(many, fmt.Sprintf("%d,name %d", i, i)), append(numbers, fmt.Sprintf("%d,%d.5", i, i))
	}
	yesNo := []string{"id,label", "1,yes", "2,no"}
	for _, c := range []struct {
		name      string
		file      string
		lines     []string
		classes   []string
		tolerance float64
		got       generators.Answer
		want      record.Unlike // the zero value: like one
	}{
		{"another of the labels", "a.csv", yesNo, nil, 0, asJSON(`"no"`), record.Unlike{}},
		{"a number for a name", "a.csv", yesNo, nil, 0, asJSON(`1`), record.Unlike{Answer: "1", AnswerKind: "number", Label: `"yes"`, LabelKind: "text"}},
		{"a number for a class", "a.csv", yesNo, []string{"no", "yes"}, 0, asJSON(`0`), record.Unlike{}},
		{"a class out of range", "a.csv", yesNo, []string{"no", "yes"}, 0, asJSON(`2`), record.Unlike{Answer: "2", AnswerKind: "number", Label: `"yes"`, LabelKind: "class"}},
		{"another case", "a.csv", yesNo, nil, 0, csv("No"), record.Unlike{Answer: `"No"`, AnswerKind: "text", Label: `"yes"`, LabelKind: "text"}},
		{"a space", "a.csv", yesNo, nil, 0, csv("no "), record.Unlike{Answer: `"no "`, AnswerKind: "text", Label: `"yes"`, LabelKind: "text"}},
		{"several values", "a.csv", yesNo, nil, 0, asJSON(`["no", "yes"]`), record.Unlike{Answer: `["no", "yes"]`, AnswerKind: "list", Label: `"yes"`, LabelKind: "text"}},
		{"a list of one", "a.csv", yesNo, nil, 0, asJSON(`["no"]`), record.Unlike{}},
		{"an object, in short", "a.csv", yesNo, nil, 0, asJSON(`{"name": "somebody of a long name, and an address"}`),
			record.Unlike{Answer: `{"name": "somebody of a long name, and a…`, AnswerKind: "other", Label: `"yes"`, LabelKind: "text"}},
		{"truth", "a.csv", []string{"id,label", "1,True", "2,False"}, nil, 0, asJSON("false"), record.Unlike{}},
		{"a number as text for one as text", "a.csv", []string{"id,label", "1,1", "2,0"}, nil, 0, csv("0.0"), record.Unlike{Answer: `"0.0"`, AnswerKind: "number", Label: `"1"`, LabelKind: "number"}},
		{"a number for one as text", "a.csv", []string{"id,label", "1,1", "2,0"}, nil, 0, asJSON("0.0"), record.Unlike{}},
		{"within the tolerance of another", "a.csv", []string{"id,label", "1,1", "2,5"}, nil, 0.5, asJSON("5.4"), record.Unlike{}},
		{"a number in JSON Lines", "a.jsonl", []string{`{"label": 1}`, `{"label": 2}`}, nil, 0, csv("2"), record.Unlike{}},
		{"text in JSON Lines", "a.jsonl", []string{`{"label": "a"}`, `{"label": "b"}`}, nil, 0, asJSON("2"), record.Unlike{Answer: "2", AnswerKind: "number", Label: `"a"`, LabelKind: "text"}},
		{"lists in JSON Lines, of which nothing is known", "a.jsonl", []string{`{"label": [1]}`, `{"label": [2, 3]}`}, nil, 0, asJSON("5"), record.Unlike{}},
		{"one of very many texts", "a.csv", append([]string{"id,label"}, many...), nil, 0, csv("nobody"), record.Unlike{}},
		{"a number for one of very many texts", "a.csv", append([]string{"id,label"}, many...), nil, 0, asJSON("7"), record.Unlike{Answer: "7", AnswerKind: "number", Label: `"name 0"`, LabelKind: "text"}},
		{"a number for one of very many", "a.csv", append([]string{"id,label"}, numbers...), nil, 0, asJSON("-3"), record.Unlike{}},
		{"text for one of very many numbers", "a.csv", append([]string{"id,label"}, numbers...), nil, 0, csv("high"), record.Unlike{Answer: `"high"`, AnswerKind: "text", Label: `"0.5"`, LabelKind: "number"}},
		{"a tensor", "a.csv", []string{"id,label", "1,1", "2,0"}, nil, 0, tensors(floats("y", []int64{1}, 0)), record.Unlike{}},
		{"a tensor of several", "a.csv", []string{"id,label", "1,1", "2,0"}, nil, 0, tensors(floats("y", []int64{2}, 0, 1)), record.Unlike{Answer: "[0,1]", AnswerKind: "list", Label: `"1"`, LabelKind: "number"}},
	} {
		known, records := labelled(t, c.file, c.lines, c.classes, c.tolerance)
		x, err := records.NewReader().Read(0)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // by comparison, and from memory
			var got record.Unlike
			if known.unlike(x.Label, c.got) {
				got = known.pair(x.Label, c.got)
			}
			if got != c.want {
				t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			}
		}
	}
}
