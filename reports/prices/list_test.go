package prices

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestReadList holds what is taken of each list, and what is left out, to a golden file.
func TestReadList(t *testing.T) {
	for _, name := range []string{"aws-ec2", "aws-products", "azure"} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		list, err := ReadList(name, bytes.NewReader(text), "2026-11-20", today())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %v of %s, more: %t\n", list.Format, list.Offers, list.Date, list.More)
		for _, s := range list.Skipped {
			fmt.Fprintf(&b, "%d %s, first %s\n", s.Count, s.Why, s.First)
		}
		if err := list.Table.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		golden := "testdata/" + name + ".golden"
		if *update {
			if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMissingPageIsNoticed(t *testing.T) {
	text := `{"Items": [], "NextPageLink": "https://there"}`
	list, err := ReadList("p", strings.NewReader(text), "2026", today())
	if err != nil || !list.More {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestDamagedLists(t *testing.T) {
	whole, err := os.ReadFile("testdata/aws-ec2.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", `l.json: no price list; want an offer file of AWS's Price List`},
		{"another file", `{"name": "servebench"}`, `l.json: no price list`},
		{"truncated", string(whole[:1000]), `l.json: it ends at byte 1000, in the middle of the list; want the whole file, fetched again`},
		{"damaged", string(whole[:1000]) + "\x00" + string(whole[1000:]), `l.json: after byte `},
		{"a page", "<html>", `l.json: after byte 0: not JSON: invalid character '<'`},
		{"compressed", "\x1f\x8b\x08", `l.json: after byte 0: not JSON: invalid character '\x1f'`},
		{"a list", `[1]`, `l.json: after byte 1: [ where a price list has {`},
		{"another kind", `{"products": [1]}`, `l.json: after byte 14: [ where a price list has {`},
		{"a number", `{"products": {"A": {"sku": 1}}}`, `l.json: after byte 29: a number where a price list has another kind of value`},
		{"terms first", `{"terms": {"OnDemand": {}}, "products": {"A": {}}}`, `products after the terms`},
		{"index", `{"offers": {}}`, `an index of AWS's price lists, without prices; want the file that its currentVersionUrl names`},
		{"long entry", `{"products": {"A": {"sku": "` + strings.Repeat("a", 2*mostEntry) + `"}}}`, `an entry is longer than 4194304 bytes`},
		{"deep", `{"x": ` + strings.Repeat("[", 2000), `nested too deep for a price list`},
		{"quoted", `{"PriceList": ["{"]}`, `in an entry of PriceList: unexpected end of JSON input`},
	} {
		list, err := ReadList("l.json", strings.NewReader(tc.text), "2026", today())
		if err == nil || !strings.Contains(err.Error(), tc.want) || list != nil {
			t.Errorf("%s: %v\nwant %s", tc.name, err, tc.want)
		}
	}
}

// TestEveryPrefixIsTruncated wants no list that is cut off to pass for a whole one.
func TestEveryPrefixIsTruncated(t *testing.T) {
	for _, name := range []string{"aws-ec2", "aws-products"} {
		whole, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		whole = bytes.TrimSpace(whole)
		for n := 1; n < len(whole); n += 97 {
			if list, err := ReadList("l.json", bytes.NewReader(whole[:n]), "2026", today()); err == nil {
				t.Errorf("%s: the first %d of %d bytes are a list of %d prices", name, n, len(whole), len(list.Table))
			}
		}
	}
}

// longList is an offer file of a size that no machine's memory has to hold: entry after
// entry that nothing is taken of. It keeps how much memory is in use while it is read.
type longList struct {
	left    int
	pending []byte
	most    uint64
}

func (l *longList) Read(p []byte) (int, error) {
	for len(l.pending) == 0 {
		switch {
		case l.left < 0:
			return 0, io.EOF
		case l.left == 0:
			l.pending = []byte(`"Z": {}}, "terms": {"OnDemand": {}}}`)
		default:
			l.pending = fmt.Appendf(nil, `"SKU%d": {"sku": "SKU%d", "productFamily": "Storage", "attributes": {"usagetype": %q}},`, l.left, l.left, strings.Repeat("x", 1<<10))
		}
		if l.left--; l.left%8192 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			l.most = max(l.most, m.HeapAlloc)
		}
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

func TestMemoryIsBounded(t *testing.T) {
	list := &longList{left: 1 << 16, pending: []byte(`{"offerCode": "AmazonEC2", "products": {`)}
	read, err := ReadList("l.json", list, "2026", today())
	if err != nil || read.Skipped[0].Count != 1<<16+1 {
		t.Fatalf("%+v, %v", read, err)
	}
	const most = 24 << 20
	if list.most > most {
		t.Errorf("%d bytes in use, want at most %d", list.most, most)
	}
}

func FuzzReadList(f *testing.F) {
	for _, name := range []string{"aws-ec2", "aws-products", "azure"} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"publicationDate": "9999-99-99", "products": {"A": {}}, "terms": {"Reserved": {}}}`))
	f.Add([]byte(`{"Items": [{"serviceName": "Bandwidth", "meterName": "Standard Data Transfer Out", "currencyCode": "USD", "unitOfMeasure": "1e-300 GB", "retailPrice": 1e300, "armRegionName": "a/b"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ReadList("l.json", bytes.NewReader(text), "2026-11-20", today())
		if err != nil {
			if list != nil || !strings.HasPrefix(err.Error(), "l.json: ") {
				t.Fatalf("%v", err)
			}
			return
		}
		var written bytes.Buffer
		if err := list.Table.WriteCSV(&written); err != nil {
			t.Fatal(err)
		}
		again, err := ReadCSV("l.csv", written.Bytes(), today())
		if err != nil || len(again) != len(list.Table) {
			t.Fatalf("%v: %d of %d prices are read back", err, len(again), len(list.Table))
		}
	})
}
