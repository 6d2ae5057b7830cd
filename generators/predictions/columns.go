package predictions

import (
	"math"
	"slices"
	"strconv"

	"servebench/generators"

	"github.com/go-json-experiment/json/jsontext"
)

// Columns are features as a line names them.
type Columns []field

// field is one feature.
type field struct {
	hidden     bool
	name       []byte   // in quotes, with a colon
	categories [][]byte // in quotes; nil of a number
}

// NewColumns returns those of features, without the ones whose names are sensitive.
func NewColumns(features []generators.Feature, sensitive []string) Columns {
	var c Columns
	for _, f := range features {
		out := field{hidden: slices.Contains(sensitive, f.Name), name: append(AppendText(nil, f.Name), ':')}
		for _, category := range f.Categories {
			out.categories = append(out.categories, AppendText(nil, category))
		}
		c = append(c, out)
	}
	return c
}

// AppendText appends a text as JSON. What is no UTF-8 is replaced.
func AppendText[T ~string | ~[]byte](to []byte, text T) []byte {
	to, _ = jsontext.AppendQuote(to, text) // which says no more than that something was replaced
	return to
}

func (c Columns) appendTo(line []byte, values []float32) []byte {
	line = append(line, `,"features":{`...)
	first := true
	for i, v := range values {
		if i >= len(c) || c[i].hidden {
			continue
		}
		if !first {
			line = append(line, ',')
		}
		first = false
		line = append(line, c[i].name...)
		switch n := float64(v); {
		case math.IsNaN(n) || math.IsInf(n, 0): // missing, or what JSON cannot write
			line = append(line, "null"...)
		case n >= 0 && n < float64(len(c[i].categories)):
			line = append(line, c[i].categories[int(n)]...)
		default:
			line = strconv.AppendFloat(line, n, 'g', -1, 32)
		}
	}
	return append(line, '}')
}
