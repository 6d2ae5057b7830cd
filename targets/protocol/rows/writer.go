package rows

import (
	"errors"
	"fmt"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
)

// Writer writes the rows of a batch of examples.
type Writer struct{ protocol.Config }

// check says why the batch cannot be written.
func (w Writer) check(batch []generators.Example) error {
	if len(batch) == 0 {
		return errors.New("the batch is empty")
	}
	width := len(w.Schema.Features)
	if width == 0 {
		width = max(len(batch[0].Features), 1)
	}
	for i, e := range batch {
		if len(e.Features) != width {
			return fmt.Errorf("example %d has %d features, want %d", i, len(e.Features), width)
		}
		for j, f := range e.Features {
			if f-f != 0 {
				return fmt.Errorf("example %d: feature %d is %g, which JSON cannot carry", i, j, f)
			}
		}
	}
	return nil
}

// AppendRows appends a list of lists of numbers, with open before and end behind each.
func (w Writer) AppendRows(dst []byte, batch []generators.Example, open, end string) ([]byte, error) {
	if err := w.check(batch); err != nil {
		return nil, err
	}
	dst = append(dst, '[')
	for i, e := range batch {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, open...)
		dst = append(dst, '[')
		for j, f := range e.Features {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = jsonbody.AppendFloat(dst, f)
		}
		dst = append(dst, ']')
		dst = append(dst, end...)
	}
	return append(dst, ']'), nil
}

// AppendColumnNames appends the list of the features' names.
func (w Writer) AppendColumnNames(dst []byte) []byte {
	dst = append(dst, '[')
	for i, f := range w.Schema.Features {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonbody.AppendString(dst, []byte(f.Name))
	}
	return append(dst, ']')
}

// AppendRecords appends the examples that are tensors as a list of objects by the
// tensors' names.
func (w Writer) AppendRecords(dst []byte, batch []generators.Example) (_ []byte, err error) {
	if len(batch) == 0 {
		return nil, errors.New("the batch is empty")
	}
	dst = append(dst, '[')
	for i, e := range batch {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		for j, t := range e.Tensors {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonbody.AppendString(dst, []byte(t.Name)), ':')
			if dst, err = jsonbody.AppendArray(dst, t); err != nil {
				return nil, fmt.Errorf("example %d: %w", i, err)
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}
