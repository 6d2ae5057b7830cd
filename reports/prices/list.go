package prices

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// List is what was taken from a price list of a provider.
type List struct {
	Format  string // "AWS Price List" or "Azure Retail Prices"
	Offers  []string
	Date    Date // of its prices
	Table   Table
	Skipped []Skipped
	// More says that the list names a further page, which is not in it.
	More bool
}

// Skipped is why entries of a list were not taken.
type Skipped struct {
	Why   string
	Count int
	First string // what the first of them is called
}

// Bounds that no true list reaches. They keep the memory that a list takes bounded.
const (
	mostEntry   = 4 << 20 // bytes of one entry
	mostKept    = 200_000 // entries that are kept
	mostReasons = 40
	mostDepth   = 1000
)

// ReadList reads a price list that a user fetched from a provider: JSON of AWS's Price List
// (an offer file, such as offers/v1.0/aws/AmazonEC2/current/us-east-1/index.json, or what
// aws pricing get-products prints) or of Azure's Retail Prices API, one page or several
// after the other. It takes the kinds of prices that a cost is worked out from, and counts
// the others. It holds one entry at a time beside those that it takes.
//
// name is what errors call the list; they say at which byte it is damaged. read is the day
// when the list was fetched, which is the date of its prices.
func ReadList(name string, r io.Reader, read Date, now time.Time) (*List, error) {
	in := &bounded{r: bufio.NewReaderSize(r, 256<<10)}
	l := &lister{in: in, dec: json.NewDecoder(in), list: &List{Date: read}, now: now, at: map[key]int{}, refused: map[key]bool{}}
	l.aws.products = map[string]awsProduct{}
	err := l.documents()
	switch {
	case err != nil:
		return nil, l.damaged(name, err)
	case l.list.Format == "":
		return nil, fmt.Errorf("%s: no price list; want an offer file of AWS's Price List, which has products and terms, or a page of Azure's Retail Prices, which has Items", name)
	}
	return l.finish(), nil
}

// bounded ends a stream that has an entry that is too long.
type bounded struct {
	r    io.Reader
	read int64 // bytes in all
	left int64 // of the entry
}

var errTooLong = fmt.Errorf("an entry is longer than %d bytes", mostEntry)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.read, b.left = b.read+int64(n), b.left-int64(n)
	return n, err
}

// lister reads a list, entry by entry.
type lister struct {
	in   *bounded
	dec  *json.Decoder
	now  time.Time
	list *List
	aws  awsOffer
	// pages counts those of Azure's, and next those that name a further one.
	pages, next int

	at      map[key]int // rows of the table
	refused map[key]bool
}

// damaged says where a list cannot be read, and why.
func (l *lister) damaged(name string, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	at := l.dec.InputOffset()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: it ends at byte %d, in the middle of the list; want the whole file, fetched again", name, l.in.read)
	case errors.As(err, &syntax):
		err = errors.New("not JSON: " + syntax.Error())
	case errors.As(err, &kind):
		err = fmt.Errorf("a %s where a price list has another kind of value", kind.Value)
	}
	return fmt.Errorf("%s: after byte %d: %w", name, at, err)
}

// documents reads what stands in the file: one document, or pages after each other.
func (l *lister) documents() error {
	for {
		l.in.left = mostEntry
		if !l.dec.More() {
			if _, err := l.dec.Token(); !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		}
		if err := l.object(l.topLevel); err != nil {
			return err
		}
	}
}

// topLevel reads the value of a key of a document.
func (l *lister) topLevel(name string) error {
	switch name {
	case "offerCode", "version", "publicationDate":
		l.is("AWS Price List")
		return l.value(l.aws.head(name))
	case "products":
		return l.object(l.awsProduct)
	case "terms":
		return l.object(l.awsTerms)
	case "PriceList":
		l.is("AWS Price List")
		return l.array(l.awsQuoted)
	case "offers", "regions", "versions":
		return errors.New("an index of AWS's price lists, without prices; want the file that its currentVersionUrl names")
	case "Items":
		l.is("Azure Retail Prices")
		l.pages++
		return l.array(l.azureItem)
	case "NextPageLink":
		var link *string
		err := l.value(&link)
		if link != nil && *link != "" {
			l.next++
		}
		return err
	}
	return l.skip()
}

// is notes what the list is.
func (l *lister) is(format string) { l.list.Format = format }

// value reads the next value.
func (l *lister) value(into any) error {
	l.in.left = mostEntry
	return l.dec.Decode(into)
}

// skip passes over the next value, entry by entry: what stands under a key that does not
// matter may be as long as the rest.
func (l *lister) skip() error {
	depth := 0
	for {
		l.in.left = mostEntry
		token, err := l.dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		switch {
		case depth == 0:
			return nil
		case depth > mostDepth:
			return errors.New("nested too deep for a price list")
		}
	}
}

// object reads an object, each value by what its key says.
func (l *lister) object(member func(name string) error) error {
	if err := l.delimiter('{'); err != nil {
		return err
	}
	for l.more() {
		token, err := l.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if err := member(name); err != nil {
			return err
		}
	}
	return l.delimiter('}')
}

func (l *lister) array(item func() error) error {
	if err := l.delimiter('['); err != nil {
		return err
	}
	for l.more() {
		if err := item(); err != nil {
			return err
		}
	}
	return l.delimiter(']')
}

func (l *lister) more() bool {
	l.in.left = mostEntry
	return l.dec.More()
}

func (l *lister) delimiter(want json.Delim) error {
	l.in.left = mostEntry
	token, err := l.dec.Token()
	switch {
	case err != nil:
		return err
	case token != want:
		return fmt.Errorf("%v where a price list has %v", token, want)
	}
	return nil
}

// skipped counts an entry that is not taken.
func (l *lister) skipped(why, first string) {
	for i := range l.list.Skipped {
		if s := &l.list.Skipped[i]; s.Why == why || i == mostReasons-1 {
			s.Count++
			return
		}
	}
	if len(l.list.Skipped) == mostReasons-1 {
		why = "other reasons"
	}
	l.list.Skipped = append(l.list.Skipped, Skipped{Why: why, Count: 1, First: first})
}

// take adds a row, called first in what is said of it, unless something is wrong with it.
func (l *lister) take(p Price, first string) error {
	if p.USD == 0 {
		l.skipped("a price of 0, or one too small for the digits of the list", first)
		return nil
	}
	if flaws := p.Flaws(l.now); flaws != nil {
		l.skipped("not usable as the "+flaws[0].Field+" of a price", first)
		return nil
	}
	k := p.key()
	switch i, known := l.at[k]; {
	case l.refused[k]:
		l.skipped("several prices for one item", first)
	case known && l.list.Table[i].USD == p.USD:
		l.skipped("the same as another entry", first)
	case known:
		l.refused[k] = true
		l.skipped("several prices for one item", first)
	case len(l.list.Table) == mostKept:
		return fmt.Errorf("more than %d prices to take; want the list of one region", mostKept)
	default:
		l.at[k] = len(l.list.Table)
		l.list.Table = append(l.list.Table, p)
	}
	return nil
}

// finish is the list without what turned out not to be usable, and with the sizes of
// machines that the table knows and the list does not say.
func (l *lister) finish() *List {
	for sku := range l.aws.products {
		l.skipped("no price on demand", sku)
	}
	sizes := map[string]Price{}
	for _, p := range Builtin() {
		sizes[p.Provider+"/"+p.Service+"/"+p.Item] = p
	}
	var table Table
	for _, p := range l.list.Table {
		if l.refused[p.key()] {
			l.skipped("several prices for one item", p.ID())
			continue
		}
		if known, ok := sizes[p.Provider+"/"+p.Service+"/"+p.Item]; ok {
			if p.VCPU == 0 {
				p.VCPU = known.VCPU
			}
			if p.MemoryGiB == 0 {
				p.MemoryGiB = known.MemoryGiB
			}
			if known.Accelerator != "" {
				p.Accelerator = known.Accelerator
			}
		}
		table = append(table, p)
	}
	l.list.Table = table
	l.list.More = l.pages > 0 && l.next == l.pages
	return l.list
}

// Change is a price that another table has otherwise.
type Change struct{ Old, New Price }

// Changes compares the rows with those of an older table: which have another price, how
// many have the same, and how many are new.
func (t Table) Changes(old Table) (changed []Change, same, added int) {
	before := map[key]Price{}
	for _, p := range old {
		before[p.key()] = p
	}
	for _, p := range t {
		switch o, ok := before[p.key()]; {
		case !ok:
			added++
		case o.USD == p.USD:
			same++
		default:
			changed = append(changed, Change{o, p})
		}
	}
	return changed, same, added
}

// day is the day of a time such as 2026-11-03T12:00:00Z; "" where it is none.
func day(text string) Date {
	date, _, _ := strings.Cut(text, "T")
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return ""
	}
	return Date(date)
}
