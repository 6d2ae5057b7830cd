// Package pricefile reads the prices of a user: a table in CSV as servebench prices writes
// it, or YAML with rows and hardware of one's own. Both become rows of reports/prices.
package pricefile

import (
	"cmp"
	"embed"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"servebench/reports/prices"
	"servebench/scenarios/decode"

	"github.com/invopop/jsonschema"
)

// file is a file of prices in YAML.
type file struct {
	// The currency of all money in the file.
	Currency string `key:"currency" default:"USD" format:"currency"`
	// How many US dollars one unit of another currency is: {EUR: 1.08}.
	USDPer rates `key:"usd_per" absent:"none" format:"rate" want:"US dollars by currency, such as {EUR: 1.08}"`
	// When the prices were read, for those that have no date.
	Date prices.Date `key:"date" absent:"none, so that each price and machine needs one"`
	// Where the prices are from, for those that have no source.
	Source string `key:"source" absent:"none, so that each price and machine needs one"`
	// Prices that replace those of the same ID, or are added.
	Rows []row `key:"rows" absent:"none" label:"list of prices" want:"a list of prices"`
	// Machines of one's own, each of which becomes a price by the month.
	Hardware []prices.Hardware `key:"hardware" absent:"none" label:"list of machines" want:"a list of machines"`
}

type row struct {
	prices.Price
	// The price of one unit.
	Amount float64 `key:"price,required" min:"0" max:"1e9"`
	// Its currency, where it is another one than that of the file.
	Currency string `key:"currency" absent:"that of the file" format:"currency-or-none"`
}

// rates are US dollars by currency.
type rates map[string]float64

// Key takes the code of a currency.
func (rates) Key(written string) (string, *decode.Flaw) {
	if !isCurrency(written) {
		return written, &decode.Flaw{Problem: fmt.Sprintf("%q is no currency", written), Want: currencyWant}
	}
	if written == dollar {
		return written, &decode.Flaw{Problem: "a US dollar is one US dollar", Want: "the rates of other currencies, such as EUR"}
	}
	return written, nil
}

const dollar, currencyWant = "USD", "the code of a currency, such as EUR"

func isCurrency(text string) bool {
	return len(text) == 3 && !strings.ContainsFunc(text, func(r rune) bool { return r < 'A' || r > 'Z' })
}

func format() *decode.Format {
	currency := func(orNone bool) func(decode.Tag) decode.Scalar {
		return func(decode.Tag) decode.Scalar {
			return decode.Prose("currency", currencyWant, "^[A-Z]{3}$", func(n *decode.Node) *decode.Flaw {
				if isCurrency(n.Text) || orNone && n.Text == "" {
					return nil
				}
				return &decode.Flaw{Problem: fmt.Sprintf("%s is no currency", n)}
			})
		}
	}
	return decode.NewFormat(file{}, decode.Options{
		Docs: decode.ParseDocs(source, prices.KeySource),
		Scalars: map[string]func(decode.Tag) decode.Scalar{
			"currency":         currency(false),
			"currency-or-none": currency(true),
			"rate":             func(decode.Tag) decode.Scalar { return decode.Number(1e-6, 1e6, false) },
		},
	})
}

// Reference describes every key of a file in YAML.
func Reference() string { return format().Reference() }

// Schema describes a file in YAML for editors, as a JSON schema (draft 2020-12).
func Schema() *jsonschema.Schema {
	s := format().Schema()
	s.Version, s.Title = jsonschema.Version, "servebench prices"
	s.Description = "Prices that replace or add to those of servebench, and machines of one's own."
	return s
}

// Read reads prices from the content of a file: YAML where its name ends in .yaml or .yml,
// else CSV. name is what faults call it, and now is when it is read. The error names
// everything that is wrong, a fault a line.
func Read(name string, content []byte, now time.Time) (prices.Table, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return readYAML(name, content, now)
	}
	return prices.ReadCSV(name, content, now)
}

func readYAML(name string, content []byte, now time.Time) (prices.Table, error) {
	s := decode.Open(name, content)
	if s.Root == nil {
		if s.Sound("") {
			s.Refuse("", "no prices in it", "the key rows, or the key hardware")
		}
		return nil, s.Faults()
	}
	r := reader{source: s, now: now, at: map[string]string{}, units: map[string]prices.Price{}}
	format().Decode(s, &r.file)
	r.rows()
	r.machines()
	if len(r.file.Rows)+len(r.file.Hardware) == 0 && s.Sound("rows", "hardware") {
		s.Refuse("", "no prices in it", "the key rows, or the key hardware")
	}
	if faults := s.Faults(); faults != nil {
		return nil, faults
	}
	return r.table, nil
}

// reader makes rows of a file.
type reader struct {
	source *decode.Source
	file   file
	now    time.Time
	at     map[string]string       // the field of a row by what no two share
	units  map[string]prices.Price // the first price by its ID
	table  prices.Table
}

func (r *reader) rows() {
	for i, row := range r.file.Rows {
		field := decode.Element("rows", i)
		currency, asked := row.Currency, decode.Member(field, "currency")
		if currency == "" {
			currency, asked = r.file.Currency, "currency"
		}
		rate, ok := r.rate(currency, asked)
		p := row.Price
		p.USD = row.Amount * rate
		if ok && rate != 1 {
			p.Note = strings.TrimPrefix(fmt.Sprintf("%s; %s %v at %v USD/%s", p.Note, currency, row.Amount, rate, currency), "; ")
		}
		r.add(field, p)
	}
}

func (r *reader) machines() {
	for i, h := range r.file.Hardware {
		field := decode.Element("hardware", i)
		rate, _ := r.rate(r.file.Currency, "currency")
		if share := decode.Member(field, "share"); h.Share == 0 && r.source.Sound(share) {
			r.source.Refuse(share, "none of the machine", "the share that is for this, above 0%")
		}
		if !r.source.Sound(field) { // without its figures there is nothing to work out
			continue
		}
		r.add(field, h.Price(cmp.Or(r.file.Currency, dollar), rate)) // a refused currency is told already
	}
}

// rate is how many US dollars one of a currency is, that is asked for at a field.
func (r *reader) rate(currency, asked string) (float64, bool) {
	if rate, ok := r.file.USDPer[currency]; ok {
		return rate, true
	}
	if currency != dollar && r.source.Sound(asked, "usd_per") {
		r.source.Refuse(asked, fmt.Sprintf("no rate for %s", currency),
			fmt.Sprintf("how many US dollars one is, in the key usd_per: {%s: …}", currency))
	}
	return 1, currency == dollar
}

// add takes a row that stands at a field, if nothing is wrong with it.
func (r *reader) add(field string, p prices.Price) {
	if p.Date == "" {
		p.Date = r.file.Date
	}
	if p.Source == "" {
		p.Source = r.file.Source
	}
	for _, flaw := range p.Flaws(r.now) {
		key := keyOf(field, flaw.Field)
		if !r.source.Sound(decode.Member(field, key)) { // it was refused already
			continue
		}
		at := decode.Member(field, key)
		if (key == "date" || key == "source") && !r.source.Given(at) && r.source.Given(key) {
			if at = key; !r.source.Sound(at) {
				continue
			}
		}
		r.source.Refuse(at, flaw.Problem, flaw.Want)
	}
	key := fmt.Sprintf("%s by the %s from %v", p.ID(), p.Unit, p.From)
	if first, ok := r.at[key]; ok && r.source.Sound(field) {
		r.source.Refuse(field, fmt.Sprintf("%s by the %s is given twice, first as %s", p.ID(), p.Unit, first), "it once")
	}
	if first, ok := r.units[p.ID()]; !ok {
		r.units[p.ID()] = p
	} else if unit := decode.Member(field, "unit"); first.Unit != p.Unit && r.source.Sound(unit) {
		r.source.Refuse(unit, fmt.Sprintf("%s is priced by the %s here and by the %s before", p.ID(), p.Unit, first.Unit), "one unit for an item")
	}
	r.at[key] = field
	r.table = append(r.table, p)
}

// keyOf is the key of a column in a row or a machine.
func keyOf(field, column string) string {
	switch {
	case strings.HasPrefix(field, "hardware") && column == "item":
		return "name"
	case strings.HasPrefix(field, "hardware") && column == "usd":
		return "purchase"
	case column == "usd":
		return "price"
	}
	return column
}

//go:embed pricefile.go
var source embed.FS
