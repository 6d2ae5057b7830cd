package datafile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"servebench/generators"

	"github.com/google/go-cmp/cmp"
)

// written opens a file of a name with some content.
func written(t testing.TB, name, content string, distinct ...string) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, distinct...)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

func opened(t testing.TB, name, content string, distinct ...string) *File {
	t.Helper()
	f, err := written(t, name, content, distinct...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// records are all of a file, as texts that show what is JSON.
func records(t testing.TB, f *File) [][]string {
	t.Helper()
	var all [][]string
	r := f.NewReader()
	for i := range f.Len() {
		values, err := r.Read(i, nil)
		if err != nil {
			t.Fatal(err)
		}
		var row []string
		for _, v := range values {
			if v.JSON {
				row = append(row, "json:"+v.Text)
			} else {
				row = append(row, v.Text)
			}
		}
		all = append(all, row)
	}
	return all
}

func names(f *File) (all []string) {
	for _, c := range f.Columns() {
		all = append(all, c.Name)
	}
	return all
}

func TestRecords(t *testing.T) {
	for _, tt := range []struct {
		why, name, content string
		columns            []string
		want               [][]string
	}{
		{"plain", "a.csv", "a,b\n1,x\n2,y\n", []string{"a", "b"}, [][]string{{"1", "x"}, {"2", "y"}}},
		{"no newline at the end", "a.csv", "a\n1", []string{"a"}, [][]string{{"1"}}},
		{"a byte order mark, CRLF, spaces around names", "a.CSV", "\ufeffa, b \r\n1,x\r\n", []string{"a", "b"}, [][]string{{"1", "x"}}},
		{"quotes, with commas and lines in them", "a.csv", "a,b\n\"1,\"\"2\"\"\",\"x\r\ny\"\n3,\n", []string{"a", "b"}, [][]string{{`1,"2"`, "x\ny"}, {"3", ""}}},
		{"blank lines", "a.csv", "\na,b\n\n1,2\n\n\n3,4\n\n", []string{"a", "b"}, [][]string{{"1", "2"}, {"3", "4"}}},
		{"a column of row numbers without a name", "a.csv", ",a\n0,5\n", []string{"", "a"}, [][]string{{"0", "5"}}},
		{"objects", "a.jsonl", "{\"a\":1,\"b\":\"x\"}\n\n {\"b\" : [1, {\"c\":null}] }\r\n{}\n", []string{"a", "b"},
			[][]string{{"json:1", `json:"x"`}, {"", `json:[1, {"c":null}]`}, {"", ""}}},
		{"a column that comes late", "a.ndjson", "{\"a\":1}\n{\"é\\u0041\":true,\"a\":2}", []string{"a", "éA"}, [][]string{{"json:1", ""}, {"json:2", "json:true"}}},
		{"a byte order mark", "a.jsonl", "\ufeff{\"a\":1}", []string{"a"}, [][]string{{"json:1"}}},
	} {
		f := opened(t, tt.name, tt.content)
		if diff := cmp.Diff(tt.columns, names(f)); diff != "" {
			t.Errorf("%s: columns (-want +got):\n%s", tt.why, diff)
		}
		if diff := cmp.Diff(tt.want, records(t, f)); diff != "" {
			t.Errorf("%s: records (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestMistakes(t *testing.T) {
	ragged := "a,b\n" + strings.Repeat("1\n", 9)
	for _, tt := range []struct{ name, content, want string }{
		{"a.csv", "", "a.csv is empty"},
		{"a.csv", "a,b\n", "a.csv holds no records"},
		{"a.csv", "\n\n", "a.csv holds no records"},
		{"a.csv", "a,b\n1,2\n1,caf\xe9\n", "a.csv, line 3: it is not text in UTF-8; convert it, as by iconv -f latin1 -t utf-8"},
		{"a.csv", "a,caf\xe9\n1,2\n", "a.csv, line 1: it is not text in UTF-8"},
		{"a.csv", "\xff\xfea\x00\n\x00", "a.csv is in UTF-16; convert it, as by iconv -f utf-16 -t utf-8"},
		{"a.jsonl", "\xfe\xff\x00{", "a.jsonl is in UTF-16"},
		{"a.jsonl", "\n\n", "a.jsonl holds no records"},
		{"a.csv", "a,b\n1,2\n\n3\n4,5,6\n", "a.csv, line 4: 1 fields, and the header has 2\na.csv, line 5: 3 fields, and the header has 2"},
		{"a.csv", ragged, "line 6: 1 fields, and the header has 2"}, // and no more than five
		{"a.csv", "a,b\n\"x\ny\",1\n2\n", "a.csv, line 4: 1 fields, and the header has 2"},
		{"a.csv", "a\nx\"y\n", `a.csv, line 2: column 2: bare " in non-quoted-field; want fields with a quote in quotes, and each quote in them twice: "a ""b"""`},
		{"a.csv", "a\n1\n\"x\n2\n3\n", `a.csv, line 3: column 3: extraneous or missing " in quoted-field`},
		{"a.csv", "a,b,a\n1,2,3\n", `a.csv, line 1: the header names column "a" twice`},
		{"a.csv", "a;b\n1;2\n", `a.csv, line 1: the header is a single column, "a;b"; want commas between columns`},
		{"a.jsonl", "{\"a\":1}\n[1]\n7\n{\"a\":}\n{\"a\":1} {}\n{\"a\":1,\"a\":2}\n",
			"a.jsonl, line 2: [1] is not an object; want {\"column\": value, …}\na.jsonl, line 3: 7 is not an object; want {\"column\": value, …}\n" +
				"a.jsonl, line 4: character 6: invalid character '}' at start of value\na.jsonl, line 5: there is more on the line than one object\na.jsonl, line 6: column \"a\" is there twice"},
		{"a.jsonl", "{\"a\":1\n}\n", "a.jsonl, line 1: the JSON is not complete"},
		{"a.jsonl", "{\"a\":\"\xff\"}\n", "invalid UTF-8"},
		{"a.txt", "a\n1\n", "a.txt is not in a format that is read; want .csv, .jsonl or .ndjson"},
		{"a.json", "[]", "convert it to a line for each record: jq -c '.[]' data.json > data.jsonl"},
		{"a.parquet", "PAR1", "pandas.read_parquet"},
	} {
		_, err := written(t, tt.name, tt.content)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want %s", tt.content, err, tt.want)
		}
		if err != nil && strings.Count(err.Error(), "\n") >= maxFaults {
			t.Errorf("%q: more than %d faults: %v", tt.content, maxFaults, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v of a file that is not there", err)
	}
	if _, err := Open(t.TempDir() + "/.csv"); err == nil {
		t.Error("a file that is not there was opened")
	}
}

// TestUnclosedQuote does not take the rest of a file into memory.
func TestUnclosedQuote(t *testing.T) {
	_, err := written(t, "a.csv", "a\n1\n\""+strings.Repeat("x\n", longestRecord/2+readSize))
	if err == nil || !strings.Contains(err.Error(), "a.csv, line 3: a record of more than 64 MiB; is a quote not closed?") {
		t.Errorf("error %v", err)
	}
	_, err = written(t, "a.jsonl", "{}\n\""+strings.Repeat("x", longestRecord+readSize))
	if err == nil || !strings.Contains(err.Error(), "a.jsonl, line 2: it is longer than 64 MiB") {
		t.Errorf("error %v", err)
	}
}

func TestColumnFacts(t *testing.T) {
	f := opened(t, "a.csv", "n,w,t,m,words\n1.5,0,x,1,nan\n-2,3,y,,inf\n1e3,7,x,2,-Inf\n", "t", "w")
	want := []Column{
		{Name: "n", Numeric: true},
		{Name: "w", Numeric: true, Whole: true, Distinct: []string{"0", "3", "7"}},
		{Name: "t", Text: "x", Distinct: []string{"x", "y"}},
		{Name: "m", Numeric: true, Whole: true, Missing: 1},
		{Name: "words", Text: "nan"},
	}
	if diff := cmp.Diff(want, f.Columns(), cmp.AllowUnexported(Column{}), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".over" }, cmp.Ignore())); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

// TestListsAreNoClasses holds a column of values with structure to have none that classes
// could be named by.
func TestListsAreNoClasses(t *testing.T) {
	for text, distinct := range map[string]int{"[0.5]": 0, `{"a": 1}`: 0, `"[x]"`: 2, "null": 1} {
		f := opened(t, "a.jsonl", `{"e": "y"}`+"\n"+`{"e": `+text+"}\n", "e")
		if got := f.Columns()[0].Distinct; len(got) != distinct {
			t.Errorf("%s: different values %q, want %d", text, got, distinct)
		}
	}
}

// TestAnyOrder reads a file in random order, with an index of every record and with one
// that is sparser, and finds what it finds in the file's own order.
func TestAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"a.csv", "a.jsonl"} {
		var content strings.Builder
		if name == "a.csv" {
			content.WriteString("i,text\n")
		}
		const n = 1000
		for i := range n {
			text := strings.Repeat("é\n", rng.IntN(40))
			if name == "a.csv" {
				fmt.Fprintf(&content, "%d,%q\r\n", i, "")
				continue
			}
			fmt.Fprintf(&content, "{\"i\":%d,\"text\":%q}\n%s", i, text, strings.Repeat(" \n", rng.IntN(3)))
		}
		f := opened(t, name, content.String())
		if f.Len() != n {
			t.Fatalf("%s: %d records, want %d", name, f.Len(), n)
		}
		want := records(t, f)
		for every := 1; every <= 64; every *= 8 {
			var sparse []int64
			for i := 0; i < n; i += every {
				sparse = append(sparse, f.rows.marks[i])
			}
			g := &File{path: f.path, file: f.file, format: f.format, columns: f.columns, size: f.size, changed: f.changed, rows: rows{count: n, every: every, marks: sparse}}
			r := g.NewReader()
			for _, i := range rng.Perm(n) {
				got, err := r.Read(i, nil)
				if err != nil {
					t.Fatal(err)
				}
				if text := strings.TrimPrefix("json:"+got[0].Text, "json:"); text != fmt.Sprint(i) || !strings.HasSuffix(want[i][0], text) {
					t.Fatalf("%s, every %d: record %d begins with %q", name, every, i, got[0].Text)
				}
			}
		}
	}
}

// TestIndexGrowsSparser has more records than the index has marks.
func TestIndexGrowsSparser(t *testing.T) {
	const n = 5 * maxMarks / 2
	content := make([]byte, 0, 9*n)
	content = append(content, "i\n"...)
	for i := range n {
		content = fmt.Appendf(content, "%d\n", i)
	}
	f := opened(t, "a.csv", string(content))
	if f.Len() != n || f.rows.every != 4 || len(f.rows.marks) > maxMarks {
		t.Fatalf("%d records, a mark every %d, %d marks", f.Len(), f.rows.every, len(f.rows.marks))
	}
	r := f.NewReader()
	for _, i := range []int{n - 1, 0, 1, n / 2, n/2 + 1, n/2 + 7, 3, n - 2} {
		got, err := r.Read(i, nil)
		if err != nil || got[0].Text != fmt.Sprint(i) {
			t.Errorf("record %d is %v, %v", i, got, err)
		}
	}
	if line := f.Line(n - 1); line != n+1 {
		t.Errorf("the last record is on line %d, want %d", line, n+1)
	}
}

func TestLine(t *testing.T) {
	f := opened(t, "a.csv", "a\n1\n\"x\ny\"\n3\n")
	for record, want := range []int{2, 3, 5} {
		if got := f.Line(record); got != want {
			t.Errorf("record %d is on line %d, want %d", record, got, want)
		}
	}
}

// TestChangedFile notices a file that is written to, and not one that is replaced.
func TestChangedFile(t *testing.T) {
	f := opened(t, "a.csv", "a\n1\n2\n")
	if err := f.CheckUnchanged(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path()+".new", []byte("a\n7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.Path()+".new", f.Path()); err != nil {
		t.Fatal(err)
	}
	if err := f.CheckUnchanged(); err != nil {
		t.Errorf("%v, want what was opened to be still there", err)
	}
	g := opened(t, "a.csv", "a\n1\n2\n")
	if err := os.WriteFile(g.Path(), []byte("a\n7\n8\n9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.CheckUnchanged(); err == nil || !strings.Contains(err.Error(), "a.csv was changed while it was read: it was 6 bytes long and is 8") {
		t.Errorf("error %v of a file that is longer", err)
	}
	h := opened(t, "a.csv", "a\n1\n2\n")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(h.Path(), later, later); err != nil {
		t.Fatal(err)
	}
	if err := h.CheckUnchanged(); err == nil {
		t.Error("a file that was written to was taken for the same")
	}
}

func TestHash(t *testing.T) {
	one, same, other := opened(t, "a.csv", "a\n1\n"), opened(t, "b.csv", "a\n1\n"), opened(t, "a.csv", "a\n1\n\n")
	if one.Hash() != same.Hash() || one.Hash() == other.Hash() || len(one.Hash()) != 64 {
		t.Errorf("hashes %s, %s, %s", one.Hash(), same.Hash(), other.Hash())
	}
}

// TestMemory holds what a file of 64 MB takes to a quarter of it while its records are
// read in any order.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	path := filepath.Join(t.TempDir(), "big.jsonl")
	line := bytes.Repeat([]byte("x"), 500)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for written := 0; written < size; {
		n, err := fmt.Fprintf(file, "{\"id\":%d,\"text\":%q}\n", written, line)
		if err != nil {
			t.Fatal(err)
		}
		written += n
	}
	file.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, rng := f.NewReader(), rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		if _, err := r.Read(rng.IntN(f.Len()), nil); err != nil {
			t.Fatal(err)
		}
	}
	if took := int64(heap() - before); took > size/16 {
		t.Errorf("%d bytes are held of a file of %d", took, f.Size())
	}
	runtime.KeepAlive(f)
}

// FuzzRead holds records that are read one by one, backwards, to those that were checked.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\ufeffa\n\"x\n\"\"\"\n", "{\"a\":1}\n{\"b\":[]}\n", "a\r\n\r\n1\r\n", "{\"a\":{\"b64\":\"AA==\"}}"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, content string, isCSV bool) {
		name := "a.jsonl"
		if isCSV {
			name = "a.csv"
		}
		file, err := written(t, name, content)
		if err != nil {
			return
		}
		want := records(t, file)
		r := file.NewReader()
		for i := file.Len() - 1; i >= 0; i-- {
			values, err := r.Read(i, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(values) != len(file.Columns()) {
				t.Fatalf("%d values of %d columns", len(values), len(file.Columns()))
			}
			for j, v := range values {
				if strings.TrimPrefix(want[i][j], "json:") != v.Text && want[i][j] != v.Text {
					t.Fatalf("record %d is %q and %q", i, want[i][j], v.Text)
				}
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	for _, name := range []string{"a.csv", "a.jsonl"} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), name)
			var content bytes.Buffer
			if name == "a.csv" {
				content.WriteString("id,x,y,text\n")
			}
			for i := range 100_000 {
				if name == "a.csv" {
					fmt.Fprintf(&content, "%d,%g,%g,some text of a record\n", i, float64(i)/7, float64(i)*3.1)
				} else {
					fmt.Fprintf(&content, "{\"id\":%d,\"x\":%g,\"y\":%g,\"text\":\"some text of a record\"}\n", i, float64(i)/7, float64(i)*3.1)
				}
			}
			if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(content.Len()))
			var f *File
			for b.Loop() {
				var err error
				if f, err = Open(path); err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
}

func BenchmarkReadRandom(b *testing.B) {
	var content strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&content, "{\"id\":%d,\"x\":0.5,\"text\":\"some text of a record\"}\n", i)
	}
	f := opened(b, "a.jsonl", content.String())
	r, rng := f.NewReader(), rand.New(rand.NewPCG(1, 1))
	var values []generators.Value
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if values, err = r.Read(rng.IntN(f.Len()), values[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
