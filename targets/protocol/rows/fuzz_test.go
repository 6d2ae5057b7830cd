package rows

import (
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
)

// FuzzReader expects that what is read without a fault is as many whole rows as it says.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{`[[1,2],[3,4]]`, `[{"a":1,"b":2}]`, `[{"features":[1,2]}]`, `{"a":[1],"b":[2]}`, `{"columns":["b","a"],"data":[[1,2]]}`, "b,a\n1,2\n"} {
		f.Add(0, seed)
		f.Add(1, seed)
		f.Add(2, seed)
		f.Add(3, seed)
	}
	m := &protocol.Served{MaxBatch: 100, Model: protocol.Model{Schema: generators.Schema{Features: []generators.Feature{{Name: "a"}, {Name: "b"}}}}}
	f.Fuzz(func(t *testing.T, form int, body string) {
		b := &protocol.Batch{Body: []byte(body)}
		var err error
		r := NewReader(m, b)
		switch form & 3 {
		case 0:
			r.Rows("instances")
			err = r.Finish("instances")
		case 1:
			r.Columns("inputs")
			err = r.Finish("inputs")
		case 2:
			r.Split("dataframe_split")
			err = r.Finish("dataframe_split")
		case 3:
			err = ReadCSV(m, b)
		}
		if err == nil && (b.Rows < 1 || b.Rows > 100 || len(b.Features) != 2*b.Rows) {
			t.Fatalf("%d rows of %d features were taken from %s", b.Rows, len(b.Features), body)
		}
	})
}

// FuzzPredictions expects that answers to a model of three classes are in range.
func FuzzPredictions(f *testing.F) {
	for _, seed := range []string{`[1,2]`, `["a","b"]`, `[[0.5,0.25,0.25]]`, `[{"label":1,"probabilities":[0,1,0]}]`, `{"label":[1,2]}`, `[[[1]]]`, `[true]`, `[null]`} {
		f.Add(seed)
	}
	cfg := protocol.Config{Schema: generators.Schema{Classes: []string{"a", "b", "c"}}}
	f.Fuzz(func(t *testing.T, body string) {
		r := &jsonbody.Reader{Scanner: jsonbody.Scanner{Src: []byte(body)}}
		outputs := readOutputs(r, "predictions", nil)
		if r.ExpectEnd(); r.Problem() != nil {
			return
		}
		answers, err := answersOf(outputs, cfg)
		for _, a := range answers {
			if err == nil && (a.Label < 0 || a.Label > 2) {
				t.Fatalf("%s was taken as %+v", body, a)
			}
		}
	})
}
