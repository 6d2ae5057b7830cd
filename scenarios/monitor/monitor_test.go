package monitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/predictions"
	"servebench/reports/record"
	"servebench/scenarios/attack"
	"servebench/scenarios/corpus"
	"servebench/targets/protocol"
	"servebench/targets/protocol/v2"

	"github.com/google/go-cmp/cmp"
)

// files are a log in memory.
type files struct {
	content map[string]*bytes.Buffer
	fails   error // what creating one fails with
}

type file struct{ *bytes.Buffer }

func (file) Close() error { return nil }

func (f *files) create(part int) (predictions.File, error) {
	if f.fails != nil {
		return predictions.File{}, f.fails
	}
	name := fmt.Sprint("log.", part)
	f.content[name] = &bytes.Buffer{}
	return predictions.File{WriteCloser: file{f.content[name]}, Name: name}, nil
}

func (f *files) remove(name string) error {
	delete(f.content, name)
	return nil
}

// lines are those of all files, in their order.
func (f *files) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(f.content)) {
		for line := range strings.Lines(f.content[name].String()) {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatalf("%s: %q: %v", name, line, err)
			}
			all = append(all, v)
		}
	}
	return all
}

// request is one of the credit generator, with its schema.
func request(t *testing.T) (*corpus.Request, generators.Schema) {
	t.Helper()
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v2.Kind().Open(protocol.Config{Model: "credit", Schema: g.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := corpus.Build(corpus.Config{Generator: g, Protocol: p, Size: 1, Batch: 1, Seed: 1, Monitored: true})
	if err != nil {
		t.Fatal(err)
	}
	return c.Request(0), g.Schema()
}

func started(t *testing.T, settings record.Monitoring) (*Monitor, *files, *corpus.Request) {
	t.Helper()
	r, schema := request(t)
	f := &files{content: map[string]*bytes.Buffer{}}
	return Start(Config{Monitoring: settings, Span: 40 * time.Second, Schema: schema, Create: f.create, Remove: f.remove}), f, r
}

func predicts(text, outcome string) []corpus.Prediction {
	return []corpus.Prediction{{Text: text, Outcome: outcome, Correct: text == outcome}}
}

// TestWindows counts answers by when they came, and outcomes for the window of their answer.
func TestWindows(t *testing.T) {
	const s = time.Second
	for _, x := range []struct {
		name string
		size record.Window
		want []record.MonitorWindow
	}{
		{"of a time", record.Window{Time: 10 * s}, []record.MonitorWindow{
			{Start: 0, End: 10 * s, Answers: 2, Labelled: 2, Correct: 1},
			{Start: 10 * s, End: 20 * s, Answers: 1, Unanswered: 1, Labelled: 1, Correct: 1},
			{Start: 30 * s, End: 40 * s, Answers: 2},
		}},
		{"of two answers", record.Window{Answers: 2}, []record.MonitorWindow{
			{Start: 1 * s, End: 13 * s, Answers: 2, Unanswered: 1, Labelled: 2, Correct: 1},
			{Start: 12 * s, End: 31 * s, Answers: 2, Labelled: 1, Correct: 1},
			{Start: 41 * s, End: 41 * s, Answers: 1},
		}},
	} {
		m, _, r := started(t, record.Monitoring{Window: x.size, OutcomeDelay: 15 * s})
		for _, a := range []attack.Answered{
			{Done: 1 * s, Predictions: predicts("a", "a")},
			{Done: 9 * s, Predictions: predicts("a", "b")},
			{Done: 13 * s},
			{Done: 12 * s, Predictions: predicts("b", "b")},
			{Done: 31 * s, Predictions: predicts("b", "")},
			{Done: 41 * s, Predictions: predicts("b", "")}, // after the end of the phase
		} {
			a.Request = r
			m.Answered(a)
		}
		seen := m.Close()
		if diff := cmp.Diff(x.want, seen.Windows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", x.name, diff)
		}
		if seen.Unseen != 0 || seen.Late != 0 || seen.LogFailed != "" {
			t.Errorf("%s: %+v, want all seen, and no outcome after the last answer", x.name, seen)
		}
	}
}

// TestLateOutcomes wants outcomes that are to come after the last answer to count, and to be told.
func TestLateOutcomes(t *testing.T) {
	m, _, r := started(t, record.Monitoring{Window: record.Window{Time: time.Second}, OutcomeDelay: time.Minute})
	for i := range 5 {
		m.Answered(attack.Answered{Done: time.Duration(i) * 20 * time.Second, Request: r, Predictions: predicts("a", "a")})
	}
	seen := m.Close()
	var known int64
	for _, w := range seen.Windows {
		known += w.Labelled
	}
	if known != 5 || seen.Late != 3 {
		t.Errorf("%d outcomes are known, %d of them after the last answer; want 5 and 3", known, seen.Late)
	}
}

// TestLog wants each prediction with its features, and its outcome by its number, without what is
// sensitive.
func TestLog(t *testing.T) {
	m, f, r := started(t, record.Monitoring{Window: record.Window{Time: time.Second}, OutcomeDelay: 2 * time.Second, Sensitive: []string{"salary"}})
	m.Answered(attack.Answered{Done: time.Second, Request: r, Predictions: predicts("a \"b\"\x00\xff", "c")})
	m.Answered(attack.Answered{Done: 4 * time.Second, Request: r, Predictions: predicts("a", "")})
	seen := m.Close()
	lines := f.lines(t)
	if len(lines) != 3 || len(seen.Log) != 1 {
		t.Fatalf("%d lines in %v, want 3 in one file: %v", len(lines), seen.Log, lines)
	}
	features, _ := lines[0]["features"].(map[string]any)
	if _, there := features["salary"]; there || len(features) != len(r.Inputs()[0])-1 {
		t.Errorf("the features are %v, want all but salary", features)
	}
	if lines[0]["prediction"] != "a \"b\"\x00\uFFFD" || lines[0]["request"] != r.ID() || lines[0]["at_s"] != 1.0 {
		t.Errorf("the prediction is logged as %v", lines[0])
	}
	if diff := cmp.Diff(map[string]any{"id": 0.0, "at_s": 3.0, "outcome": "c", "correct": false}, lines[1]); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}

	hidden := record.Monitoring{Window: record.Window{Time: time.Second}, Sensitive: []string{record.FieldPrediction, record.FieldOutcome}}
	m, f, r = started(t, hidden)
	m.Answered(attack.Answered{Done: time.Second, Request: r, Predictions: predicts("a", "c")})
	m.Close()
	for _, line := range f.lines(t) {
		for _, name := range []string{"prediction", "outcome", "correct"} {
			if _, there := line[name]; there {
				t.Errorf("%s is sensitive, and in %v", name, line)
			}
		}
	}
}

// TestLogFailure wants the monitor to go on without its log, and to say why.
func TestLogFailure(t *testing.T) {
	m, f, r := started(t, record.Monitoring{Window: record.Window{Time: time.Second}})
	f.fails = errors.New("no space left on device")
	for range 1000 {
		m.Answered(attack.Answered{Done: time.Second, Request: r, Predictions: predicts("a", "a")})
	}
	seen := m.Close()
	if seen.LogFailed != f.fails.Error() || len(seen.Windows) != 1 || seen.Windows[0].Labelled != 1000 {
		t.Errorf("%+v, want 1000 outcomes in a window and why there is no log", seen)
	}
}

// TestMostWindows wants a bounded number of windows, and nothing lost where they are put together.
func TestMostWindows(t *testing.T) {
	for _, size := range []record.Window{{Time: time.Second}, {Answers: 50}} {
		const n = 50 * 3 * mostWindows
		w := newWindows(size, n*time.Second/50)
		for i := range n {
			number := w.answer(time.Duration(i) * time.Second / 50)
			w.outcome(number, i%2 == 0)
		}
		var sum record.MonitorWindow
		all := w.all()
		for i, kept := range all {
			sum = sum.Plus(kept)
			if i > 0 && kept.Start < all[i-1].End {
				t.Errorf("window %v begins before the one before it ends", kept)
			}
		}
		if len(all) > mostWindows || sum.Answers != n || sum.Labelled != n || sum.Correct != n/2 {
			t.Errorf("windows of %v: %d of them hold %+v, want at most %d with %d answers", size, len(all), sum, mostWindows, n)
		}
	}
}

// BenchmarkAnswered is what an answer costs the load's own goroutine, and all together.
func BenchmarkAnswered(b *testing.B) {
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		b.Fatal(err)
	}
	p, err := v2.Kind().Open(protocol.Config{Model: "credit", Schema: g.Schema()})
	if err != nil {
		b.Fatal(err)
	}
	c, err := corpus.Build(corpus.Config{Generator: g, Protocol: p, Size: 1, Batch: 1, Seed: 1, Monitored: true})
	if err != nil {
		b.Fatal(err)
	}
	m := Start(Config{
		Monitoring: record.Monitoring{Window: record.Window{Time: time.Second}, OutcomeDelay: time.Second}, Schema: g.Schema(),
		Create: func(int) (predictions.File, error) { return predictions.File{WriteCloser: discard{}, Name: "log"}, nil }, Remove: func(string) error { return nil },
	})
	answer := predicts("0", "1")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Answered(attack.Answered{Done: time.Duration(i) * 50 * time.Microsecond, Request: c.Request(0), Predictions: answer})
	}
	seen := m.Close()
	b.ReportMetric(float64(seen.Unseen)/float64(b.N), "unseen/op")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }
