package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/export"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	for _, format := range export.Formats() {
		for name, cfg := range map[string]generators.Config{"plain": {}, "readable": {Readable: true, Seed: 1}} {
			t.Run(format.Name+"/"+name, func(t *testing.T) {
				golden(t, filepath.Join("testdata", name+"."+format.Name), credits(t, format, cfg, 8))
			})
		}
	}
}

// awkward has everything that needs escaping and numbers of every kind.
func awkward() (generators.Schema, []generators.Example) {
	schema := generators.Schema{
		Features: []generators.Feature{{Name: "x, \"y\""}, {Name: "kind", Categories: []string{`a,"b"`, "c\nd"}}},
		Fields:   []string{"note"},
		Classes:  []string{"no", "yes, sir"},
	}
	var examples []generators.Example
	for i, x := range []float32{0.1, -3, 16777216, 1e-30, float32(math.Inf(1)), float32(math.NaN())} {
		note := []string{"", " lead", "quote \" back \\", "tab\tbell\a\r\n", "snow ☃ \u2028", "bad \xff"}[i]
		examples = append(examples, generators.Example{
			Features: []float32{x, []float32{0, 1, 0.5, 2, -1, x}[i]}, Fields: []generators.Value{{Text: note}}, Label: generators.Classified(i % 2), Truth: 1,
		})
	}
	return schema, examples
}

func TestGoldenAwkward(t *testing.T) {
	schema, examples := awkward()
	for _, format := range export.Formats() {
		t.Run(format.Name, func(t *testing.T) {
			var out bytes.Buffer
			write(t, format.New(&out, schema), examples)
			golden(t, filepath.Join("testdata", "awkward."+format.Name), out.Bytes())
		})
	}
}

func TestNumbersReadBack(t *testing.T) {
	schema := generators.Schema{Features: []generators.Feature{{Name: "x"}}, Classes: []string{"c"}}
	rng := rand.New(rand.NewPCG(1, 0))
	for range 20_000 {
		v := math.Float32frombits(rng.Uint32())
		if v-v != 0 {
			continue
		}
		var out bytes.Buffer
		write(t, named(t, "jsonl").New(&out, schema), []generators.Example{{Features: []float32{v}, Label: generators.Classified(0)}})
		var got struct{ X float32 }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.X != v {
			t.Fatalf("%v reads back as %v from %s: %v", v, got.X, out.Bytes(), err)
		}
	}
}

func FuzzStrings(f *testing.F) {
	for _, s := range []string{"", "plain", "a,b", `"`, "\\", "\r", "\n", " x ", "\x00\x1f", "☃", "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		schema := generators.Schema{Fields: []string{"s"}, Classes: []string{"c"}}
		examples := []generators.Example{{Fields: []generators.Value{{Text: s}}, Label: generators.Classified(0)}}
		var line bytes.Buffer
		write(t, named(t, "jsonl").New(&line, schema), examples)
		var got struct{ S string }
		if err := json.Unmarshal(line.Bytes(), &got); err != nil || got.S != string([]rune(s)) {
			t.Errorf("JSON: %q reads back as %q: %v", s, got.S, err)
		}
		var table bytes.Buffer
		write(t, named(t, "csv").New(&table, schema), examples)
		records, err := csv.NewReader(&table).ReadAll()
		want := strings.ReplaceAll(s, "\r\n", "\n") // encoding/csv normalises
		if err != nil || len(records) != 2 || records[1][0] != want {
			t.Errorf("CSV: %q reads back as %q: %v", s, records, err)
		}
	})
}

func TestEmptyStream(t *testing.T) {
	schema, _ := awkward()
	for name, want := range map[string]string{"jsonl": "", "csv": "\"x, \"\"y\"\"\",kind,label,truth\n"} {
		var out bytes.Buffer
		write(t, named(t, name).New(&out, schema), nil)
		if out.String() != want {
			t.Errorf("%s: got %q, want %q", name, out.String(), want)
		}
	}
}

func TestWriteRejectsWhatDoesNotFit(t *testing.T) {
	schema, examples := awkward()
	good := examples[0]
	for name, bad := range map[string]generators.Example{
		"features":    {Features: []float32{1}, Fields: good.Fields, Label: good.Label},
		"fields":      {Features: good.Features, Fields: make([]generators.Value, 2), Label: good.Label},
		"not a class": {Features: good.Features, Fields: good.Fields},
		"class":       {Features: good.Features, Fields: good.Fields, Label: generators.Classified(2)},
		"in none":     {Features: good.Features, Label: good.Label},
	} {
		for _, format := range export.Formats() {
			w := format.New(io.Discard, schema)
			if err := w.Write(good); err != nil {
				t.Fatal(err)
			}
			if err := w.Write(bad); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: got error %v, want one about %q", format.Name, err, name)
			}
		}
	}
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriterErrorIsReported(t *testing.T) {
	schema, examples := awkward()
	for _, format := range export.Formats() {
		w := format.New(broken{}, schema)
		var err error
		for i := 0; i < 10_000 && err == nil; i++ {
			err = w.Write(examples[0])
		}
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: Write returned %v", format.Name, err)
		}
		w = format.New(broken{}, schema)
		if err := w.Write(examples[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); !errors.Is(err, errBroken) {
			t.Errorf("%s: Close returned %v", format.Name, err)
		}
	}
}

func BenchmarkGenerateAndWrite(b *testing.B) {
	for _, format := range export.Formats() {
		for _, readable := range []bool{false, true} {
			name := format.Name
			if readable {
				name += "/readable"
			}
			b.Run(name, func(b *testing.B) {
				g := open(b, generators.Config{Readable: readable, Seed: 1})
				rng := rand.New(rand.NewPCG(1, 0))
				w := format.New(io.Discard, g.Schema())
				b.ReportAllocs()
				for b.Loop() {
					if err := w.Write(g.Next(rng)); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "examples/s")
			})
		}
	}
}

func credits(t *testing.T, format export.Format, cfg generators.Config, n int) []byte {
	t.Helper()
	g := open(t, cfg)
	rng := rand.New(rand.NewPCG(1, 0))
	var examples []generators.Example
	for range n {
		examples = append(examples, g.Next(rng))
	}
	var out bytes.Buffer
	write(t, format.New(&out, g.Schema()), examples)
	return out.Bytes()
}

func open(tb testing.TB, cfg generators.Config) generators.Generator {
	tb.Helper()
	g, err := credit.Kind().Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func write(t *testing.T, w export.Writer, examples []generators.Example) {
	t.Helper()
	for _, e := range examples {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func named(t *testing.T, name string) export.Format {
	t.Helper()
	for _, format := range export.Formats() {
		if format.Name == name {
			return format
		}
	}
	t.Fatalf("no format %q", name)
	return export.Format{}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
