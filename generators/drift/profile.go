package drift

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"servebench/generators"
)

// profileFormat names the form of a Profile in JSON, and its version.
const profileFormat = "servebench.profile/v1"

// Profile is what reference data looks like, column by column: that which a model was trained
// or tested with, or the beginning of a run. It is plain data, to be written as JSON, and not
// changed once it is made.
type Profile struct {
	Format  string      `json:"format"`
	Rows    int         `json:"rows"`
	Columns []Reference `json:"columns"`
}

// Reference is a column of the reference data.
type Reference struct {
	Name string `json:"name"`
	// Counts of a categorical column are the rows of each of Categories and, last, those with
	// a code that is none of them.
	Categories []string `json:"categories,omitempty"`
	Counts     []int    `json:"counts,omitempty"`
	// Values of a column of numbers are those of all rows that have one, ascending.
	Values  []float32 `json:"values,omitempty"`
	Missing int       `json:"missing"` // rows without a value
}

// NewProfile returns the profile of the rows that the sample keeps. Its error says that they
// are fewer than LeastRows.
func NewProfile(s *Sample) (*Profile, error) {
	if s.Len() < LeastRows {
		return nil, fmt.Errorf("reference data: %d rows, want at least %d", s.Len(), LeastRows)
	}
	p := &Profile{Format: profileFormat, Rows: s.Len()}
	for i, c := range s.columns {
		values := s.column(i)
		r := Reference{Name: c.Name, Categories: c.Categories, Missing: s.Len() - len(values)}
		if c.Categories != nil {
			r.Counts = countCategories(len(c.Categories), values)
		} else {
			for _, v := range values {
				r.Values = append(r.Values, float32(v))
			}
		}
		p.Columns = append(p.Columns, r)
	}
	return p, nil
}

// countCategories counts the codes of n categories and, last, what is none of them.
func countCategories(n int, values []float64) []int {
	counts := make([]int, n+1)
	for _, v := range values {
		if code := int(v); v >= 0 && code < n && float64(code) == v {
			counts[code]++
		} else {
			counts[n]++
		}
	}
	return counts
}

// Check says how the profile differs from what a Sample of the schema holds; nil: windows of
// the schema can be compared with it.
func (p *Profile) Check(s generators.Schema) error {
	var faults []error
	want := columns(s)
	for i, c := range want {
		switch {
		case i >= len(p.Columns):
			faults = append(faults, fmt.Errorf("profile: column %q is missing", c.Name))
		case p.Columns[i].Name != c.Name:
			faults = append(faults, fmt.Errorf("profile: column %d is %.60q, want %q", i+1, p.Columns[i].Name, c.Name))
		case !slices.Equal(p.Columns[i].Categories, c.Categories):
			faults = append(faults, fmt.Errorf("profile: the categories of %q are not those of the data", c.Name))
		}
	}
	for _, extra := range p.Columns[min(len(want), len(p.Columns)):] {
		faults = append(faults, fmt.Errorf("profile: column %.60q is none of the data's", extra.Name))
	}
	return errors.Join(faults...)
}

// ParseProfile reads a profile as encoding/json writes it. Its error joins every fault.
func ParseProfile(text []byte) (*Profile, error) {
	p := &Profile{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("profile: there is more after its end, want one JSON object")
	}
	if p.Format != profileFormat {
		return nil, fmt.Errorf("profile: format %.60q, want %q", p.Format, profileFormat)
	}
	if p.Rows < LeastRows || p.Rows > Most {
		return nil, fmt.Errorf("profile: %d rows, want %d to %d", p.Rows, LeastRows, Most)
	}
	var faults []error
	for _, c := range p.Columns {
		if fault := c.fault(p.Rows); fault != "" {
			faults = append(faults, fmt.Errorf("profile: column %.60q: %s", c.Name, fault))
		}
	}
	return p, errors.Join(faults...)
}

// fault says what is wrong with a column of so many rows, "" when nothing is.
func (r Reference) fault(rows int) string {
	present := len(r.Values)
	for _, n := range r.Counts {
		if n < 0 || n > rows {
			return fmt.Sprintf("a count of %d in %d rows", n, rows)
		}
		present += n
	}
	switch {
	case r.Categories == nil && r.Counts != nil:
		return "counts without categories"
	case r.Categories != nil && r.Values != nil:
		return "values beside categories, want counts"
	case r.Categories != nil && len(r.Counts) != len(r.Categories)+1:
		return fmt.Sprintf("%d counts, want one for each of %d categories and one of others", len(r.Counts), len(r.Categories))
	case r.Missing < 0 || r.Missing > rows || present+r.Missing != rows:
		return fmt.Sprintf("%d values and %d missing, want %d together", present, r.Missing, rows)
	case !slices.IsSorted(r.Values):
		return "the values do not ascend"
	}
	return ""
}

// numbers are the values of a column of numbers.
func (r Reference) numbers() []float64 {
	values := make([]float64, len(r.Values))
	for i, v := range r.Values {
		values[i] = float64(v)
	}
	return values
}

// bins divide a column for PSI.
type bins struct {
	// edges of a column of numbers: bin i holds what is above edge i−1 and at most edge i;
	// the first one what is below the reference's least value, the last what is above its
	// greatest. nil of a categorical column, which has a bin for each category and for others.
	edges      []float64
	categories int
	reference  []int // rows in each; the last bin is of missing values
}

// quantileBins is how many bins of as many rows each a column of numbers is divided into,
// fewer where values repeat.
const quantileBins = 10

func newBins(r Reference) bins {
	b := bins{categories: len(r.Categories)}
	if r.Categories != nil {
		b.reference = append(slices.Clone(r.Counts), r.Missing)
		return b
	}
	values := r.numbers()
	b.edges = []float64{}
	if n := len(values); n > 0 {
		b.edges = append(b.edges, math.Nextafter(values[0], math.Inf(-1)))
		for i := 1; i <= quantileBins; i++ {
			b.edges = append(b.edges, values[max(0, i*n/quantileBins-1)])
		}
		b.edges = slices.Compact(b.edges)
	}
	b.reference = b.count(values, len(values)+r.Missing)
	return b
}

// count counts the values, sorted, of so many rows in each bin.
func (b bins) count(values []float64, rows int) []int {
	if b.edges == nil {
		return append(countCategories(b.categories, values), rows-len(values))
	}
	counts := make([]int, len(b.edges)+2)
	before := 0
	for i, edge := range b.edges {
		after, _ := slices.BinarySearch(values, math.Nextafter(edge, math.Inf(1)))
		counts[i], before = after-before, after
	}
	counts[len(b.edges)] = len(values) - before
	counts[len(b.edges)+1] = rows - len(values)
	return counts
}
