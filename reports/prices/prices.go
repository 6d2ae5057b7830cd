// Package prices holds what places charge: a table of prices, each with its date and its
// source. A table comes with servebench; files of users replace and add rows. The package
// opens no file and no connection.
//
// Every price is in US dollars, for one unit of an item, without taxes. A row is a fact
// that somebody read at a date, and may have changed since: Stale says which are old.
package prices

import (
	"cmp"
	"embed"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Price is a row of the table.
type Price struct {
	// Who charges it, such as aws; own for hardware of one's own.
	Provider string `key:"provider,required" want:"who charges it, such as aws" json:"provider"`
	// Where it holds, such as us-east-1.
	Region string `key:"region,required" want:"where the price holds, such as us-east-1" json:"region"`
	// What is used, such as ec2.
	Service string `key:"service,required" want:"what is used, such as ec2" json:"service"`
	// What of the service, such as c7g.large.
	Item string `key:"item,required" want:"what of the service, such as c7g.large" json:"item"`
	// What one price is for, such as hour or GB-second.
	Unit string `key:"unit,required" want:"what the price is for, such as hour" json:"unit"`
	// How many units a month the price begins at, where it depends on their number. Units
	// below the lowest row of an item cost nothing.
	From float64 `key:"from" default:"0" min:"0" max:"1e15" json:"from,omitempty"`
	// The price of one unit in US dollars.
	USD float64 `json:"usd"`
	// When the price was read, such as 2026-07-20, or 2026-07 or 2026 where no more is known.
	Date Date `key:"date" absent:"that of the file" want:"when the price was read, such as 2026-07-20" json:"date"`
	// Where the price was read.
	Source string `key:"source" absent:"that of the file" want:"where the price was read" json:"source"`
	// Virtual CPUs of one unit; 0 where it has none.
	VCPU float64 `key:"vcpu" default:"0" min:"0" max:"1e6" json:"vcpu,omitempty"`
	// Memory of one unit in GiB; 0 where it has none.
	MemoryGiB float64 `key:"memory_gib" default:"0" min:"0" max:"1e9" json:"memory_gib,omitempty"`
	// Accelerators of one unit, such as 1x L4 24GB.
	Accelerator string `key:"accelerator" absent:"none" json:"accelerator,omitempty"`
	// What else is to be known.
	Note string `key:"note" absent:"none" json:"note,omitempty"`
}

// KeySource is the files whose comments say what the keys of a price and of a machine mean.
//
//go:embed prices.go hardware.go
var KeySource embed.FS

// ID names what is priced: "aws/us-east-1/ec2/c7g.large". An item whose price depends on
// the number of units has several rows with one ID.
func (p Price) ID() string {
	return strings.Join([]string{p.Provider, p.Region, p.Service, p.Item}, "/")
}

// key is what no two rows of a table share.
type key struct {
	id   string
	from float64
}

func (p Price) key() key { return key{p.ID(), p.From} }

// HoursPerMonth is what a month counts.
const HoursPerMonth = 730

// Month is what one unit costs that is kept for a month, in US dollars; false where the
// price is for anything else than time.
func (p Price) Month() (usd float64, ok bool) {
	switch p.Unit {
	case "second":
		return p.USD * 3600 * HoursPerMonth, true
	case "hour":
		return p.USD * HoursPerMonth, true
	case "month":
		return p.USD, true
	}
	return 0, false
}

// units are all that a price may be for.
func units() []string {
	return []string{
		"second", "hour", "month", "request", "GB", "GB-second", "GiB-second", "GB-hour", "GB-month",
		"vCPU-second", "vCPU-hour", "LCU-hour", "NLCU-hour",
	}
}

// PerUnit is the price with its unit: "0.0725/hour". Digits beyond the ninth are those of
// arithmetic, and are left out.
func (p Price) PerUnit() string {
	const digits = 9
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(p.USD, 'g', digits, 64), 64)
	return strconv.FormatFloat(rounded, 'f', -1, 64) + "/" + p.Unit
}

// Date is a day as 2026-07-20, or a month as 2026-07 or a year as 2026 where no more is
// known.
type Date string

// Day is the earliest day that the date can mean, in UTC; false where it is no date.
func (d Date) Day() (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if day, err := time.Parse(layout, string(d)); err == nil {
			return day, true
		}
	}
	return time.Time{}, false
}

// MaxAge is how old a price may be before it counts as old.
const MaxAge = 180 * 24 * time.Hour

// Age is how old the price is at most: a date without a day counts from its first.
func (p Price) Age(now time.Time) time.Duration {
	day, ok := p.Date.Day()
	if !ok {
		return math.MaxInt64
	}
	return max(0, now.Sub(day))
}

// Stale reports whether the price may be older than MaxAge.
func (p Price) Stale(now time.Time) bool { return p.Age(now) > MaxAge }

// Table holds prices. No two rows have the same ID and From, and those of one ID have one unit.
type Table []Price

//go:embed prices.csv
var builtin []byte

// Builtin is the table that comes with servebench.
func Builtin() Table {
	table, _ := ReadCSV("prices.csv", builtin, time.Unix(math.MaxInt32, 0)) // a test reads it
	return table
}

// With is the table with the prices of another one. They replace those of the same ID, by
// whatever unit and from whatever number of units on; new ones follow in their order. A price
// that says nothing of its size keeps the CPUs, the memory and the accelerator of the replaced
// one: they are the item's.
func (t Table) With(others Table) Table {
	news := map[string]Table{}
	for _, p := range others {
		news[p.ID()] = append(news[p.ID()], p)
	}
	var all Table
	placed := map[string]bool{}
	for _, p := range slices.Concat(t, others) {
		switch rows, replaced := news[p.ID()]; {
		case !replaced:
			all = append(all, p)
		case !placed[p.ID()]:
			placed[p.ID()] = true
			old := t.Lookup(p.ID())
			for _, row := range rows {
				all = append(all, row.sizedAs(old))
			}
		}
	}
	return all
}

// sizedAs is the price with the sizes of the row that it replaces, where it has none.
func (p Price) sizedAs(old Table) Price {
	if len(old) == 0 {
		return p
	}
	replaced := old[0]
	if i := slices.IndexFunc(old, func(o Price) bool { return o.From == p.From }); i >= 0 {
		replaced = old[i]
	}
	p.VCPU, p.MemoryGiB = cmp.Or(p.VCPU, replaced.VCPU), cmp.Or(p.MemoryGiB, replaced.MemoryGiB)
	p.Accelerator = cmp.Or(p.Accelerator, replaced.Accelerator)
	return p
}

// Stale are the rows that may be older than MaxAge.
func (t Table) Stale(now time.Time) Table {
	return t.where(func(p Price) bool { return p.Stale(now) })
}

// Lookup returns the rows of an item by its ID, by ascending From; nil where there is none.
func (t Table) Lookup(id string) Table {
	rows := t.where(func(p Price) bool { return p.ID() == id })
	slices.SortStableFunc(rows, func(a, b Price) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	return rows
}

// Filter says which rows of a table are meant; the zero value means all.
type Filter struct {
	Provider, Region, Service string   // "": any
	Words                     []string // each is in the ID, in whatever case
}

// Filter returns the rows that are meant.
func (t Table) Filter(f Filter) Table {
	is := func(have, want string) bool { return want == "" || have == want }
	return t.where(func(p Price) bool {
		id := strings.ToLower(p.ID())
		return is(p.Provider, f.Provider) && is(p.Region, f.Region) && is(p.Service, f.Service) &&
			!slices.ContainsFunc(f.Words, func(word string) bool { return !strings.Contains(id, strings.ToLower(word)) })
	})
}

func (t Table) where(meant func(Price) bool) Table {
	var rows Table
	for _, p := range t {
		if meant(p) {
			rows = append(rows, p)
		}
	}
	return rows
}
