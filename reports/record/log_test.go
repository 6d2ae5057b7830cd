package record

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// writeLog writes n one-second intervals of each tag with values drawn from a
// seeded source, and returns the log's path and what it holds.
func writeLog(t testing.TB, n int) (string, []Interval) {
	t.Helper()
	w, err := Create(t.TempDir(), sample())
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.Log(Trial{Target: "physical", Round: 1}, "steady")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var written []Interval
	for i := range n {
		for _, tag := range []string{TagResponse, TagLag} {
			interval := Interval{tag, time.Duration(i) * time.Second, time.Duration(i)*time.Second + 999999937, NewHistogram()}
			for range rng.IntN(500) {
				record(t, interval.Histogram, int64(rng.ExpFloat64()*2e6))
			}
			written = append(written, interval)
			if err := l.Interval(tag, interval.Start, interval.End, interval.Histogram); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(w.dir, l.Name()), written
}

func record(t testing.TB, h *hdrhistogram.Histogram, v int64) {
	t.Helper()
	if err := h.RecordValue(v); err != nil {
		t.Fatal(err)
	}
}

func checkEqual(t *testing.T, want, got []Interval) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d intervals, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Tag != want[i].Tag || got[i].Start != want[i].Start || got[i].End != want[i].End {
			t.Errorf("interval %d is %s [%v, %v), want %s [%v, %v)", i,
				got[i].Tag, got[i].Start, got[i].End, want[i].Tag, want[i].Start, want[i].End)
		}
		if !got[i].Histogram.Equals(want[i].Histogram) {
			t.Errorf("interval %d: the histogram differs", i)
		}
	}
}

func TestIntervalsOfACell(t *testing.T) {
	path, written := writeLog(t, 20)
	run := &Run{Dir: filepath.Dir(filepath.Dir(path))}
	got, err := run.Intervals(&Cell{Log: "cells/" + filepath.Base(path)})
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, written, got)
	none, err := run.Intervals(&Cell{})
	if len(none) != 0 || err != nil {
		t.Errorf("a cell without log: %d intervals, %v", len(none), err)
	}
	if _, err := run.Intervals(&Cell{Log: "cells/gone.hlog"}); err == nil || !strings.Contains(err.Error(), "gone.hlog") {
		t.Errorf("a missing log: error %v", err)
	}
}

// hdrhistogram-go's own reader finds the same counts.
func TestTheLibraryReadsTheLog(t *testing.T) {
	path, written := writeLog(t, 5)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	reader := hdrhistogram.NewHistogramLogReader(bytes.NewReader(text))
	for i, want := range written {
		got, err := reader.NextIntervalHistogram()
		if err != nil || got == nil {
			t.Fatalf("interval %d: %v, %v", i, got, err)
		}
		if got.Tag() != want.Tag || !got.Equals(want.Histogram) {
			t.Errorf("interval %d, tag %q: differs", i, got.Tag())
		}
	}
}

func TestIntervalMaxIsInMilliseconds(t *testing.T) {
	w := create(t, sample())
	l, err := w.Log(Trial{Target: "physical", Round: 1}, "steady")
	if err != nil {
		t.Fatal(err)
	}
	h := NewHistogram()
	record(t, h, int64(250*time.Millisecond))
	if err := l.Interval(TagResponse, time.Second, 2*time.Second, h); err != nil {
		t.Fatal(err)
	}
	l.Close()
	text, err := os.ReadFile(filepath.Join(w.dir, l.Name()))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Tag=response,1.000000000,1.000000000,250."; !strings.Contains(string(text), want) {
		t.Errorf("no line starts with %q:\n%s", want, text)
	}
}

func TestIntervalRefuses(t *testing.T) {
	w := create(t, sample())
	l, err := w.Log(Trial{Target: "physical", Round: 1}, "steady")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, tt := range map[string]struct {
		tag        string
		start, end time.Duration
	}{
		"no tag":        {"", 0, 1},
		"comma":         {"a,b", 0, 1},
		"line break":    {"a\nb", 0, 1},
		"before start":  {"a", -1, 1},
		"ends too soon": {"a", 2, 1},
	} {
		if err := l.Interval(tt.tag, tt.start, tt.end, NewHistogram()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReadLogNamesTheDamagedLine(t *testing.T) {
	path, _ := writeLog(t, 2)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"cut off":       string(text[:len(text)-30]),
		"a field less":  string(text) + "Tag=lag,1,2\n",
		"no number":     string(text) + "Tag=lag,one,1,1,HIST\n",
		"infinite":      string(text) + "Tag=lag,Inf,1,1,HIST\n",
		"no base64":     string(text) + "Tag=lag,1,1,1,%%%\n",
		"no V2":         string(text) + "Tag=lag,1,1,1,AAAAAAAAAAAAAAAA\n",
		"tag and no on": string(text) + "Tag=lag\n",
	} {
		t.Run(name, func(t *testing.T) {
			run := &Run{Dir: t.TempDir()}
			file := filepath.Join(run.Dir, "x.hlog")
			if err := os.WriteFile(file, []byte(damaged), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := run.Intervals(&Cell{Log: "x.hlog"})
			if err == nil || !strings.Contains(err.Error(), file+": line 1") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A log that lost its end is said to be cut off, wherever that was within a line; at
// the end of one, what is left is read, and its requests are counted elsewhere.
func TestReadLogSaysThatItIsCutOff(t *testing.T) {
	path, _ := writeLog(t, 2)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin := bytes.Index(whole, []byte("\nTag=")) + 1
	for n := 0; n < len(whole); n += 11 { // a prime, so that all parts of a line are met
		var got error
		for _, err := range scan(bytes.NewReader(whole[:n])) {
			got = errors.Join(got, err)
		}
		complete := n < begin || whole[n-1] == '\n' || whole[n] == '\n'
		switch {
		case complete && got != nil:
			t.Fatalf("%d of %d bytes: %v", n, len(whole), got)
		case !complete && (got == nil || !strings.Contains(got.Error(), "the log is cut off there")):
			t.Fatalf("%d of %d bytes: error %v", n, len(whole), got)
		}
	}
}

func FuzzReadLog(f *testing.F) {
	path, _ := writeLog(f, 1)
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("1,2,3,HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=\n"))
	f.Add([]byte("Tag=,,,\n"))
	f.Add([]byte("#[StartTime: x\n\"a\"\n\r\n1e300,1,1,x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for interval, err := range scan(bytes.NewReader(text)) {
			if err != nil {
				return
			}
			if interval.Start < 0 || interval.End < interval.Start || interval.Histogram == nil {
				t.Fatalf("accepted %+v", interval)
			}
		}
	})
}

// TestEncoderAgainstTheLibrary has the library read what is encoded, of histograms
// of many shapes, one after the other by one encoder.
func TestEncoderAgainstTheLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	e := newEncoder()
	for round := range 300 {
		h := NewHistogram()
		spread := rng.Float64() * 3.6e12
		for range rng.IntN(400) * (round % 7) {
			if err := h.RecordValues(int64(rng.ExpFloat64()*spread/1e4), 1+rng.Int64N(1<<rng.IntN(40))); err != nil {
				continue // beyond an hour
			}
		}
		switch round {
		case 1:
			h.RecordValue(0)
		case 2:
			h.RecordValue(int64(Highest))
		case 3: // a single zero between two counts
			h.RecordValue(1)
			h.RecordValue(3)
		}
		text, err := e.encode(h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hdrhistogram.Decode(text)
		if err != nil {
			t.Fatalf("round %d: the library does not read it: %v", round, err)
		}
		if !got.Equals(h) {
			t.Fatalf("round %d: the library reads %d values, want %d", round, got.TotalCount(), h.TotalCount())
		}
	}
}

// BenchmarkEncode encodes a second's histogram, as is done beside the load, and as
// the library does it.
func BenchmarkEncode(b *testing.B) {
	h := NewHistogram()
	rng := rand.New(rand.NewPCG(1, 0))
	for range 10_000 {
		h.RecordValue(200_000 + int64(rng.ExpFloat64()*300_000))
	}
	e := newEncoder()
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.encode(h); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.EncodeV2(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
