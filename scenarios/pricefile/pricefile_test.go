package pricefile

import (
	"flag"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"servebench/reports/prices"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func today() time.Time { return time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC) }

const example = `currency: EUR
usd_per: {EUR: 1.1}
date: 2026-11-02
source: offer 4711
rows:
  - {provider: aws, region: eu-central-1, service: ec2, item: c7g.large, unit: hour, price: 0.05, vcpu: 2, memory_gib: 4}
  - {provider: aws, region: us-east-1, service: ec2, item: c7g.large, unit: hour, price: 0.06, currency: USD, date: 2026-10, source: contract}
hardware:
  - {name: lab-box, purchase: 2400, years: 4, watts: 180, pue: 1.3, kwh: 0.28, rack_month: 60, admin_hours_month: 2, admin_hour: 80, vcpu: 16, memory_gib: 64, share: 25%}
`

func TestRead(t *testing.T) {
	table, err := Read("prices.yaml", []byte(example), today())
	if err != nil {
		t.Fatal(err)
	}
	// 2400/48 + 0.18 kW × 730 h × 1.3 × 0.28 + 60 + 160, a quarter of it in US dollars
	month := (50 + 0.18*730*1.3*0.28 + 60 + 160) * 0.25 * 1.1
	if diff := month - table[2].USD; math.Abs(diff) > 1e-9 {
		t.Errorf("the machine costs %v, want %v", table[2].USD, month)
	}
	table[2].USD = 0
	table[0].USD = math.Round(table[0].USD*1e9) / 1e9
	want := prices.Table{
		{Provider: "aws", Region: "eu-central-1", Service: "ec2", Item: "c7g.large", Unit: "hour", USD: 0.055, Date: "2026-11-02", Source: "offer 4711", VCPU: 2, MemoryGiB: 4,
			Note: "EUR 0.05 at 1.1 USD/EUR"},
		{Provider: "aws", Region: "us-east-1", Service: "ec2", Item: "c7g.large", Unit: "hour", USD: 0.06, Date: "2026-10", Source: "contract"},
		{Provider: "own", Region: "-", Service: "hardware", Item: "lab-box", Unit: "month", Date: "2026-11-02", Source: "offer 4711", VCPU: 4, MemoryGiB: 16,
			Note: "EUR a month: purchase 2400 / (4 years x 12) = 50.00; power 180 W x 730 h x PUE 1.3 x 0.28/kWh = 47.83; rack 60.00; people 2 h x 80 = 160.00; in all 317.83; share 25 % of the cost, of 16 CPUs and of 64 GiB; 1.1 USD/EUR"},
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Error(diff)
	}
}

func TestReadTellsTheFormatByTheName(t *testing.T) {
	table := prices.Builtin()[:3]
	var text strings.Builder
	if err := table.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	again, err := Read("mine.csv", []byte(text.String()), today())
	if err != nil || !cmp.Equal(table, again) {
		t.Errorf("%v: %v", err, again)
	}
}

func TestFaults(t *testing.T) {
	const row = "rows: [{provider: aws, region: x, service: ec2, item: a, unit: hour, price: 1, date: 2026, source: s}]\n"
	const box = "date: 2026\nsource: s\nhardware: [{name: box, purchase: 1, years: 1, watts: 1, kwh: 1, vcpu: 1, memory_gib: 1}]\n"
	change := func(text, from, to string) string { return strings.Replace(text, from, to, 1) }
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", `no prices in it; want the key rows, or the key hardware`},
		{"no rows", "currency: USD\n", `no prices in it`},
		{"no unit", change(row, " unit: hour,", ""), `p.yaml:1:8: rows[0].unit: missing; want what the price is for, such as hour`},
		{"unit", change(row, "unit: hour", "unit: hours"), `p.yaml:1:64: rows[0].unit: unknown unit "hours"; want one of second, hour, month`},
		{"negative", change(row, "price: 1", "price: -1"), `rows[0].price: -1 is below 0; want a number from 0 to 1000000000`},
		{"NaN", change(row, "price: 1", "price: .nan"), `rows[0].price: .nan is not a number`},
		{"infinite", change(row, "price: 1", "price: 1e999"), `rows[0].price: 1e999 is too large a number`},
		{"no date", change(row, ", date: 2026", ""), `p.yaml:1:8: rows[0].date: missing; want when the price was read, such as 2026-07-20`},
		{"future", change(row, "2026", "2026-12-24"), `rows[0].date: 2026-12-24 is in the future`},
		{"future of the file", "date: 2027-01-01\n" + change(row, ", date: 2026", ""), `p.yaml:1:7: date: 2027-01-01 is in the future`},
		{"currency", "currency: EUR\n" + row, `p.yaml:1:11: currency: no rate for EUR; want how many US dollars one is, in the key usd_per: {EUR: …}`},
		{"mixed", "usd_per: {CHF: 1.2}\n" + change(row, "price: 1", "price: 1, currency: EUR"), `rows[0].currency: no rate for EUR`},
		{"no currency", "currency: euro\n" + row, `currency: "euro" is no currency; want the code of a currency, such as EUR`},
		{"rate of the dollar", "usd_per: {USD: 0.5}\n" + row, `usd_per.USD: a US dollar is one US dollar; want the rates of other currencies, such as EUR`},
		{"rate", "usd_per: {EUR: 0}\n" + row, `usd_per.EUR: 0 is below 1e-06`},
		{"duplicate", change(row, "}]", "}, {provider: aws, region: x, service: ec2, item: a, unit: hour, price: 2, date: 2026, source: s}]"),
			`rows[1]: aws/x/ec2/a by the hour is given twice, first as rows[0]; want it once`},
		{"two units", change(row, "}]", "}, {provider: aws, region: x, service: ec2, item: a, unit: month, price: 2, date: 2026, source: s}]"),
			`rows[1].unit: aws/x/ec2/a is priced by the month here and by the hour before; want one unit for an item`},
		{"key", change(row, "price:", "prices:"), `rows[0].prices: unknown key (did you mean "price"?)`},
		{"no years", change(box, " years: 1,", ""), `hardware[0].years: missing; want a number from 0.1 to 30`},
		{"zero years", change(box, "years: 1", "years: 0"), `hardware[0].years: 0 is below 0.1`},
		{"PUE", change(box, "watts: 1", "watts: 1, pue: 0.9"), `hardware[0].pue: 0.9 is below 1`},
		{"share", change(box, "watts: 1", "watts: 1, share: 0%"), `hardware[0].share: none of the machine`},
		{"box without a date", change(box, "date: 2026\n", ""), `hardware[0].date: missing`},
		{"slash", change(box, "name: box", "name: a/b"), `hardware[0].name: "a/b" has a slash`},
		{"every one", change(change(row, "price: 1", "price: -1"), "unit: hour", "unit: day"), "unknown unit \"day\"; want one of"},
	} {
		table, err := Read("p.yaml", []byte(tc.text), today())
		if tc.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || table != nil {
			t.Errorf("%s: %v\nwant %s", tc.name, err, tc.want)
		}
	}
}

// TestCurrencyIsOneFault: a machine's price in a currency that is refused adds no fault about the note
// that servebench writes itself.
func TestCurrencyIsOneFault(t *testing.T) {
	_, err := Read("p.yaml", []byte(strings.Replace(example, "currency: EUR", "currency: eur", 1)), today())
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), `"eur" is no currency`) {
		t.Errorf("want the currency alone: %v", err)
	}
}

// TestReferenceNamesNoDefaultDate: a date and a source are asked for, in the file or in each row.
func TestReferenceNamesNoDefaultDate(t *testing.T) {
	if n := strings.Count(Reference(), "so that each price and machine needs one"); n != 2 {
		t.Errorf("%d keys of the file say that they are needed otherwise, want date and source:\n%s", n, Reference())
	}
}

// TestEveryFaultAtOnce wants all of a file's faults, and each once.
func TestEveryFaultAtOnce(t *testing.T) {
	text, err := os.ReadFile("testdata/faults.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, faults := Read("faults.yaml", text, today())
	if faults == nil {
		t.Fatal("no faults")
	}
	const golden = "testdata/faults.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(faults.Error()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), faults.Error()+"\n"); diff != "" {
		t.Error(diff)
	}
}

func TestReferenceNamesEveryKey(t *testing.T) {
	for _, key := range []string{"currency", "usd_per", "rows[].price", "rows[].from", "hardware[].admin_hour"} {
		if !strings.Contains(Reference(), key+"  (") {
			t.Errorf("no %s in the reference:\n%s", key, Reference())
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("rows: [{price: 1e308, from: -1}]\nusd_per: {EUR: 1e6}"))
	f.Add([]byte("hardware: [{name: a, purchase: 1e9, years: 0.1}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := Read("p.yaml", text, today())
		if (err == nil) == (table == nil) {
			t.Fatalf("%v and %d rows", err, len(table))
		}
		var written strings.Builder
		if err := table.WriteCSV(&written); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		again, err := prices.ReadCSV("p.csv", []byte(written.String()), today())
		if err != nil || !cmp.Equal(table, again) {
			t.Fatalf("%v: the table is not read back:\n%s", err, cmp.Diff(table, again))
		}
	})
}
