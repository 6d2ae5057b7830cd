package training

import (
	"errors"
	"fmt"
	"slices"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/targets/reference/trees"
)

// Table is a file of labelled examples with two classes.
type Table struct {
	Name    string // of the file
	Data    trees.Data
	Classes []string // the names of both
	// OfGenerator says that features and classes are those of the recipe's generator.
	OfGenerator bool
}

// ReadTable reads the examples of a CSV or JSON Lines file whose column label holds the class that
// was observed. Where it has all features of the generator as columns, they are the features, and
// its categories and classes may stand there by their names, as `servebench generate` writes them.
// In other files they are all other columns that are numbers in every record, and the classes are
// the two texts of the label, sorted, or 0 and 1.
func ReadTable(path, label string, kind generators.Kind) (*Table, error) {
	file, err := datafile.Open(path, label)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	g, err := kind.Open(generators.Config{})
	if err != nil {
		return nil, fmt.Errorf("open generator %s: %w", kind.Name, err)
	}
	t := &Table{Name: file.Name()}
	if schema := g.Schema(); hasColumns(file, schema.Features) {
		err = t.readAs(file, label, schema)
	} else {
		err = t.readNumbers(file, label)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func hasColumns(file *datafile.File, features []generators.Feature) bool {
	return !slices.ContainsFunc(features, func(f generators.Feature) bool { return columnOf(file, f.Name) < 0 })
}

func columnOf(file *datafile.File, name string) int {
	return slices.IndexFunc(file.Columns(), func(c datafile.Column) bool { return c.Name == name })
}

// readAs reads examples of a schema.
func (t *Table) readAs(file *datafile.File, label string, schema generators.Schema) error {
	examples, err := file.Examples(datafile.Layout{Fields: true, Label: label, Classes: schema.Classes})
	if err != nil {
		return err
	}
	t.OfGenerator, t.Classes = true, schema.Classes
	var columns []int
	for _, f := range schema.Features {
		t.Data.Features = append(t.Data.Features, f.Name)
		columns = append(columns, columnOf(file, f.Name))
	}
	return t.readRecords(examples, func(e generators.Example) error {
		for i, f := range schema.Features {
			v, err := f.Parse(e.Fields[columns[i]].Text)
			if err != nil {
				return err
			}
			t.Data.Values = append(t.Data.Values, v)
		}
		return nil
	})
}

// readNumbers reads examples of which nothing is known but the file.
func (t *Table) readNumbers(file *datafile.File, label string) error {
	examples, err := file.Examples(datafile.Layout{Rows: true, Label: label})
	if err != nil {
		return err
	}
	schema := examples.Schema()
	if len(schema.Classes) != 2 {
		return fmt.Errorf("%s: column %s has %d classes, want 2", t.Name, label, len(schema.Classes))
	}
	t.Classes = schema.Classes
	for _, f := range schema.Features {
		t.Data.Features = append(t.Data.Features, f.Name)
	}
	return t.readRecords(examples, func(e generators.Example) error {
		t.Data.Values = append(t.Data.Values, e.Features...)
		return nil
	})
}

func (t *Table) readRecords(examples *datafile.Examples, add func(generators.Example) error) error {
	file, reader := examples.File(), examples.NewReader()
	for i := range file.Len() {
		e, err := reader.Read(i)
		if err != nil {
			return err
		}
		if e.Label.Kind != generators.Class {
			err = errors.New("no label, want the class that was observed")
		}
		if err == nil {
			err = add(e)
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", t.Name, file.Line(i), err)
		}
		t.Data.Labels = append(t.Data.Labels, uint8(e.Label.Label))
	}
	return nil
}
