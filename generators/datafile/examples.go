package datafile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"servebench/generators"

	"github.com/go-json-experiment/json/jsontext"
)

// Layout says what the columns of a file are.
type Layout struct {
	// Rows says that examples have a tabular row, of the columns named in Features or, if
	// none are, of every numeric one that has a name and is neither Label nor Expect.
	Rows     bool
	Features []string
	// Tensors are the tensors that examples have, in columns of their names.
	Tensors []generators.Tensor
	// Fields says that examples have all columns as fields.
	Fields bool
	// Variables are what ${NAME} stands for in the records, by NAME.
	Variables map[string]string
	// Label is the column of the outcome that was observed, and Expect that of what a right
	// server answers; "": there is none.
	Label, Expect string
	// Classes are the classes of Label and Expect, in the order of their numbers; nil: of
	// rows and tensors they follow from the values.
	Classes []string
}

// ColumnError is what is wrong with a column that a layout names.
type ColumnError struct {
	Key     string // "label", "features[1]"
	Problem string
	Want    string
	Unknown string // the name, of a column that the file does not have
}

func (e *ColumnError) Error() string { return e.Key + ": " + e.Problem + "; want " + e.Want }

// Examples are the records of a file as examples.
type Examples struct {
	file          *File
	schema        generators.Schema
	features      []int // columns
	chosen        bool  // features are all columns of numbers, as the layout names none
	tensors       []int // columns
	label, expect int   // columns; -1: there is none
	classes       map[string]int
	rows, fields  bool
	// What fills in variables: in text, and in values of JSON. nil: there are none.
	inText, inJSON *strings.Replacer
}

// Examples lays out the records of a file. The error joins a *ColumnError for everything
// that is wrong.
func (f *File) Examples(l Layout) (*Examples, error) {
	e := &Examples{file: f, rows: l.Rows, fields: l.Fields}
	var wrong []error
	find := func(key, name string) int {
		if name == "" {
			return -1
		}
		i := f.column(name)
		if i < 0 {
			wrong = append(wrong, &ColumnError{Key: key, Problem: fmt.Sprintf("%s has no column %q", f.Name(), name), Want: "one of its columns", Unknown: name})
		}
		return i
	}
	e.label, e.expect = find("label", l.Label), find("expect", l.Expect)
	if l.Fields {
		for _, c := range f.columns {
			e.schema.Fields = append(e.schema.Fields, c.Name)
		}
	}
	if l.Rows {
		for i, name := range l.Features {
			key := fmt.Sprintf("features[%d]", i)
			column := find(key, name)
			if err := f.checkFeature(key, column); err != nil {
				wrong = append(wrong, err)
			}
			e.features = append(e.features, column)
		}
		if l.Features == nil {
			e.chosen = true
			if e.features = f.numericColumns(e.label, e.expect); len(e.features) == 0 {
				wrong = append(wrong, &ColumnError{Key: "features", Problem: "no column of " + f.Name() + " is a number in every record" + f.texts(), Want: "a column of numbers" + sendTexts})
			}
		}
	}
	for _, t := range l.Tensors {
		e.tensors = append(e.tensors, find("tensors."+t.Name, t.Name))
		e.schema.Tensors = append(e.schema.Tensors, t)
	}
	if !l.Fields || l.Classes != nil {
		if err := e.findClasses(l.Classes); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	if l.Variables != nil {
		e.setVariables(l.Variables)
	}
	for _, column := range e.features {
		e.schema.Features = append(e.schema.Features, generators.Feature{Name: f.columns[column].Name})
	}
	return e, nil
}

// LeftOut names the columns that no feature is made of, where Layout.Features names none,
// since they are not a number in every record.
func (e *Examples) LeftOut() (names []string) {
	for i, c := range e.file.columns {
		if e.chosen && c.Name != "" && i != e.label && i != e.expect && !slices.Contains(e.features, i) {
			names = append(names, c.Name)
		}
	}
	return names
}

func (f *File) column(name string) int {
	return slices.IndexFunc(f.columns, func(c Column) bool { return c.Name == name })
}

func (e *Examples) setVariables(values map[string]string) {
	var text, quoted []string
	for name, value := range values {
		inLiteral, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(value, "\ufffd"))
		text = append(text, "${"+name+"}", value)
		quoted = append(quoted, "${"+name+"}", string(inLiteral[1:len(inLiteral)-1]))
	}
	e.inText, e.inJSON = strings.NewReplacer(text...), strings.NewReplacer(quoted...)
}

// fill puts the values of variables into those of a record.
func (e *Examples) fill(values []generators.Value) {
	for i, v := range values {
		if v.JSON {
			values[i].Text = e.inJSON.Replace(v.Text)
		} else {
			values[i].Text = e.inText.Replace(v.Text)
		}
	}
}

// checkFeature says why a column cannot be a feature of the model.
func (f *File) checkFeature(key string, column int) error {
	if column < 0 {
		return nil
	}
	switch c := f.columns[column]; {
	case c.Text != "":
		return &ColumnError{Key: key, Problem: fmt.Sprintf("column %q is not a number in every record: one is %q", c.Name, c.Text), Want: "a column of numbers" + sendTexts}
	case c.Missing > 0:
		return &ColumnError{Key: key, Problem: fmt.Sprintf("column %q has no value in %d of %d records", c.Name, c.Missing, f.Len()), Want: "a number in each"}
	}
	return nil
}

// sendTexts is what to do with columns that are not numbers.
const sendTexts = `; send a text by data.tensors, such as {NAME: "BYTES[1]"}, or in the body of protocol template`

// texts names the columns that are not numbers, with an example of each.
func (f *File) texts() string {
	var all []string
	for _, c := range f.columns {
		if c.Text != "" && len(all) < mostTexts {
			all = append(all, fmt.Sprintf("%s has %q", c.Name, c.Text))
		}
	}
	if all == nil {
		return ""
	}
	return ": " + strings.Join(all, ", ")
}

const mostTexts = 20

// numericColumns are those that a row is made of where no features are named.
func (f *File) numericColumns(except ...int) (columns []int) {
	for i, c := range f.columns {
		if c.Name != "" && c.Numeric && c.Missing == 0 && !slices.Contains(except, i) {
			columns = append(columns, i)
		}
	}
	return columns
}

// maxClass is the largest whole number that is taken for a class.
const maxClass = maxDistinct - 1

// findClasses finds out what the answers' classes are: the names given, or the different
// texts of the columns with answers in alphabetical order, as scikit-learn numbers them,
// or the numbers from 0 on where all are whole. Others are values and no classes.
func (e *Examples) findClasses(given []string) error {
	if e.label < 0 && e.expect < 0 {
		e.setClasses(given)
		return nil
	}
	texts, greatest, classes := e.labels()
	switch {
	case !classes:
	case given != nil:
		e.setClasses(given)
		for _, text := range texts {
			if _, known := e.classOf(text); !known {
				return &ColumnError{Key: "classes", Problem: fmt.Sprintf("%s has the class %q, which is not among them", e.file.Name(), text), Want: "every class"}
			}
		}
	case greatest >= 0:
		var names []string
		for i := range greatest + 1 {
			names = append(names, strconv.Itoa(i))
		}
		e.setClasses(names)
	case len(texts) > 1:
		e.setClasses(texts)
	}
	return nil
}

// labels are the different values of the columns with answers, sorted, and the greatest of
// them where all are whole numbers, at least 1; else -1. ok is false of values that are no
// classes.
func (e *Examples) labels() (texts []string, greatest int, ok bool) {
	greatest = 1
	for _, column := range []int{e.label, e.expect} {
		if column < 0 {
			continue
		}
		c := e.file.columns[column]
		if len(c.Distinct) == 0 || c.Numeric && !c.Whole {
			return nil, 0, false
		}
		texts = append(texts, c.Distinct...)
		for _, text := range c.Distinct {
			if v, _ := number(text); !c.Whole {
				greatest = -1
			} else if greatest >= 0 {
				greatest = max(greatest, int(v))
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts), greatest, greatest <= maxClass
}

func (e *Examples) setClasses(names []string) {
	e.schema.Classes = names
	e.classes = map[string]int{}
	for i, name := range names {
		e.classes[name] = i
	}
}

// classOf returns the number of the class that a value names, or is the number of.
func (e *Examples) classOf(text string) (class int, known bool) {
	if class, known = e.classes[text]; known {
		return class, true
	}
	v, ok := number(text)
	class = int(v)
	return class, ok && float64(class) == v && 0 <= class && class < len(e.schema.Classes)
}

// Schema names what the examples hold.
func (e *Examples) Schema() generators.Schema { return e.schema }

// Label is the column of the outcome that was observed; false where none is.
func (e *Examples) Label() (Column, bool) {
	if e.label < 0 {
		return Column{}, false
	}
	return e.file.columns[e.label], true
}

// File is the one that the examples are read from.
func (e *Examples) File() *File { return e.file }

// ExampleReader reads examples. It is for one goroutine.
type ExampleReader struct {
	examples *Examples
	records  *Reader
	values   []generators.Value
}

// NewReader returns a reader of the examples.
func (e *Examples) NewReader() *ExampleReader {
	return &ExampleReader{examples: e, records: e.file.NewReader()}
}

// Read returns the example of a record, 0 ≤ record < File.Len.
func (r *ExampleReader) Read(record int) (generators.Example, error) {
	e := r.examples
	into := r.values[:0]
	if e.fields {
		into = make([]generators.Value, 0, len(e.file.columns)) // they are the caller's
	}
	values, err := r.records.Read(record, into)
	if err != nil {
		return generators.Example{}, err
	}
	r.values = values
	if e.inText != nil {
		e.fill(values)
	}
	var x generators.Example
	if e.fields {
		x.Fields = values
	}
	for _, column := range e.features {
		v, ok := 0.0, values[column].Text != ""
		if ok {
			v, ok = number(values[column].Text)
		}
		if !ok {
			return x, r.records.failed(record, fmt.Errorf("column %s: %q is not a number", e.file.columns[column].Name, values[column].Text))
		}
		x.Features = append(x.Features, float32(v))
	}
	for i, column := range e.tensors {
		t, err := parseTensor(e.schema.Tensors[i], values[column])
		if err != nil {
			return x, r.records.failed(record, fmt.Errorf("column %s: %w", t.Name, err))
		}
		x.Tensors = append(x.Tensors, t)
	}
	x.Label, x.Expect = e.answer(e.label, values), e.answer(e.expect, values)
	return x, nil
}

// answer is what a column says of the answer: a class where the examples have classes.
func (e *Examples) answer(column int, values []generators.Value) generators.Answer {
	if column < 0 {
		return generators.Answer{}
	}
	v := values[column]
	switch {
	case v.Text == "", v.JSON && v.Text == "null":
		return generators.Answer{}
	case e.schema.Classes != nil:
		if class, known := e.classOf(v.Plain()); known {
			return generators.Classified(class)
		}
	}
	return generators.Answer{Kind: generators.Text, Value: v}
}
