package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/reports/record"
	"servebench/targets/protocol"
)

// asked is a protocol of requests that are a field of each record, answered by text.
type asked struct{}

func (asked) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	var texts []string
	for _, x := range batch {
		if x.Fields[0].Text == "bad" {
			return protocol.Request{}, fmt.Errorf("no words for it")
		}
		texts = append(texts, x.Fields[0].Text)
	}
	return protocol.Request{Method: "POST", Path: "/" + id, Body: []byte(strings.Join(texts, " "))}, nil
}

func (asked) Decode(r protocol.Response) (protocol.Reply, error) {
	var reply protocol.Reply
	for text := range strings.SplitSeq(string(r.Body), " ") {
		reply.Answers = append(reply.Answers, generators.Answer{Kind: generators.Text, Value: generators.Value{Text: text}})
	}
	return reply, nil
}

// fromFile returns the corpus of a CSV file with the columns ask, expect and label.
func fromFile(t testing.TB, rows []string, change func(*Config)) (*Corpus, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asks.csv")
	if err := os.WriteFile(path, []byte("ask,expect,label\n"+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := datafile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	records, err := file.Examples(datafile.Layout{Fields: true, Expect: "expect", Label: "label"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Records: records, Protocol: asked{}, Size: len(rows), Batch: 1}
	if change != nil {
		change(&cfg)
	}
	return Build(cfg)
}

func rowsOf(n int) (rows []string) {
	for i := range n {
		rows = append(rows, fmt.Sprintf("q%d,a%d,%d", i, i, i%2))
	}
	return rows
}

// TestRecordsAreJudged counts agreement with what a record expects apart from its label.
func TestRecordsAreJudged(t *testing.T) {
	for _, n := range []int{10, mostHeld + 1} { // held, and streamed
		c, err := fromFile(t, rowsOf(n), func(cfg *Config) { cfg.InOrder = true })
		if err != nil {
			t.Fatal(err)
		}
		if c.Streamed() != (n > mostHeld) || c.Len() != n {
			t.Fatalf("%d records: streamed %t, %d requests", n, c.Streamed(), c.Len())
		}
		r, err := c.First()
		if err != nil {
			t.Fatal(err)
		}
		if string(r.Wire().Body) != "q0" {
			t.Errorf("the first request is %q", r.Wire().Body)
		}
		for answer, want := range map[string]Judgement{
			"a0": {Answers: record.Answers{Checked: 1, Agreed: 1, Labelled: 1, Unlike: 1, Example: record.Unlike{Answer: `"a0"`, AnswerKind: record.KindText, Label: `"0"`, LabelKind: record.KindNumber}}},
			"0":  {Class: WrongAnswer, Text: `asks.csv, record 1: answered "0", want "a0"`, Answers: record.Answers{Checked: 1, Labelled: 1, Correct: 1}},
		} {
			if got := r.Check(protocol.Response{Status: 200, Body: []byte(answer)}); got != want {
				t.Errorf("%q is judged %+v, want %+v", answer, got, want)
			}
		}
	}
}

// TestBatchesOfRecords puts several records into each request.
func TestBatchesOfRecords(t *testing.T) {
	c, err := fromFile(t, rowsOf(7), func(cfg *Config) { cfg.Batch, cfg.Size = 3, 2 })
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Request(1).Wire().Body); got != "q3 q4 q5" {
		t.Errorf("the second request is %q", got)
	}
}

// TestRecordThatCannotBeEncoded names the line of the file.
func TestRecordThatCannotBeEncoded(t *testing.T) {
	rows := append(rowsOf(3), "bad,,")
	_, err := fromFile(t, rows, nil)
	if want := "asks.csv, line 5: no words for it"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestReader reads what a corpus that holds its requests has, every one once before one
// comes again.
func TestReader(t *testing.T) {
	const n = mostHeld + 100
	for _, inOrder := range []bool{true, false} {
		c, err := fromFile(t, rowsOf(n), func(cfg *Config) { cfg.InOrder = inOrder })
		if err != nil {
			t.Fatal(err)
		}
		r, other := c.NewReader(7), c.NewReader(8)
		var ids, others []string
		for k := range uint64(n) {
			request, err := r.Read(k)
			if err != nil {
				t.Fatal(err)
			}
			if id := strings.TrimPrefix(request.id, "servebench-"); string(request.wire.Body) != "q"+id || request.wire.Path != "/servebench-"+id {
				t.Fatalf("request %s is %+v", request.id, request.wire)
			}
			ids = append(ids, request.id)
			if request, err = other.Read(k); err != nil {
				t.Fatal(err)
			}
			others = append(others, request.id)
		}
		if again, err := r.Read(n); err != nil || again.id != ids[0] {
			t.Errorf("after the last comes %v, %v", again, err)
		}
		if slices.Equal(ids, others) != inOrder || (ids[0] == "servebench-0" && ids[1] == "servebench-1") != inOrder {
			t.Errorf("in order %t: %v and %v by other seeds", inOrder, ids[:3], others[:3])
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != n {
			t.Errorf("in order %t: %d different requests of %d", inOrder, len(slices.Compact(ids)), n)
		}
	}
}

// TestOrderOfTheFile sends the requests that are held in the order of the file, too.
func TestOrderOfTheFile(t *testing.T) {
	c, err := fromFile(t, rowsOf(5), func(cfg *Config) { cfg.InOrder = true })
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Order(3); !slices.Equal(got, []int32{0, 1, 2, 3, 4}) {
		t.Errorf("order %v", got)
	}
}

// TestRecordsHash tells files and what is made of them apart.
func TestRecordsHash(t *testing.T) {
	hash := func(rows []string, change func(*Config)) string {
		c, err := fromFile(t, rows, change)
		if err != nil {
			t.Fatal(err)
		}
		return c.Hash()
	}
	base := hash(rowsOf(10), nil)
	if again := hash(rowsOf(10), nil); again != base {
		t.Errorf("hashes %s and %s of the same", base, again)
	}
	for name, other := range map[string]string{
		"file":     hash(append(rowsOf(9), "q9,a9,7"), nil),
		"batch":    hash(rowsOf(10), func(cfg *Config) { cfg.Batch, cfg.Size = 2, 5 }),
		"size":     hash(rowsOf(10), func(cfg *Config) { cfg.Size = 9 }),
		"identity": hash(rowsOf(10), func(cfg *Config) { cfg.Identity = "other" }),
		"class":    hash(rowsOf(10), func(cfg *Config) { cfg.Class = "other" }),
	} {
		if other == base {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

// TestLargeFilesAreNotMixed says why, and how many requests of them are: as many as it says
// make a mix, and one more does not.
func TestLargeFilesAreNotMixed(t *testing.T) {
	long := make([]string, 420)
	for i := range long {
		long[i] = strings.Repeat("x", 40<<10) + ",a,0"
	}
	for _, tc := range []struct {
		rows  []string
		batch int
		fits  int
		want  string
	}{
		{rowsOf(mostHeld + 1), 1, mostHeld, "class a has 20001 from 0.3 MiB of asks.csv; want at most 20000 from 16 MiB: data.corpus: 20000 takes so many from the beginning of asks.csv, or a phase without a mix"},
		{long, 2, 204, "class a has 210 from 16.4 MiB of asks.csv; want at most 20000 from 16 MiB: data.corpus: 204 takes so many from the beginning of asks.csv, or a phase without a mix"},
		{[]string{strings.Repeat("x", 17<<20) + ",a,0"}, 1, 0, "class a has 1 from 17.0 MiB of asks.csv; want at most 20000 from 16 MiB, or a phase without a mix"},
	} {
		for _, size := range []int{len(tc.rows) / tc.batch, tc.fits + 1, tc.fits} {
			if size == 0 {
				continue
			}
			c, err := fromFile(t, tc.rows, func(cfg *Config) { cfg.Size, cfg.Batch = size, tc.batch })
			if err != nil {
				t.Fatal(err)
			}
			_, err = Mix([]Class{{"a", 1, c}})
			switch {
			case size == tc.fits:
				if err != nil {
					t.Errorf("%d requests: error %v", size, err)
				}
			case err == nil || size == len(tc.rows)/tc.batch && err.Error() != "the requests of a mix are held in memory, and "+tc.want:
				t.Errorf("%d requests: error %v\nwant %s", size, err, tc.want)
			}
		}
	}
}

// TestPermutation is one of every size, and no two seeds have the same.
func TestPermutation(t *testing.T) {
	for n := uint64(1); n < 300; n++ {
		seen := make([]bool, n)
		p := newPermutation(n, n)
		for i := range n {
			at := p.at(i)
			if at >= n || seen[at] {
				t.Fatalf("%d of %d becomes %d, which came before or is too large", i, n, at)
			}
			seen[at] = true
		}
	}
	// Places are hit about equally often, over seeds.
	const n, seeds = 10, 10_000
	var counts [n]int
	for seed := range uint64(seeds) {
		counts[newPermutation(n, seed).at(3)]++
	}
	for place, count := range counts {
		if count < seeds/n*8/10 || count > seeds/n*12/10 {
			t.Errorf("place %d is taken %d times of %d", place, count, seeds)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	c, err := fromFile(b, rowsOf(mostHeld+1), nil)
	if err != nil {
		b.Fatal(err)
	}
	r := c.NewReader(1)
	b.ReportAllocs()
	for k := uint64(0); b.Loop(); k++ {
		if _, err := r.Read(k); err != nil {
			b.Fatal(err)
		}
	}
}
