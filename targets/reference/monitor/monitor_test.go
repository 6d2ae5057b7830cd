package monitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// loans is a model that approves where income is positive.
func loans() protocol.Model {
	return protocol.Model{
		Name: "loans", Version: "1",
		Schema: generators.Schema{Features: []generators.Feature{{Name: "income"}, {Name: "age"}}, Classes: []string{"declined", "approved"}},
		Predict: protocol.Binary(func(features []float32) float32 {
			if features[0] > 0 {
				return 0.9
			}
			return 0.2
		}),
	}
}

// drawn is a row as the reference data has them.
func drawn(rng *rand.Rand) []float32 {
	return []float32{float32(rng.NormFloat64()), float32(18 + rng.IntN(60))}
}

func reference(m protocol.Model) (*drift.Profile, error) {
	rng, s := rand.New(rand.NewPCG(7, 7)), drift.NewSample(m.Schema)
	for range drift.Most {
		row := drawn(rng)
		s.Add(row, m.Answer(row))
	}
	return drift.NewProfile(s)
}

func none(protocol.Model) (*drift.Profile, error) { return nil, errors.New("no reference data") }

// open opens a Monitor, in a folder of its own where config names none.
func open(t testing.TB, config Config) *Monitor {
	t.Helper()
	m := prepare(t, config)
	go m.watch()
	return m
}

// prepare is open of one that looks at what it is handed over when it is told to: takeBatch.
func prepare(t testing.TB, config Config) *Monitor {
	t.Helper()
	if config.Dir == "" {
		config.Dir = t.TempDir()
	}
	config.Window, config.Log = max(config.Window, drift.LeastRows), slog.New(slog.DiscardHandler)
	if config.Pending == 0 {
		config.Pending = 1000
	}
	if config.Reference == nil {
		config.Reference = none
	}
	m, err := newMonitor(config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// predict has the model answer rows of a request, and tells the observer.
func predict(o protocol.Observer, model protocol.Model, id string, rows ...[]float32) {
	i := protocol.Inference{Status: http.StatusOK, Rows: len(rows), ID: []byte(id)}
	for _, row := range rows {
		i.Features = append(i.Features, row...)
	}
	i.Scores, _ = model.PredictRows(nil, i.Features, i.Rows)
	o.Observe(i)
}

func feedBack(m *Monitor, body string) (status int, answer string) {
	w := httptest.NewRecorder()
	m.ServeFeedback(w, httptest.NewRequest("POST", "/feedback", strings.NewReader(body)))
	return w.Code, w.Body.String()
}

// logged are the lines of the log's files, without their times.
func logged(t *testing.T, dir string) (lines []string) {
	t.Helper()
	names, _, err := logFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatalf("%s: %q: %v", name, line, err)
			}
			at, _ := fields["at"].(string)
			if _, err := time.Parse(time.RFC3339, at); err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
			}
			lines = append(lines, strings.TrimSpace(strings.Replace(line, `,"at":"`+at+`"`, "", 1)))
		}
	}
	return lines
}

// TestOutcomes follows rows from their prediction to their outcome.
func TestOutcomes(t *testing.T) {
	dir, model := t.TempDir(), loans()
	m := open(t, Config{Dir: dir, Sensitive: []string{"age"}})
	o := m.Observer(model)
	predict(o, model, "a", []float32{1, 30})
	predict(o, model, `b"`, []float32{1, 30}, []float32{-1, 40})
	predict(o, model, "", []float32{2, 30})
	o.Observe(protocol.Inference{Status: http.StatusBadRequest}) // which has no rows
	for _, c := range []struct {
		body   string
		status int
		answer string
	}{
		{`{"id":"a","outcome":"approved"}`, 200, `{"taken":1,"unknown":[]}`},
		{`{"id":"a","outcome":"approved"}`, 404, `{"taken":0,"unknown":[{"id":"a","row":0}]}`},
		{` [{"id":"b\"","row":1,"outcome":1},{"id":"c","row":2,"outcome":"approved"}]`, 200, `{"taken":1,"unknown":[{"id":"c","row":2}]}`},
		{`[]`, 200, `{"taken":0,"unknown":[]}`},
	} {
		if status, answer := feedBack(m, c.body); status != c.status || answer != c.answer {
			t.Errorf("%s: %d %s, want %d %s", c.body, status, answer, c.status, c.answer)
		}
	}
	s := m.state("loans")
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if v := s.Versions[0]; s.Pending != 1 || v.Rows != 4 || v.Outcomes != 2 || v.Expired != 0 || v.Unseen != 0 ||
		v.Accuracy == nil || v.Accuracy.Value != 0.5 || v.Accuracy.Outcomes != 2 || v.NoReference != "no reference data" {
		t.Errorf("the state is %+v, %+v", s, v.Accuracy)
	}
	want := []string{
		`{"id":"a","model":"loans","version":"1","features":{"income":1},"prediction":"approved"}`,
		`{"id":"b\"","model":"loans","version":"1","features":{"income":1},"prediction":"approved"}`,
		`{"id":"b\"","row":1,"model":"loans","version":"1","features":{"income":-1},"prediction":"declined"}`,
		`{"model":"loans","version":"1","features":{"income":2},"prediction":"approved"}`,
		`{"id":"a","model":"loans","version":"1","outcome":"approved","correct":true}`,
		`{"id":"b\"","row":1,"model":"loans","version":"1","outcome":"approved","correct":false}`,
	}
	if diff := cmp.Diff(want, logged(t, dir)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// TestRegression logs outcomes of values, of which none is right or wrong.
func TestRegression(t *testing.T) {
	dir, model := t.TempDir(), loans()
	model.Schema.Classes, model.Predict = nil, func(features, scores []float32) { scores[0] = features[0] / 4 }
	m := open(t, Config{Dir: dir, Reference: reference})
	predict(m.Observer(model), model, "a", []float32{1, 30})
	for _, body := range []string{`{"id":"a","outcome":"much"}`, `{"id":"a","outcome":true}`} {
		if status, answer := feedBack(m, body); status != 400 || !strings.Contains(answer, `outcome 1: id \"a\": want a number, which model \"loans\" predicts`) {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	if status, answer := feedBack(m, `{"id":"a","outcome":0.5}`); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	v := m.state("loans").Versions[0]
	if err := m.Close(); err != nil || v.Outcomes != 1 || v.Accuracy != nil || v.NoReference != "" {
		t.Errorf("%+v, %v; want an outcome without accuracy", v, err)
	}
	if got := strings.Join(logged(t, dir), "\n"); !strings.Contains(got, `"prediction":"0.25"}`) || !strings.Contains(got, `"outcome":"0.5"}`) {
		t.Errorf("the log: %s", got)
	}
}

// TestFaults wants each fault of a body named, and nothing taken of it.
func TestFaults(t *testing.T) {
	model := loans()
	m := open(t, Config{})
	defer m.Close()
	predict(m.Observer(model), model, "a", []float32{1, 30})
	for body, want := range map[string]string{
		``:                               `cut off after 0 bytes; want {"id": "…", "outcome": "…"}, or a list of such`,
		`{`:                              `cut off after`,
		`{"id":"a","outcome":"approved"`: `want {"id"`,
		`"a"`:                            `byte 3: the whole is a text, want an object`,
		`{"id":7,"outcome":"approved"}`:  `byte 7: id is the number, want a text`,
		`{"id":"a","row":1.5,"outcome":"approved"}`:                         `row is the number 1.5, want a whole number`,
		`{"id":"a","label":"approved"}`:                                     `unknown field "label", want id, row and outcome`,
		`{"outcome":"approved"}`:                                            `outcome 1: id is missing, want that of the answer`,
		`{"id":"a","row":-1,"outcome":"approved"}`:                          `outcome 1: row -1, want 0 or more`,
		`[{"id":"a","outcome":"approved"},{"id":"a"}]`:                      `outcome 2: outcome is missing, want a class or a number`,
		`[{"id":"b","outcome":"x"},{"id":"a","outcome":"x"}]`:               `outcome 2: id "a": "x" is no class of model "loans", want one of ["declined" "approved"]`,
		`{"id":"a","outcome":2}`:                                            `outcome 1: id "a": 2 is no class of model "loans", want 0 to 1`,
		`{"id":"a","outcome":0.5}`:                                          `0.5 is no class`,
		`{"id":"a","outcome":{}}`:                                           `want a class of model "loans"`,
		`[{"row":-1}]`:                                                      "outcome 1: id is missing, want that of the answer\noutcome 1: row -1, want 0 or more\noutcome 1: outcome is missing",
		`{"id":"a","outcome":"approved"},{"id":"a","outcome":"approved"} x`: `not JSON at byte`,
	} {
		var answer struct{ Error string }
		status, text := feedBack(m, body)
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 400 || !strings.Contains(answer.Error, want) {
			t.Errorf("%s: %d %s, want 400 with %s", body, status, text, want)
		}
	}
	if v := m.state("loans").Versions[0]; v.Outcomes != 0 {
		t.Errorf("%d outcomes were taken of broken bodies", v.Outcomes)
	}
}

// FuzzFeedback: whatever comes, it is answered, and what is taken and what is not adds up.
func FuzzFeedback(f *testing.F) {
	model := loans()
	m := open(f, Config{Pending: 4})
	defer m.Close()
	o := m.Observer(model)
	for _, seed := range []string{`{"id":"a","outcome":"approved"}`, `[{"id":"a","row":1,"outcome":0},{"id":"b","outcome":null}]`, `[[]]`, `{"id":"a","outcome":1e999}`, `{},{}`, "\ufeff{}", `[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		predict(o, model, "a", []float32{1, 2}, []float32{-1, 2})
		before := m.state("loans")
		status, answer := feedBack(m, string(body))
		after := m.state("loans")
		var said taken
		if err := json.Unmarshal([]byte(answer), &said); err != nil {
			t.Fatalf("%d %s: %v", status, answer, err)
		}
		if took := after.Versions[0].Outcomes - before.Versions[0].Outcomes; took != int64(said.Taken) || took > 2 || before.Pending-after.Pending != int(took) || status == 200 && took == 0 && len(said.Unknown) > 0 {
			t.Errorf("%d %s, but %d outcomes were taken, and %d rows wait less", status, answer, took, before.Pending-after.Pending)
		}
	})
}

// TestPending compares rows that wait with a slow and simple account of them.
func TestPending(t *testing.T) {
	const room = 8
	rng := rand.New(rand.NewPCG(3, 3))
	p, gone := newPending(room), int64(0)
	p.expired = func(version uint32) { gone += int64(version) }
	var simple []uint64 // the keys that wait, in the order of their rows; 0: known, or replaced
	expired := int64(0)
	for range 20_000 {
		key := 31 + 8*rng.Uint64N(3*room) // of which many have a place of the index in common
		at := -1
		for i, k := range simple {
			if k == key {
				at = i
			}
		}
		if rng.IntN(3) == 0 {
			w := p.find(key)
			if (w != nil) != (at >= 0) {
				t.Fatalf("key %d is found: %v, want %v", key, w != nil, at >= 0)
			}
			if w != nil {
				p.remove(w)
				simple[at] = 0
			}
			continue
		}
		p.add(key, 1, 1)
		if at >= 0 {
			simple[at] = 0
			expired++
		}
		if simple = append(simple, key); len(simple) > room {
			if simple[0] != 0 {
				expired++
			}
			simple = simple[1:]
		}
		if gone != expired || p.count > room || len(p.rows) != room {
			t.Fatalf("%d expired and %d of %d wait, want %d expired of %d", gone, p.count, len(p.rows), expired, room)
		}
	}
}

// TestBounds wants what waits to be written to be bounded, and what was left out to be counted.
func TestBounds(t *testing.T) {
	b := &batch{}
	row := make([]float32, 1000)
	added := 0
	for b.add(event{}, []byte("id"), row, row[:1]) {
		added++
	}
	if len(b.numbers) > mostNumbers || added < mostNumbers/1002 || b.add(event{}, []byte("id"), row, row[:1]) {
		t.Errorf("%d rows with %d numbers wait, want at most %d numbers", added, len(b.numbers), mostNumbers)
	}
	b.reset()
	for b.add(event{}, []byte("id"), nil, nil) {
		added++
	}
	if len(b.events) != mostEvents {
		t.Errorf("%d events wait, want %d", len(b.events), mostEvents)
	}

	m, model := prepare(t, Config{}), loans()
	m.filling = b
	predict(m.Observer(model), model, "a", []float32{1, 2}, []float32{1, 2})
	v := m.versions[0]
	if _, err := m.learn([]outcome{{ID: "a", Row: 1, Outcome: "approved"}}); err != nil || v.rows != 2 || v.unseen != 3 || v.outcomes != 1 {
		t.Errorf("%d rows, %d outcomes, %d of them unseen: %v; want 2, 1 and 3", v.rows, v.outcomes, v.unseen, err)
	}
}

// TestDrift wants rows that changed to be found by psi and ks, with the column, and answers that
// became wrong by the others; and none before.
func TestDrift(t *testing.T) { synctest.Test(t, testDrift) }

func testDrift(t *testing.T) {
	model, rng := loans(), rand.New(rand.NewPCG(5, 5))
	m := prepare(t, Config{Reference: reference, Window: 1000})
	o := m.Observer(model)
	send := func(n int, shift float32, right func(i int) bool) (byName map[string]detectorState) {
		for i := range n {
			row := drawn(rng)
			row[0] += shift
			id := fmt.Sprint(shift, "-", i)
			time.Sleep(leastWindow / 1000)
			predict(o, model, id, row)
			outcome := (row[0] > 0) == right(i)
			if status, answer := feedBack(m, fmt.Sprintf(`{"id":%q,"outcome":%q}`, id, map[bool]string{true: "approved", false: "declined"}[outcome])); status != 200 {
				t.Fatal(answer)
			}
			if i%100 == 0 {
				m.takeBatch()
			}
		}
		m.takeBatch()
		byName = map[string]detectorState{}
		for _, d := range m.state("loans").Versions[0].Detectors {
			byName[d.Name] = d
		}
		return byName
	}
	for name, d := range send(5000, 0, func(i int) bool { return i%20 > 0 }) {
		if d.State != drift.Stable || d.Alarms != 0 || d.LastAlarm != nil {
			t.Errorf("without drift %s says %+v", name, d)
		}
	}
	for name, d := range send(5000, 0.5, func(i int) bool { return i%2 > 0 }) {
		if d.Alarms == 0 || d.LastAlarm == nil {
			t.Errorf("%s does not see the drift: %+v", name, d)
		}
		for _, c := range d.Columns {
			if c.Drift != (c.Column != "age") {
				t.Errorf("%s says of column %s: %+v", name, c.Column, c)
			}
		}
	}
	registry, page := prometheus.NewRegistry(), httptest.NewRecorder()
	registry.MustRegister(m)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`refserver_monitor_rows_total{model="loans",version="1"} 10000`,
		`refserver_monitor_outcomes_total{model="loans",version="1"} 10000`,
		`refserver_monitor_accuracy{model="loans",version="1"} 0.5`,
		`refserver_monitor_accuracy_outcomes{model="loans",version="1"} 1000`,
		`refserver_monitor_drift_statistic{column="income",detector="psi",model="loans",version="1"}`,
		`refserver_monitor_drift_threshold{column="prediction",detector="psi",model="loans",version="1"}`,
		`refserver_monitor_alarms_total{detector="page-hinkley",model="loans",version="1"} `,
		`refserver_monitor_log_failed 0`, `refserver_monitor_pending_rows 0`,
	} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// TestRepeats compares rows that are sent again under their ids once.
func TestRepeats(t *testing.T) { synctest.Test(t, testRepeats) }

func testRepeats(t *testing.T) {
	model, rng := loans(), rand.New(rand.NewPCG(9, 9))
	m := prepare(t, Config{Reference: reference, Window: 1000})
	o := m.Observer(model)
	rows := make([][]float32, 100)
	for i := range rows {
		rows[i] = drawn(rng)
	}
	for i := range 10_000 {
		time.Sleep(leastWindow / 1000)
		predict(o, model, fmt.Sprint(i%len(rows)), rows[i%len(rows)])
		if i%1000 == 0 {
			m.takeBatch()
		}
	}
	m.takeBatch()
	v := m.state("loans").Versions[0]
	if d := v.Detectors[0]; d.State != drift.TooFew || d.N != len(rows) || v.Expired != 9900 {
		t.Errorf("%+v, %d rows expired; want %d rows, too few", d, v.Expired, len(rows))
	}
}

// TestWindow wants a window to be of enough rows and of some time, and no more of it to be kept than
// is compared.
func TestWindow(t *testing.T) {
	profile, err := reference(loans())
	if err != nil {
		t.Fatal(err)
	}
	v, rng, at := newVersion(loans(), profile, nil, Config{Window: 1000}), rand.New(rand.NewPCG(1, 1)), time.Unix(1e9, 0)
	for i := 1; i <= 3*drift.Most; i++ { // in 15 s
		at = at.Add(15 * time.Second / (3 * drift.Most))
		results := v.compare(uint64(i), at, drawn(rng), []float32{0.5, 0.5})
		if want := i == 1+2*drift.Most; (results != nil) != want || want && results[0].N != drift.Most {
			t.Fatalf("row %d: %+v", i, results)
		}
		if len(v.seen) > drift.Most {
			t.Fatalf("row %d: %d rows are remembered", i, len(v.seen))
		}
	}
	at = at.Add(time.Hour)
	for i := 1; i <= 1000; i++ {
		if results := v.compare(0, at, drawn(rng), []float32{0.5, 0.5}); (results != nil) != (i == 1) {
			t.Fatalf("row %d after an hour: %+v", i, results)
		}
	}
}

// TestVersions keeps what is known of a version that is loaded again, and of another beside it.
func TestVersions(t *testing.T) {
	model, next := loans(), loans()
	next.Version = "2"
	m := open(t, Config{})
	defer m.Close()
	predict(m.Observer(model), model, "a", []float32{1, 2})
	predict(m.Observer(next), next, "b", []float32{1, 2})
	predict(m.Observer(model), model, "c", []float32{1, 2})
	versions := func() (all string) {
		for _, v := range m.state("loans").Versions {
			all += fmt.Sprintf("%s:%d,%d ", v.Version, v.Rows, v.Outcomes)
		}
		return all
	}
	if got, want := versions(), "1:2,0 2:1,0 "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if status, answer := feedBack(m, `{"id":"a","outcome":"approved"}`); status != 200 {
		t.Error(answer)
	}
	m.Forget("loans", []string{"1"})
	if status, answer := feedBack(m, `{"id":"c","outcome":"approved"}`); status != 404 {
		t.Errorf("an outcome of a version that was forgotten: %d %s", status, answer)
	}
	other := next
	other.Schema.Classes = []string{"no", "yes"}
	m.Observer(other)
	if got, want := versions(), "2:0,0 "; got != want {
		t.Errorf("with other classes %s, want %s", got, want)
	}
	w := httptest.NewRecorder()
	m.ServeState(w, httptest.NewRequest("GET", "/v2/models/x/monitor", nil))
	if w.Code != 404 {
		t.Errorf("an unknown model gets %d, want 404", w.Code)
	}
}

// TestFlush wants what was answered to be in the file a little more than a second later, so that a
// kill loses no more.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, model := t.TempDir(), loans()
		m := open(t, Config{Dir: dir})
		o := m.Observer(model)
		predict(o, model, "a", []float32{1, 2})
		time.Sleep(flushEvery + time.Millisecond)
		if lines := logged(t, dir); len(lines) != 1 {
			t.Errorf("%d lines are in the files after %v, want 1", len(lines), flushEvery)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestRestart begins another file beside those of a server that was killed, whose last line may be
// cut off.
func TestRestart(t *testing.T) {
	dir, model := t.TempDir(), loans()
	for name, text := range map[string]string{"predictions-000007.jsonl": `{"id":"old","mod`, "predictions-x.jsonl": "", "notes.txt": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want := 2; want <= 3; want++ {
		m := open(t, Config{Dir: dir})
		predict(m.Observer(model), model, "a", []float32{1, 2})
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if files := m.state("loans").Log.Files; len(files) != want || files[0] != "predictions-000007.jsonl" || files[1] != "predictions-000008.jsonl" {
			t.Errorf("the files are %v, want %d from number 7 on", files, want)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "predictions-000007.jsonl"))
	if err != nil || string(text) != `{"id":"old","mod` {
		t.Errorf("the file of the other server is %q now: %v", text, err)
	}
}

// TestTwoServers wants the second server of a folder to say that it does not log, and to go on.
func TestTwoServers(t *testing.T) {
	dir, model := t.TempDir(), loans()
	first, second := open(t, Config{Dir: dir}), open(t, Config{Dir: dir})
	predict(first.Observer(model), model, "a", []float32{1, 2})
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	predict(second.Observer(model), model, "a", []float32{1, 2})
	if err := second.Close(); err == nil || !strings.Contains(err.Error(), "another server logs there, too; want a folder for each") {
		t.Errorf("%v, want why nothing is logged", err)
	}
	if s := second.state("loans"); s.Log.Failed == "" || s.Versions[0].Rows != 1 {
		t.Errorf("%+v, want a row and that it is not logged", s)
	}
	if _, err := Open(Config{Dir: filepath.Join(dir, "predictions-000001.jsonl", "x")}); err == nil {
		t.Error("a folder in a file can be made")
	}
}

// TestTogether has rows predicted, outcomes fed back and the state asked for at the same time.
func TestTogether(t *testing.T) {
	dir, model := t.TempDir(), loans()
	m := open(t, Config{Dir: dir, Reference: reference, Pending: 1 << 16})
	o := m.Observer(model)
	var all sync.WaitGroup
	const callers, each = 4, 500
	for c := range callers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(c), 1))
			for i := range each {
				id := fmt.Sprint(c, "-", i)
				predict(o, model, id, drawn(rng))
				if status, answer := feedBack(m, fmt.Sprintf(`{"id":%q,"outcome":"approved"}`, id)); status != 200 {
					t.Error(answer)
				}
				if i%50 == 0 {
					m.state("loans")
				}
			}
		})
	}
	all.Wait()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	v := m.state("loans").Versions[0]
	if n := len(logged(t, dir)); n != 2*callers*each || v.Outcomes != callers*each || v.Unseen != 0 {
		t.Errorf("%d lines, %+v; want a line of each row and of each outcome", n, v)
	}
}

// BenchmarkObserve is what watching costs a request of one row of nine features, with all that is done
// beside its answer.
func BenchmarkObserve(b *testing.B) {
	model := loans()
	for i := range 7 {
		model.Schema.Features = append(model.Schema.Features, generators.Feature{Name: fmt.Sprint("feature", i)})
	}
	m := prepare(b, Config{Window: 1000, Pending: 100_000, Reference: func(m protocol.Model) (*drift.Profile, error) {
		rng, s := rand.New(rand.NewPCG(7, 7)), drift.NewSample(m.Schema)
		for range drift.Most {
			row := make([]float32, 9)
			for i := range row {
				row[i] = rng.Float32() * 1000
			}
			s.Add(row, m.Answer(row))
		}
		return drift.NewProfile(s)
	}})
	o := m.Observer(model)
	i := protocol.Inference{Status: http.StatusOK, Rows: 1, Features: make([]float32, 9), Scores: []float32{0.1, 0.9}}
	rng := rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for f := range i.Features {
			i.Features[f] = rng.Float32() * 1000
		}
		i.ID = strconv.AppendInt(i.ID[:0], int64(n), 10)
		if o.Observe(i); n%wakeAt == 0 {
			m.takeBatch()
		}
	}
}
