package datafile

import (
	"errors"
	"strings"
	"testing"

	"servebench/generators"

	"github.com/google/go-cmp/cmp"
)

const irises = `id,sepal,petal,species,seen,score,gap,note
a,5.1,1.4,setosa,0,0.5,1,x
b,6.3,6.0,virginica,2,0.25,,y
c,5.9,4.2,versicolor,1,1,3,
`

// examplesOf lays out a file with the columns of irises.
func examplesOf(t testing.TB, l Layout) *Examples {
	t.Helper()
	e, err := opened(t, "iris.csv", irises, l.Label, l.Expect).Examples(l)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func readAll(t testing.TB, e *Examples) (all []generators.Example) {
	t.Helper()
	r := e.NewReader()
	for i := range e.File().Len() {
		x, err := r.Read(i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

func featureNames(s generators.Schema) (names []string) {
	for _, f := range s.Features {
		names = append(names, f.Name)
	}
	return names
}

func TestRows(t *testing.T) {
	text := func(s string) generators.Answer {
		return generators.Answer{Kind: generators.Text, Value: generators.Value{Text: s}}
	}
	class := generators.Classified
	for _, tt := range []struct {
		why      string
		layout   Layout
		features []string
		classes  []string
		labels   []generators.Answer
		expects  []generators.Answer
	}{
		{"every column of numbers", Layout{}, []string{"sepal", "petal", "seen", "score"}, nil, make([]generators.Answer, 3), make([]generators.Answer, 3)},
		{"texts are classes, sorted", Layout{Label: "species"}, []string{"sepal", "petal", "seen", "score"}, []string{"setosa", "versicolor", "virginica"},
			[]generators.Answer{class(0), class(2), class(1)}, make([]generators.Answer, 3)},
		{"whole numbers are classes", Layout{Label: "seen"}, []string{"sepal", "petal", "score"}, []string{"0", "1", "2"},
			[]generators.Answer{class(0), class(2), class(1)}, make([]generators.Answer, 3)},
		{"other numbers are values", Layout{Features: []string{"petal", "sepal"}, Expect: "score"}, []string{"petal", "sepal"}, nil,
			make([]generators.Answer, 3), []generators.Answer{text("0.5"), text("0.25"), text("1")}},
		{"classes in the model's order, by name and by number", Layout{Label: "species", Expect: "seen", Classes: []string{"virginica", "setosa", "versicolor"}},
			[]string{"sepal", "petal", "score"}, []string{"virginica", "setosa", "versicolor"},
			[]generators.Answer{class(1), class(0), class(2)}, []generators.Answer{class(0), class(2), class(1)}},
		{"a record without a label", Layout{Label: "gap", Features: []string{"sepal"}}, []string{"sepal"}, []string{"0", "1", "2", "3"},
			[]generators.Answer{class(1), {}, class(3)}, make([]generators.Answer, 3)},
		{"an empty text is no label", Layout{Label: "note", Features: []string{"sepal"}}, []string{"sepal"}, []string{"x", "y"},
			[]generators.Answer{class(0), class(1), {}}, make([]generators.Answer, 3)},
	} {
		tt.layout.Rows = true
		e := examplesOf(t, tt.layout)
		if diff := cmp.Diff(tt.features, featureNames(e.Schema())); diff != "" {
			t.Errorf("%s: features (-want +got):\n%s", tt.why, diff)
		}
		if diff := cmp.Diff(tt.classes, e.Schema().Classes); diff != "" {
			t.Errorf("%s: classes (-want +got):\n%s", tt.why, diff)
		}
		for i, x := range readAll(t, e) {
			if diff := cmp.Diff(tt.labels[i], x.Label); diff != "" {
				t.Errorf("%s: label %d (-want +got):\n%s", tt.why, i, diff)
			}
			if diff := cmp.Diff(tt.expects[i], x.Expect); diff != "" {
				t.Errorf("%s: expectation %d (-want +got):\n%s", tt.why, i, diff)
			}
			if len(x.Features) != len(tt.features) || x.Fields != nil {
				t.Errorf("%s: example %+v", tt.why, x)
			}
		}
	}
	if x := readAll(t, examplesOf(t, Layout{Rows: true, Features: []string{"petal", "sepal"}}))[1]; x.Features[0] != 6 || x.Features[1] != 6.3 {
		t.Errorf("features %v", x.Features)
	}
}

// TestFields gives a template every column, and what it is compared with as it is written.
func TestFields(t *testing.T) {
	e := examplesOf(t, Layout{Fields: true, Label: "species", Expect: "score"})
	want := generators.Example{
		Fields: []generators.Value{{Text: "b"}, {Text: "6.3"}, {Text: "6.0"}, {Text: "virginica"}, {Text: "2"}, {Text: "0.25"}, {}, {Text: "y"}},
		Label:  generators.Answer{Kind: generators.Text, Value: generators.Value{Text: "virginica"}},
		Expect: generators.Answer{Kind: generators.Text, Value: generators.Value{Text: "0.25"}},
	}
	all := readAll(t, e)
	if diff := cmp.Diff(want, all[1]); diff != "" {
		t.Errorf("example (-want +got):\n%s", diff)
	}
	if all[0].Fields[0].Text != "a" {
		t.Error("the fields of an example change when the next one is read")
	}
	if len(e.Schema().Fields) != 8 || e.Schema().Classes != nil {
		t.Errorf("schema %+v", e.Schema())
	}
}

// TestLayoutMistakes names everything that is wrong with the columns.
func TestLayoutMistakes(t *testing.T) {
	for _, tt := range []struct {
		layout Layout
		want   []string
	}{
		{Layout{Rows: true, Features: []string{"sepal", "petl", "note", "gap"}, Label: "spcies", Expect: "seen"}, []string{
			`label: iris.csv has no column "spcies"; want one of its columns`,
			`features[1]: iris.csv has no column "petl"; want one of its columns`,
			`features[2]: column "note" is not a number in every record: one is "x"; want a column of numbers; send a text by data.tensors, such as {NAME: "BYTES[1]"}, or in the body of protocol template`,
			`features[3]: column "gap" has no value in 1 of 3 records; want a number in each`,
		}},
		{Layout{Rows: true, Label: "species", Classes: []string{"setosa", "virginica"}}, []string{
			`classes: iris.csv has the class "versicolor", which is not among them; want every class`,
		}},
		{Layout{Tensors: []generators.Tensor{{Name: "image", Datatype: generators.FP32}}}, []string{
			`tensors.image: iris.csv has no column "image"; want one of its columns`,
		}},
	} {
		_, err := opened(t, "iris.csv", irises, tt.layout.Label, tt.layout.Expect).Examples(tt.layout)
		if err == nil || err.Error() != strings.Join(tt.want, "\n") {
			t.Errorf("%+v: error\n%v\nwant\n%s", tt.layout, err, strings.Join(tt.want, "\n"))
		}
	}
	_, err := opened(t, "a.csv", "a\nx\n").Examples(Layout{Rows: true})
	if wrong, ok := errors.AsType[*ColumnError](err.(interface{ Unwrap() []error }).Unwrap()[0]); !ok || wrong.Key != "features" || wrong.Problem != `no column of a.csv is a number in every record: a has "x"` {
		t.Errorf("error %v", err)
	}
}

func TestTensors(t *testing.T) {
	of := func(spec string) generators.Tensor {
		schema, err := ParseTensorType("x", spec)
		if err != nil {
			t.Fatal(err)
		}
		return schema
	}
	for _, tt := range []struct {
		spec, value string
		json        bool
		shape       []int64
		data        string
		wrong       string
	}{
		{"FP32[2]", "[1, -2.5]", true, []int64{2}, "\x00\x00\x80\x3f\x00\x00\x20\xc0", ""},
		{"INT8[2,2]", "[[1,2],[3,4]]", true, []int64{2, 2}, "\x01\x02\x03\x04", ""},
		{"INT8[2,2]", "[1,2,3,4]", true, []int64{2, 2}, "\x01\x02\x03\x04", ""},
		{"UINT16[-1]", "[1,65535]", false, []int64{2}, "\x01\x00\xff\xff", ""},
		{"INT64[]", "-2", true, []int64{}, "\xfe\xff\xff\xff\xff\xff\xff\xff", ""},
		{"FP64[1]", "0.5", false, []int64{1}, "\x00\x00\x00\x00\x00\x00\xe0\x3f", ""},
		{"BOOL[3]", "[true,false,1]", true, []int64{3}, "\x01\x00\x01", ""},
		{"BYTES[2]", `["a","bc"]`, true, []int64{2}, "\x01\x00\x00\x00a\x02\x00\x00\x00bc", ""},
		{"BYTES[1]", "a text", false, []int64{1}, "\x06\x00\x00\x00a text", ""},
		{"BYTES[1]", `{"b64":"AAE="}`, true, []int64{1}, "\x02\x00\x00\x00\x00\x01", ""},
		{"UINT8[-1,2]", `{"b64":"AAECAw=="}`, true, []int64{2, 2}, "\x00\x01\x02\x03", ""},
		{"INT8[-1,-1]", "[[1],[2]]", true, []int64{2, 1}, "\x01\x02", ""},
		{"INT8[0]", "[]", true, []int64{0}, "", ""},
		{"INT8[-1,-1]", "[1,2]", true, nil, "", "two dimensions of [-1,-1] vary"},
		{"INT8[2,2]", "[[1,2],[3]]", true, nil, "", "its lists have 2 and 1 elements"},
		{"INT8[2,2]", "[[1,2],3]", true, nil, "", "its lists are not equally deep"},
		{"INT8[2,2]", "[[1,2,3],[4,5,6]]", true, nil, "", "it has the shape [2,3], want [2,2]"},
		{"INT8[2,2]", "[[[1]]]", true, nil, "", "its lists are 3 deep, want 1 or 2"},
		{"INT8[2]", "[1,2,3]", true, nil, "", "it has 3 elements, which the shape [2] does not hold"},
		{"INT8[1]", "[128]", true, nil, "", "128 is not of datatype INT8"},
		{"UINT8[1]", "[-1]", true, nil, "", "-1 is not of datatype UINT8"},
		{"INT8[1]", "[1.5]", true, nil, "", "1.5 is not of datatype INT8"},
		{"INT8[1]", `["1"]`, true, nil, "", `"1" is not of datatype INT8`},
		{"FP32[1]", "[null]", true, nil, "", "<nil> is not of datatype FP32"},
		{"FP32[1]", "[true]", true, nil, "", "true is not of datatype FP32"},
		{"FP16[4]", "[1,-2,0.1,65504]", true, []int64{4}, "\x00\x3c\x00\xc0\x66\x2e\xff\x7b", ""},
		{"FP16[1]", "[65520]", true, nil, "", "65520 is not of datatype FP16"},
		{"BF16[2]", "[1,-0.1]", true, []int64{2}, "\x80\x3f\xcd\xbd", ""},
		{"FP32[1]", "[1e39]", true, nil, "", "1e39 is not of datatype FP32"},
		{"UINT64[1]", "[18446744073709551615]", true, []int64{1}, "\xff\xff\xff\xff\xff\xff\xff\xff", ""},
		{"BYTES[1]", "[1]", true, nil, "", `BYTES is a text or {"b64": …}, not the number 1`},
		{"FP32[1]", "", false, nil, "", "it is not JSON"},
		{"FP32[1]", "[1", true, nil, "", "it is not JSON"},
		{"FP32[1]", "[1] 2", true, nil, "", "there is more behind the list"},
		{"UINT16[1]", `{"b64":"AAEC"}`, true, nil, "", "holds 3 bytes, want 2"},
	} {
		got, err := parseTensor(of(tt.spec), generators.Value{Text: tt.value, JSON: tt.json})
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%s of %s: error %v, want %s", tt.spec, tt.value, err, tt.wrong)
			}
			continue
		}
		if err != nil || got.Name != "x" || string(got.Data) != tt.data || !cmp.Equal(got.Shape, tt.shape) {
			t.Errorf("%s of %s: %+v, %v, want %v %q", tt.spec, tt.value, got, err, tt.shape, tt.data)
		}
	}
	for _, bad := range []string{"FP32", "FP33[1]", "FP32[1", "FP32[a]", "FP32[-2]", "[1]", ""} {
		if _, err := ParseTensorType("x", bad); err == nil {
			t.Errorf("%q was taken for a tensor's type", bad)
		}
	}
}

// TestTensorsOfRecords names the line of one that does not fit.
func TestTensorsOfRecords(t *testing.T) {
	f := opened(t, "t.jsonl", "{\"x\":[1,2]}\n{\"x\":[3,4]}\n\n{\"x\":[5]}\n")
	schema, err := ParseTensorType("x", "INT8[2]")
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.Examples(Layout{Tensors: []generators.Tensor{schema}})
	if err != nil {
		t.Fatal(err)
	}
	r := e.NewReader()
	if x, err := r.Read(1); err != nil || len(x.Tensors) != 1 || string(x.Tensors[0].Data) != "\x03\x04" {
		t.Errorf("example %+v, %v", x, err)
	}
	if _, err := r.Read(2); err == nil || err.Error() != "t.jsonl, line 4: column x: it has 1 elements, which the shape [2] does not hold" {
		t.Errorf("error %v", err)
	}
}

func FuzzTensor(f *testing.F) {
	for _, seed := range []string{"[1,2]", "[[1],[2]]", `{"b64":"AAE="}`, "7", "[[],[]]", `["a"]`, "[[[", "[true]"} {
		for d := range uint8(generators.BYTES) {
			f.Add(seed, d)
		}
	}
	f.Fuzz(func(t *testing.T, text string, datatype uint8) {
		for _, shape := range [][]int64{{}, {-1}, {2}, {-1, 2}, {-1, -1}} {
			schema := generators.Tensor{Name: "x", Datatype: generators.Datatype(datatype%uint8(generators.BYTES) + 1), Shape: shape}
			for _, isJSON := range []bool{true, false} {
				got, err := parseTensor(schema, generators.Value{Text: text, JSON: isJSON})
				if err == nil && (got.Check() != nil || !got.Fits(schema)) {
					t.Fatalf("%q becomes %+v of %+v", text, got, schema)
				}
			}
		}
	})
}

// TestVariables fills in the variables that are named, and no others, and leaves the text
// around them as it is, also where a value needs escapes in JSON.
func TestVariables(t *testing.T) {
	l := Layout{Fields: true, Variables: map[string]string{"TOKEN": `a"b\${KEY}`, "KEY": "", "ÜBER": "no"}}
	for name, want := range map[string][]string{
		"v.csv":   {`x a"b\${KEY}`, "", "${OTHER} $TOKEN $${TOKEN ${token}"},
		"v.jsonl": {`x a"b\${KEY}`, "", "${OTHER} $TOKEN $${TOKEN ${token} ${TOKEN}"},
	} {
		text := "a,b,c\nx ${TOKEN},${KEY},${OTHER} $TOKEN $${TOKEN ${token}\n"
		if name == "v.jsonl" {
			text = `{"a": "x ${TOKEN}", "b": "${KEY}", "c": "${OTHER} $TOKEN $${TOKEN ${token} \u0024{TOKEN}"}`
		}
		e, err := opened(t, name, text).Examples(l)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range readAll(t, e)[0].Fields {
			got = append(got, v.Plain())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
