package generators

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Schema says which parts an Example has, and what they are called. It is constant
// for a generator.
type Schema struct {
	Features []Feature // order of Example.Features
	Tensors  []Tensor  // order of Example.Tensors, without data; -1 is a dimension that varies
	Text     bool      // Example.Text is set
	Body     bool      // Example.Body is set
	Fields   []string  // order of Example.Fields
	// Classes are what the labels of examples and answers index, two or more. Without
	// any, a right answer is a value, not a class.
	Classes []string
}

// Feature is one input of the model.
type Feature struct {
	Name string
	Doc  string // meaning and unit
	// Categories names the values of a categorical feature, whose value is the
	// index into it; nil for a number.
	Categories []string
}

// Parse is what a cell of a file says of the feature: a category by its name, or a number; NaN
// where the cell is empty, or null. The name may be in quotes.
func (f Feature) Parse(text string) (float32, error) {
	if text = strings.Trim(text, `"`); text == "" || text == "null" {
		return float32(math.NaN()), nil
	}
	if i := slices.Index(f.Categories, text); i >= 0 {
		return float32(i), nil
	}
	v, err := strconv.ParseFloat(text, 32)
	switch {
	case err != nil && f.Categories != nil:
		return 0, fmt.Errorf("column %s: %.60q is no category; want one of %s", f.Name, text, strings.Join(f.Categories, ", "))
	case err != nil:
		return 0, fmt.Errorf("column %s: %.60q is not a number", f.Name, text)
	}
	return float32(v), nil
}

// Example is one input with what the data says of it.
type Example struct {
	Features []float32 // a tabular row, one per Schema.Features
	Tensors  []Tensor  // one per Schema.Tensors, without the dimension of a batch
	Text     string    // a prompt
	Body     []byte    // a raw body
	// Fields are one per Schema.Fields: what the placeholders of a template stand for,
	// and what exports print. Those of a generator are nil unless Config.Readable.
	Fields []Value
	// Label is the outcome observed, after label noise; answers that equal it count for
	// accuracy.
	Label Answer
	// Expect is what a right server answers, where the data says so.
	Expect Answer
	Truth  int // the class by the generator's own rule, before label noise
}

// Value is one field of a record: the text of a CSV cell, or a JSON value.
type Value struct {
	Text string
	JSON bool // Text is a JSON value as it is written, such as 0.5, "a" or [1,2]
}

// Answer is what a model says to one example, or what it should say. The zero Answer
// has nothing to compare.
type Answer struct {
	Kind  AnswerKind
	Label int // of a Class: index into Schema.Classes
	// Probabilities of a Class are one per class, in the order of Schema.Classes; nil
	// where the answer holds none.
	Probabilities []float32
	Tensors       []Tensor // of Tensors: in any order, without the dimension of a batch
	Value         Value    // of a Text
}

// AnswerKind says what an Answer is.
type AnswerKind uint8

// The kinds of Answer.
const (
	None    AnswerKind = iota // nothing to compare
	Class                     // a label, with probabilities or without
	Tensors                   // named tensors
	Text                      // text, or a JSON value
)

// Classified returns the answer that is a class, without probabilities.
func Classified(label int) Answer { return Answer{Kind: Class, Label: label} }

// Probable returns the answer that is the most likely class, see MostLikely. It
// keeps the slice.
func Probable(probabilities []float32) Answer {
	return Answer{Kind: Class, Label: MostLikely(probabilities), Probabilities: probabilities}
}

// MostLikely returns the class of the greatest probability, the first of several. Of
// two classes it is class 1 from one half on.
func MostLikely(probabilities []float32) int {
	if len(probabilities) == 2 {
		if probabilities[1] >= 0.5 {
			return 1
		}
		return 0
	}
	best := 0
	for i, p := range probabilities {
		if p > probabilities[best] {
			best = i
		}
	}
	return best
}
