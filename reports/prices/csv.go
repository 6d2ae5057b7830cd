package prices

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Flaw is what is wrong with a value of a price.
type Flaw struct {
	Field   string // the key or the column: "usd"
	Problem string // "-1 is below 0"
	Want    string // what would be right
}

// String is "usd: -1 is below 0; want …".
func (f Flaw) String() string {
	s := f.Problem
	if f.Field != "" {
		s = f.Field + ": " + s
	}
	if f.Want != "" {
		s += "; want " + f.Want
	}
	return s
}

// Bounds that no true price reaches, so that sums stay finite.
const (
	mostUSD   = 1e9
	mostUnits = 1e15
	mostText  = 1000 // characters of a field
)

// Flaws are what is wrong with the row, by its columns. now is when it is read: no price
// is from the future.
func (p Price) Flaws(now time.Time) []Flaw {
	var all []Flaw
	add := func(field, problem, want string) { all = append(all, Flaw{field, problem, want}) }
	for _, c := range columns() {
		text, isText := c.text(&p)
		switch {
		case !isText:
			if v := *c.number(&p); math.IsNaN(v) || v < 0 || v > c.most {
				add(c.name, fmt.Sprintf("%v is not from 0 to %g", v, c.most), c.want)
			}
			continue
		case *text == "" && c.required:
			add(c.name, "missing", c.want)
		case !utf8.ValidString(*text) || strings.ContainsFunc(*text, func(r rune) bool { return !unicode.IsGraphic(r) }):
			add(c.name, fmt.Sprintf("%q has characters that cannot be printed", *text), c.want)
		case utf8.RuneCountInString(*text) > mostText:
			add(c.name, fmt.Sprintf("%d characters long", utf8.RuneCountInString(*text)), fmt.Sprintf("at most %d", mostText))
		case c.part && strings.Contains(*text, "/"):
			add(c.name, fmt.Sprintf("%q has a slash, which separates the parts of an ID", *text), c.want)
		}
		if *text != strings.TrimSpace(*text) {
			add(c.name, fmt.Sprintf("%q begins or ends with a space", *text), c.want)
		}
	}
	if p.Unit != "" && !slices.Contains(units(), p.Unit) {
		add("unit", fmt.Sprintf("unknown unit %q", p.Unit), "one of "+strings.Join(units(), ", "))
	}
	switch day, ok := p.Date.Day(); {
	case p.Date != "" && !ok:
		add("date", fmt.Sprintf("%q is no date", p.Date), "a date such as 2026-07-20, 2026-07 or 2026")
	case ok && day.After(now.Add(14*time.Hour)): // somewhere it is that day
		add("date", fmt.Sprintf("%s is in the future", p.Date), "when the price was read")
	}
	return all
}

// column is one of a table's.
type column struct {
	name, want string
	required   bool
	part       bool // of the ID
	most       float64
	number     func(*Price) *float64
	word       func(*Price) *string
}

// text is the field of a column of texts; false: it holds numbers.
func (c column) text(p *Price) (*string, bool) {
	if c.word == nil {
		return nil, false
	}
	return c.word(p), true
}

func columns() []column {
	return []column{
		{name: "provider", want: "who charges it, such as aws", required: true, part: true, word: func(p *Price) *string { return &p.Provider }},
		{name: "region", want: "where the price holds, such as us-east-1", required: true, part: true, word: func(p *Price) *string { return &p.Region }},
		{name: "service", want: "what is used, such as ec2", required: true, part: true, word: func(p *Price) *string { return &p.Service }},
		{name: "item", want: "what of the service, such as c7g.large", required: true, part: true, word: func(p *Price) *string { return &p.Item }},
		{name: "unit", want: "what the price is for, such as hour", required: true, word: func(p *Price) *string { return &p.Unit }},
		{name: "from", want: "the units a month that the price begins at", most: mostUnits, number: func(p *Price) *float64 { return &p.From }},
		{name: "usd", want: "the price of one unit in US dollars, such as 0.0725", required: true, most: mostUSD, number: func(p *Price) *float64 { return &p.USD }},
		{name: "date", want: "when the price was read, such as 2026-07-20", required: true, word: func(p *Price) *string { return (*string)(&p.Date) }},
		{name: "source", want: "where the price was read", required: true, word: func(p *Price) *string { return &p.Source }},
		{name: "vcpu", want: "virtual CPUs of one unit, such as 2", most: mostUnits, number: func(p *Price) *float64 { return &p.VCPU }},
		{name: "memory_gib", want: "memory of one unit in GiB, such as 4", most: mostUnits, number: func(p *Price) *float64 { return &p.MemoryGiB }},
		{name: "accelerator", want: "accelerators of one unit, such as 1x L4 24GB", word: func(p *Price) *string { return &p.Accelerator }},
		{name: "note", want: "text", word: func(p *Price) *string { return &p.Note }},
	}
}

// ReadCSV reads a table whose first line names its columns, as WriteCSV writes it. name is
// what faults call it, and now is when it is read. The error has a line for everything that
// is wrong, with the place, the column and what would be right.
func ReadCSV(name string, content []byte, now time.Time) (Table, error) {
	r := &csvReader{name: name, now: now, in: csv.NewReader(bytes.NewReader(content)), first: map[key]int{}, units: map[string]priced{}}
	r.in.FieldsPerRecord = -1
	r.read()
	if len(r.faults) > 0 {
		return nil, errors.Join(r.faults...)
	}
	return r.table, nil
}

// csvReader reads a table, and keeps what is wrong with it.
type csvReader struct {
	name   string
	now    time.Time
	in     *csv.Reader
	head   []column
	first  map[key]int // the line of the row that has the key
	units  map[string]priced
	table  Table
	faults []error
}

// priced is the unit that an ID has a price by, and the line that says so.
type priced struct {
	unit string
	line int
}

// mostFaults bounds the faults that are listed: a file of another kind has one in each line.
const mostFaults = 100

func (r *csvReader) fault(line, column int, f Flaw) {
	if len(r.faults) == mostFaults {
		r.faults = append(r.faults, fmt.Errorf("%s: more faults follow, which are not listed", r.name))
	}
	if len(r.faults) < mostFaults {
		r.faults = append(r.faults, fmt.Errorf("%s:%d:%d: %s", r.name, line, column, f))
	}
}

func (r *csvReader) read() {
	for len(r.faults) <= mostFaults {
		fields, err := r.in.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if r.head == nil {
				r.fault(1, 1, Flaw{Problem: "no table in it", Want: "a first line that names the columns: " + strings.Join(columnNames(), ",")})
			}
			return
		case errors.As(err, &syntax):
			r.fault(syntax.Line, syntax.Column, Flaw{Problem: "not CSV: " + syntax.Err.Error(), Want: "fields with commas between them, and quotes around a field that has a comma or a quote"})
			return
		case r.head == nil:
			if !r.columns(fields) {
				return
			}
		default:
			r.row(fields)
		}
	}
}

func columnNames() []string {
	var names []string
	for _, c := range columns() {
		names = append(names, c.name)
	}
	return names
}

// columns reads the first line; false where the others cannot be read by it.
func (r *csvReader) columns(fields []string) bool {
	known := columnNames()
	fields[0] = strings.TrimPrefix(fields[0], "\ufeff")
	for i, name := range fields {
		line, at := r.in.FieldPos(i)
		j := slices.Index(known, name)
		switch {
		case j < 0:
			r.fault(line, at, Flaw{Problem: fmt.Sprintf("unknown column %q", name), Want: "one of " + strings.Join(known, ", ")})
		case slices.ContainsFunc(r.head, func(c column) bool { return c.name == name }):
			r.fault(line, at, Flaw{Problem: fmt.Sprintf("column %q stands twice", name), Want: "it once"})
		default:
			r.head = append(r.head, columns()[j])
		}
	}
	for _, c := range columns() {
		if c.required && !slices.Contains(fields, c.name) {
			r.fault(1, 1, Flaw{Problem: fmt.Sprintf("no column %q", c.name), Want: c.want})
		}
	}
	return len(r.faults) == 0
}

func (r *csvReader) row(fields []string) {
	before := len(r.faults)
	line, _ := r.in.FieldPos(0)
	if len(fields) != len(r.head) {
		r.fault(line, 1, Flaw{Problem: fmt.Sprintf("%d fields", len(fields)), Want: fmt.Sprintf("%d, one for each column", len(r.head))})
		return
	}
	var p Price
	at := map[string]int{}
	for i, c := range r.head {
		_, at[c.name] = r.in.FieldPos(i)
		if text, ok := c.text(&p); ok {
			*text = fields[i]
			continue
		}
		if fields[i] == "" && !c.required {
			continue
		}
		v, err := strconv.ParseFloat(fields[i], 64)
		switch {
		case fields[i] == "":
			r.fault(line, at[c.name], Flaw{c.name, "missing", c.want})
		case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
			r.fault(line, at[c.name], Flaw{c.name, fmt.Sprintf("%q is no number", fields[i]), c.want})
		default:
			*c.number(&p) = v
		}
	}
	for _, f := range p.Flaws(r.now) {
		r.fault(line, max(1, at[f.Field]), f)
	}
	if len(r.faults) > before {
		return
	}
	if other, ok := r.first[p.key()]; ok && r.units[p.ID()].unit == p.Unit {
		r.fault(line, 1, Flaw{Problem: fmt.Sprintf("%s by the %s is given twice, first on line %d", p.ID(), p.Unit, other), Want: "it once"})
		return
	}
	if other, ok := r.units[p.ID()]; ok && other.unit != p.Unit {
		r.fault(line, at["unit"], Flaw{"unit", fmt.Sprintf("%s is priced by the %s here and by the %s on line %d", p.ID(), p.Unit, other.unit, other.line), "one unit for an item"})
		return
	}
	r.first[p.key()], r.units[p.ID()] = line, priced{p.Unit, line}
	r.table = append(r.table, p)
}

// WriteCSV writes the table, so that ReadCSV gives it back.
func (t Table) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(columnNames()) // the error stays until the end
	for _, p := range t {
		var fields []string
		for _, c := range columns() {
			if text, ok := c.text(&p); ok {
				fields = append(fields, *text)
				continue
			}
			v := *c.number(&p)
			if v == 0 && !c.required {
				fields = append(fields, "")
				continue
			}
			fields = append(fields, strconv.FormatFloat(v, 'f', -1, 64))
		}
		_ = out.Write(fields)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write prices: %w", err)
	}
	return nil
}
