package corpus

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/tensortest"
)

func csv(text string) generators.Answer {
	return generators.Answer{Kind: generators.Text, Value: generators.Value{Text: text}}
}

func asJSON(text string) generators.Answer {
	return generators.Answer{Kind: generators.Text, Value: generators.Value{Text: text, JSON: true}}
}

func tensors(t ...generators.Tensor) generators.Answer {
	return generators.Answer{Kind: generators.Tensors, Tensors: t}
}

func floats(name string, shape []int64, values ...float32) generators.Tensor {
	return generators.Float32s(name, shape, values)
}

func doubles(name string, shape []int64, values ...float64) generators.Tensor {
	return tensortest.Float64s(name, shape, values)
}

func whole(name string, shape []int64, values ...int64) generators.Tensor {
	return tensortest.Int64s(name, shape, values)
}

func longs(values ...uint64) generators.Answer {
	t := generators.Tensor{Name: "y", Datatype: generators.UINT64, Shape: []int64{int64(len(values))}}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, v)
	}
	return tensors(t)
}

// TestAgreement is the one place that says which answers are the same.
func TestAgreement(t *testing.T) {
	class, probable, scalar := generators.Classified, generators.Probable, []int64(nil)
	nan := float32(math.NaN())
	for _, c := range []struct {
		name      string
		tolerance float64
		want, got generators.Answer
		agree     bool
	}{
		{"labels", 0, class(2), class(2), true},
		{"other labels", 0, class(2), class(1), false},
		{"probabilities within the tolerance", 0, probable([]float32{0.2, 0.3, 0.5}), probable([]float32{0.2, 0.2999995, 0.5000005}), true},
		{"probabilities beyond it", 0, probable([]float32{0.2, 0.3, 0.5}), probable([]float32{0.2, 0.29999, 0.50001}), false},
		{"probabilities beyond the default within that stated", 0.01, probable([]float32{0.2, 0.3, 0.5}), probable([]float32{0.2, 0.295, 0.505}), true},
		{"probabilities of another number of classes", 0, probable([]float32{0.2, 0.3, 0.5}), generators.Answer{Kind: generators.Class, Label: 2, Probabilities: []float32{0.5, 0.5}}, false},
		{"a label without probabilities", 0, probable([]float32{0.2, 0.3, 0.5}), class(2), true},

		{"the largest UINT64", 0, longs(math.MaxUint64), longs(math.MaxUint64), true},
		{"another UINT64", 0, longs(math.MaxUint64), longs(math.MaxUint64 - 1), false},
		{"the largest UINT64 and -1", 0, longs(math.MaxUint64), tensors(whole("y", []int64{1}, -1)), false},
		{"a UINT64 as text", 0, csv("18446744073709551615"), longs(math.MaxUint64), true},
		{"another UINT64 as text", 0, csv("18446744073709551614"), longs(math.MaxUint64), false},
		{"a UINT64 in JSON", 0, asJSON("[18446744073709551615]"), longs(math.MaxUint64), true},
		{"-1 in JSON and the largest UINT64", 0, asJSON("[-1]"), longs(math.MaxUint64), false},

		{"text", 0, csv("two words"), csv("two words"), true},
		{"text of another case", 0, csv("Yes"), csv("yes"), false},
		{"text with white space", 0, csv("yes"), csv("yes "), false},
		{"numbers that are both text", 0, csv("0.50"), csv("0.5"), false},
		{"numbers that are both text, with a tolerance stated", 1e-3, csv("0.50"), csv("0.5004"), true},
		{"numbers that are both text, beyond it", 1e-3, csv("0.50"), csv("0.502"), false},
		{"texts that are no numbers, with a tolerance stated", 1, csv("a"), csv("b"), false},
		{"a flat list and a tensor of rows", 0, asJSON(`[1,2,3,4]`), tensors(floats("y", []int64{2, 2}, 1, 2, 3, 4)), true},
		{"a flat list and another tensor", 0, asJSON(`[1,2,3,5]`), tensors(floats("y", []int64{2, 2}, 1, 2, 3, 4)), false},
		{"a list of fewer", 0, asJSON(`[1,2,3]`), tensors(floats("y", []int64{2, 2}, 1, 2, 3, 4)), false},
		{"lists by the names of tensors", 0, asJSON(`{"y":[1,2],"n":[[7]]}`), tensors(floats("x", []int64{1}, 9), whole("n", []int64{1, 1}, 7), floats("y", []int64{2}, 1, 2)), true},
		{"a list of a tensor that is not there", 0, asJSON(`{"z":[1,2]}`), tensors(floats("y", []int64{2}, 1, 2)), false},
		{"no lists at all", 0, asJSON(`{}`), tensors(floats("y", []int64{2}, 1, 2)), false},
		{"text and a JSON string", 0, csv("yes"), asJSON(`"yes"`), true},
		{"text and another JSON string", 0, csv("yes"), asJSON(`"no"`), false},
		{"a cell and a number", 0, csv("0.73"), asJSON(`0.7300001`), true},
		{"a cell and another number", 0, csv("0.73"), asJSON(`0.74`), false},
		{"a cell and a number in a list", 0, csv("0.73"), asJSON(`[[0.73]]`), true},
		{"a cell and two numbers", 0, csv("0.73"), asJSON(`[0.73, 0.27]`), false},
		{"a cell and a boolean", 0, csv("True"), asJSON(`true`), true},
		{"a cell and the other boolean", 0, csv("True"), asJSON(`false`), false},
		{"a cell and a string of a number", 0, csv("7"), asJSON(`"7"`), true},
		{"a number and text", 0, asJSON("7"), csv("seven"), false},

		{"large numbers within a millionth", 0, asJSON("300000.5"), asJSON("300000.6"), true},
		{"large numbers beyond it", 0, asJSON("300000.5"), asJSON("300002.5"), false},
		{"large numbers with a tolerance", 0.05, asJSON("300000.5"), asJSON("300000.6"), false},
		{"whole numbers", 0, asJSON("1000000"), asJSON("1000001"), false},
		{"whole numbers with a tolerance", 1, asJSON("1000000"), asJSON("1000001"), true},
		{"whole numbers that no float64 tells", 0, asJSON("9007199254740993"), asJSON("9007199254740992"), false},
		{"a whole number and a float", 0, asJSON("3"), asJSON("3.0"), true},

		{"JSON of the same structure", 0, asJSON(`{"a":[1,{"b":null}],"c":"x"}`), asJSON(`{"c":"x", "a":[1.0000001,{"b":null}]}`), true},
		{"JSON with one key more", 0, asJSON(`{"a":1}`), asJSON(`{"a":1,"b":2}`), false},
		{"JSON with another key", 0, asJSON(`{"a":1}`), asJSON(`{"b":1}`), false},
		{"JSON in another order", 0, asJSON(`[1,2]`), asJSON(`[2,1]`), false},
		{"null and zero", 0, asJSON(`null`), asJSON(`0`), false},
		{"null and null", 0, asJSON(`null`), asJSON(`null`), true},
		{"a list and an object", 0, asJSON(`[1]`), asJSON(`{"0":1}`), false},

		{"a class's name and its label", 0, csv("green"), class(1), true},
		{"another class's name", 0, csv("red"), class(1), false},
		{"a label as text", 0, csv("1"), class(1), true},
		{"a label as a float", 0, csv("1.0"), class(1), true},
		{"a score is no label", 0, csv("0.9"), class(1), false},
		{"a name that is none", 0, csv("greenish"), class(1), false},
		{"true and a label", 0, csv("True"), class(1), true},
		{"a label and a name in JSON", 0, class(1), asJSON(`"green"`), true},
		{"a label and a number in a list", 0, class(1), asJSON(`[1]`), true},
		{"a label and another number", 0, class(1), asJSON(`0`), false},
		{"a label and probabilities as values", 0, class(1), asJSON(`[0.1,0.9]`), false},
		{"a label and a tensor", 0, class(1), tensors(whole("y", scalar, 1)), true},

		{"tensors", 0, tensors(floats("y", []int64{2}, 1, 2)), tensors(floats("y", []int64{2}, 1, 2.000001)), true},
		{"tensors with other numbers", 0, tensors(floats("y", []int64{2}, 1, 2)), tensors(floats("y", []int64{2}, 1, 2.1)), false},
		{"tensors of other datatypes", 0, tensors(floats("y", []int64{2}, 1, 2)), tensors(doubles("y", []int64{2}, 1, 2)), true},
		{"tensors of whole numbers and of floats", 0, tensors(whole("y", []int64{2}, 1, 2)), tensors(floats("y", []int64{2}, 1, 2)), true},
		{"tensors of whole numbers", 0, tensors(whole("y", []int64{1}, 1<<53+1)), tensors(whole("y", []int64{1}, 1<<53)), false},
		{"tensors of other shapes", 0, tensors(floats("y", []int64{2, 3}, make([]float32, 6)...)), tensors(floats("y", []int64{3, 2}, make([]float32, 6)...)), false},
		{"tensors with a dimension of one", 0, tensors(floats("y", []int64{2}, 1, 2)), tensors(floats("y", []int64{2, 1}, 1, 2)), true},
		{"tensors of other names", 0, tensors(floats("y", scalar, 1)), tensors(floats("z", scalar, 1)), false},
		{"a tensor without a name", 0, tensors(floats("", scalar, 1)), tensors(floats("z", scalar, 1)), true},
		{"one tensor of several", 0, tensors(floats("z", scalar, 1)), tensors(floats("y", scalar, 2), floats("z", scalar, 1)), true},
		{"a tensor that is missing", 0, tensors(floats("y", scalar, 1), floats("z", scalar, 1)), tensors(floats("y", scalar, 1)), false},
		{"NaN and NaN", 0, tensors(floats("y", scalar, nan)), tensors(floats("y", scalar, nan)), true},
		{"NaN and a number", 0, tensors(floats("y", scalar, 1)), tensors(floats("y", scalar, nan)), false},
		{"byte strings", 0, tensors(tensortest.ByteStrings("y", []int64{2}, "a", "b")), tensors(tensortest.ByteStrings("y", []int64{2}, "a", "b")), true},
		{"other byte strings", 0, tensors(tensortest.ByteStrings("y", []int64{2}, "a", "b")), tensors(tensortest.ByteStrings("y", []int64{2}, "a", "c")), false},
		{"byte strings and numbers", 0, tensors(tensortest.ByteStrings("y", scalar, "1")), tensors(floats("y", scalar, 1)), false},

		{"a cell and a tensor", 0, csv("0.5"), tensors(floats("y", []int64{1}, 0.5)), true},
		{"a JSON list and a tensor", 0, asJSON("[[1,2],[3,4]]"), tensors(floats("y", []int64{2, 2}, 1, 2, 3, 4)), true},
		{"a JSON object and tensors", 0, asJSON(`{"a":1,"b":"x"}`), tensors(floats("a", scalar, 1), tensortest.ByteStrings("b", scalar, "x")), true},
		{"tensors and JSON", 0, tensors(floats("y", []int64{2}, 1, 2)), asJSON("[1,2.5]"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			compare := comparison{classes: []string{"red", "green", "blue"}, tolerance: c.tolerance}
			if got := compare.agrees(c.want, c.got); got != c.agree {
				t.Errorf("%s and %s: agree is %t, want %t", compare.describe(c.want), compare.describe(c.got), got, c.agree)
			}
		})
	}
}

func TestDescribeAnswers(t *testing.T) {
	for _, c := range []struct {
		answer generators.Answer
		want   string
	}{
		{generators.Classified(3), "class 3"},
		{generators.Probable([]float32{0.25, 0.75}), "class 1 with probability 0.75"},
		{generators.Probable([]float32{0.2, 0.3, 0.5}), "class 2 of probabilities [0.2 0.3 0.5]"},
		{csv("a \"b\""), `"a \"b\""`},
		{asJSON(`{"a":1}`), `{"a":1}`},
		{tensors(floats("y", []int64{2, 2}, 1, 2, 3, 4)), "[[1,2],[3,4]]"},
		{tensors(floats("y", nil, float32(math.NaN()))), "NaN"},
		{tensors(floats("y", nil, 0.5), whole("n", nil, 7)), `{"n":7,"y":0.5}`},
	} {
		if got := (comparison{}).describe(c.answer); got != c.want {
			t.Errorf("%+v: %s, want %s", c.answer, got, c.want)
		}
	}
	long := (comparison{}).describe(csv(strings.Repeat("é", 1000)))
	if len(long) > maxDescribed+len("…") || !strings.HasSuffix(long, "é…") {
		t.Errorf("%d bytes that end with %q", len(long), long[len(long)-6:])
	}
}

// TestExpectationOfTheData goes before that of the model, and the label counts for
// accuracy.
func TestExpectationOfTheData(t *testing.T) {
	known := identity()
	data := generators.Example{Features: []float32{0.9}, Label: csv("0"), Expect: csv("red")}
	cfg := Config{Model: known}
	for _, c := range []struct {
		name        string
		cfg         Config
		example     generators.Example
		label, want generators.AnswerKind
	}{
		{"both", cfg, data, generators.Text, generators.Text},
		{"the model", cfg, generators.Example{Features: []float32{0.9}}, generators.None, generators.Class},
		{"nothing", Config{}, generators.Example{Features: []float32{0.9}}, generators.None, generators.None},
		{"unlabelled", Config{Unlabelled: true}, data, generators.None, generators.Text},
	} {
		e := c.cfg.expectations([]generators.Example{c.example})[0]
		if e.observed().Kind != c.label || e.wanted().Kind != c.want {
			t.Errorf("%s: label %+v, want %+v", c.name, e.observed(), e.wanted())
		}
	}
}
