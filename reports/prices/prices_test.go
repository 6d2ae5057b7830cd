package prices

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// today is after every date of the table.
func today() time.Time { return time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC) }

func TestBuiltinTableIsSound(t *testing.T) {
	table, err := ReadCSV("prices.csv", builtin, today())
	if err != nil {
		t.Fatal(err)
	}
	if len(table) < 170 || !cmp.Equal(table, Builtin()) {
		t.Errorf("%d rows, and Builtin has %d", len(table), len(Builtin()))
	}
	var again bytes.Buffer
	if err := table.WriteCSV(&again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(builtin), again.String()); diff != "" {
		t.Errorf("the table is not written as it stands there (-there +written):\n%s", diff)
	}
	for _, p := range table {
		if p.USD == 0 || strings.Contains(p.Source, "shared/") {
			t.Errorf("%s: %v US dollars from %q", p.ID(), p.USD, p.Source)
		}
	}
}

func TestLookup(t *testing.T) {
	one := Builtin().Lookup("aws/us-east-1/ec2/c7g.large")
	if len(one) != 1 || one[0].USD != 0.0725 || one[0].VCPU != 2 || one[0].MemoryGiB != 4 {
		t.Errorf("c7g.large: %+v", one)
	}
	if month, ok := one[0].Month(); !ok || month != 0.0725*730 {
		t.Errorf("c7g.large a month: %v, %t", month, ok)
	}
	var from []float64
	tiers := Builtin().Lookup("aws/us-east-1/lambda/duration x86_64")
	for _, p := range tiers {
		from = append(from, p.From)
	}
	if diff := cmp.Diff([]float64{0, 6e9, 15e9}, from); diff != "" {
		t.Errorf("where the prices of Lambda begin (-want +got):\n%s", diff)
	}
	if _, ok := tiers[0].Month(); ok {
		t.Error("a GB-second has a price a month")
	}
	if none := Builtin().Lookup("aws/us-east-1/ec2/c7g"); none != nil {
		t.Errorf("part of an ID found %v", none)
	}
}

func TestFilter(t *testing.T) {
	for _, tc := range []struct {
		filter Filter
		want   int
	}{
		{Filter{}, len(Builtin())},
		{Filter{Provider: "hetzner"}, 5},
		{Filter{Provider: "aws", Region: "eu-central-1"}, 2},
		{Filter{Service: "fargate"}, 4},
		{Filter{Service: "fargate", Words: []string{"ARM64", "us-east"}}, 2},
		{Filter{Provider: "hetzner", Words: []string{"lambda"}}, 0},
	} {
		if got := len(Builtin().Filter(tc.filter)); got != tc.want {
			t.Errorf("%+v: %d rows, want %d", tc.filter, got, tc.want)
		}
	}
}

func TestAgeCountsFromTheFirstDayThatADateCanMean(t *testing.T) {
	for date, stale := range map[Date]bool{
		"2026-06-03": false, // 180 days before
		"2026-06-02": true,
		"2026-07":    false,
		"2026-06":    true,
		"2026":       true,
	} {
		if got := (Price{Date: date}).Stale(today()); got != stale {
			t.Errorf("%s: stale %t, want %t", date, got, stale)
		}
	}
}

const head = "provider,region,service,item,unit,usd,date,source\n"

func TestFaultsOfCSV(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", `p.csv:1:1: no table in it; want a first line that names the columns: provider,region,`},
		{"no unit", head + "aws,x,ec2,a,,1,2026,s\n", `p.csv:2:13: unit: missing; want what the price is for, such as hour`},
		{"unknown unit", head + "aws,x,ec2,a,hours,1,2026,s\n", `p.csv:2:13: unit: unknown unit "hours"; want one of second, hour, month`},
		{"negative", head + "aws,x,ec2,a,hour,-1,2026,s\n", `p.csv:2:18: usd: -1 is not from 0 to 1e+09; want the price of one unit in US dollars`},
		{"no number", head + "aws,x,ec2,a,hour,NaN,2026,s\n", `p.csv:2:18: usd: "NaN" is no number`},
		{"infinite", head + "aws,x,ec2,a,hour,1e999,2026,s\n", `p.csv:2:18: usd: "1e999" is no number`},
		{"no price", head + "aws,x,ec2,a,hour,,2026,s\n", `p.csv:2:18: usd: missing`},
		{"future", head + "aws,x,ec2,a,hour,1,2027-01-01,s\n", `p.csv:2:20: date: 2027-01-01 is in the future`},
		{"no date", head + "aws,x,ec2,a,hour,1,yesterday,s\n", `p.csv:2:20: date: "yesterday" is no date; want a date such as 2026-07-20`},
		{"slash", head + "aws,x/y,ec2,a,hour,1,2026,s\n", `p.csv:2:5: region: "x/y" has a slash`},
		{"control", head + "aws,x,ec2,\"a\x1b[31m\",hour,1,2026,s\n", `p.csv:2:11: item: "a\x1b[31m" has characters that cannot be printed`},
		{"twice", head + "aws,x,ec2,a,hour,1,2026,s\naws,x,ec2,a,hour,2,2026,s\n", `p.csv:3:1: aws/x/ec2/a by the hour is given twice, first on line 2`},
		{"two units", head + "aws,x,ec2,a,hour,1,2026,s\naws,x,ec2,a,month,2,2026,s\n", `p.csv:3:13: unit: aws/x/ec2/a is priced by the month here and by the hour on line 2; want one unit for an item`},
		{"fields", head + "aws,x\n", `p.csv:2:1: 2 fields; want 8, one for each column`},
		{"column", "provider,price\n", `p.csv:1:10: unknown column "price"; want one of provider,`},
		{"lacks one", "provider,region,service,item,unit,date,source\n", `p.csv:1:1: no column "usd"`},
		{"quote", head + "aws,\"x,ec2\n", `not CSV: `},
		{"every one", head + "aws,x,ec2,a,hour,-1,2026,\naws,x,ec2,b,,1,2026,s\n", "p.csv:2:26: source: missing; want where the price was read\np.csv:3:13: unit: missing"},
	} {
		table, err := ReadCSV("p.csv", []byte(tc.text), today())
		if err == nil || !strings.Contains(err.Error(), tc.want) || table != nil {
			t.Errorf("%s: %v\nwant %s", tc.name, err, tc.want)
		}
	}
}

func TestWithReplacesAndAdds(t *testing.T) {
	cheaper, other := Builtin().Lookup("aws/us-east-1/ec2/c7g.large")[0], Builtin().Lookup("aws/us-east-1/ec2/c7g.large")[0]
	cheaper.USD, other.Region = 0.05, "eu-north-1"
	all := Builtin().With(Table{cheaper, other})
	if len(all) != len(Builtin())+1 || all.Lookup(cheaper.ID())[0].USD != 0.05 || all[len(all)-1] != other {
		t.Errorf("%d rows, ending with %+v", len(all), all[len(all)-1])
	}
	flat := Price{Provider: "aws", Region: "us-east-1", Service: "lambda", Item: "duration x86_64", Unit: "GB-second", USD: 1}
	if tiers := Builtin().With(Table{flat}).Lookup(flat.ID()); !cmp.Equal(tiers, Table{flat}) {
		t.Errorf("one price in the place of three leaves %v", tiers)
	}
	monthly := Price{Provider: "aws", Region: "us-east-1", Service: "ec2", Item: "g5.xlarge", Unit: "month", USD: 500}
	want := monthly
	want.VCPU, want.MemoryGiB, want.Accelerator = 4, 16, "1x A10G 24GB"
	if rows := Builtin().With(Table{monthly}).Lookup(monthly.ID()); !cmp.Equal(rows, Table{want}) {
		t.Errorf("a price by the month in the place of one by the hour leaves %+v", rows)
	}
	if Builtin().Lookup(cheaper.ID())[0].USD != 0.0725 {
		t.Error("the other table was changed")
	}
}

// TestTables holds of tables that are made at random.
func TestTables(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		one, other := anyTable(random), anyTable(random)
		both := one.With(other)
		if diff := cmp.Diff(both, both.With(other)); diff != "" {
			t.Fatalf("With is not idempotent:\n%s", diff)
		}
		for _, p := range other {
			if !cmp.Equal(both.where(func(q Price) bool { return q.key() == p.key() }), Table{p}) {
				t.Fatalf("%+v is not the one row of its key", p)
			}
			if rows := both.Lookup(p.ID()); !slices.ContainsFunc(other, func(q Price) bool { return q == rows[0] }) {
				t.Fatalf("%+v is left of the other table", rows[0])
			}
		}
		var text bytes.Buffer
		if err := both.WriteCSV(&text); err != nil {
			t.Fatal(err)
		}
		again, err := ReadCSV("p.csv", text.Bytes(), today())
		if diff := cmp.Diff(both, again); err != nil || diff != "" {
			t.Fatalf("%v; a written table does not read back:\n%s", err, diff)
		}
	}
}

func anyTable(random *rand.Rand) Table {
	word := func(of ...string) string { return of[random.IntN(len(of))] }
	table := Table{}
	for range 1 + random.IntN(12) {
		p := Price{
			Provider: word("aws", "own"), Region: word("here", "there, too"), Service: word("ec2", "vm"), Item: word("a", `b "c"`),
			Unit: word(units()...), From: float64(random.IntN(2)) * 1e9, USD: random.ExpFloat64(), Date: Date(word("2026", "2026-11", "2025-02-03")),
			Source: word("a list", "a, list"), VCPU: random.Float64(), Note: word("", "é"),
		}
		if !slices.ContainsFunc(table, func(q Price) bool { return q.key() == p.key() || q.ID() == p.ID() && q.Unit != p.Unit }) {
			table = append(table, p)
		}
	}
	return table
}

func FuzzReadCSV(f *testing.F) {
	f.Add(builtin[:2000])
	f.Add([]byte(head + "aws,x,ec2,a,hour,1,2026,s\n"))
	f.Add([]byte("\ufeff" + head + "aws,\"x\",ec2,a,hour,1e-300,2026-02,s\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := ReadCSV("p.csv", text, today())
		if err != nil {
			if table != nil || err.Error() == "" {
				t.Fatalf("%v with a table of %d", err, len(table))
			}
			return
		}
		var written bytes.Buffer
		if err := table.WriteCSV(&written); err != nil {
			t.Fatal(err)
		}
		again, err := ReadCSV("p.csv", written.Bytes(), today())
		if err != nil || !cmp.Equal(table, again) {
			t.Fatalf("%v: %v is read back as %v", err, table, again)
		}
	})
}
