package monitor

import (
	"slices"
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/drift"
	"servebench/generators/predictions"
	"servebench/reports/record"
	"servebench/scenarios/attack"
	"servebench/scenarios/corpus"
	"servebench/targets/protocol"
	"servebench/targets/protocol/v2"
)

// applicants are requests of the credit generator.
func applicants(t *testing.T, n int) ([]*corpus.Request, generators.Schema) {
	t.Helper()
	g, err := credit.Kind().Open(generators.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v2.Kind().Open(protocol.Config{Model: "credit", Schema: g.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := corpus.Build(corpus.Config{Generator: g, Protocol: p, Size: n, Batch: 1, Seed: 1, Monitored: true})
	if err != nil {
		t.Fatal(err)
	}
	var all []*corpus.Request
	for i := range n {
		all = append(all, c.Request(i))
	}
	return all, g.Schema()
}

// TestDetectors wants drift of a feature, and of the error rate, to raise an alarm after it began
// and none before, where the outcomes are known later than the answers.
func TestDetectors(t *testing.T) {
	all, schema := applicants(t, 12000)
	age := slices.IndexFunc(schema.Features, func(f generators.Feature) bool { return f.Name == "age" })
	reference := drift.NewSample(schema)
	for _, r := range all[:2000] {
		reference.Add(r.Inputs()[0], generators.Classified(0))
	}
	profile, err := drift.NewProfile(reference)
	if err != nil {
		t.Fatal(err)
	}
	const delay, shift = 2 * time.Second, 10 * time.Second
	m := Start(Config{
		Monitoring: record.Monitoring{Window: record.Window{Time: 2 * time.Second}, OutcomeDelay: delay, Detectors: []string{"page-hinkley", "psi", "ks", "adwin"}, Sensitive: []string{record.FieldPrediction}},
		Span:       20 * time.Second, Schema: schema, Reference: Reference{Profile: profile},
		Create: func(int) (predictions.File, error) { return predictions.File{WriteCloser: discard{}, Name: "log"}, nil },
	})
	at := time.Duration(0)
	for i, r := range all[2000:] {
		at += 4 * time.Millisecond
		if at >= shift && r.Inputs()[0][age] < 50 { // the young stay away
			at -= 4 * time.Millisecond
			continue
		}
		wrong := i%20 == 0 || at >= shift && i%3 == 0
		p := corpus.Prediction{Text: "no", Answer: generators.Classified(0), Outcome: "no", Correct: !wrong}
		m.Answered(attack.Answered{Done: at, Request: r, Predictions: []corpus.Prediction{p}})
	}
	seen := m.Close()
	if len(seen.Detectors) != 4 {
		t.Fatalf("%d detectors, want 4", len(seen.Detectors))
	}
	for _, d := range seen.Detectors {
		if len(d.Alarms) == 0 || len(d.Looks) < 8 {
			t.Errorf("%s: %d alarms in %d looks, want some", d.Name, len(d.Alarms), len(d.Looks))
			continue
		}
		first := d.Alarms[0]
		least, column := shift, "age"
		if d.Name == "adwin" || d.Name == "page-hinkley" {
			least, column = shift+delay, ""
		}
		if first.At < least || first.Column != column || first.Statistic <= first.Threshold {
			t.Errorf("%s: first alarm %+v, want one of column %q from %v on", d.Name, first, column, least)
		}
		if d.Alpha != drift.Alpha/4 {
			t.Errorf("%s may err in %v of phases, want a fourth of %v", d.Name, d.Alpha, drift.Alpha)
		}
	}
}

// TestReference wants a phase of enough rows to be one that others are compared with, and the reason
// where it is none.
func TestReference(t *testing.T) {
	all, schema := applicants(t, 600)
	for _, x := range []struct {
		rows int
		ok   bool
	}{{600, true}, {100, false}} {
		m := Start(Config{
			Monitoring: record.Monitoring{Window: record.Window{Time: time.Second}}, Span: time.Minute, Schema: schema, Learn: true,
			Create: func(int) (predictions.File, error) { return predictions.File{WriteCloser: discard{}, Name: "log"}, nil },
		})
		for i, r := range all[:x.rows] {
			m.Answered(attack.Answered{Done: time.Duration(i) * time.Millisecond, Request: r, Predictions: predicts("no", "no")})
		}
		m.Close()
		got := m.Reference()
		if (got.Profile != nil) != x.ok || (got.Why == "") != x.ok {
			t.Errorf("%d rows: %+v, want a profile: %v", x.rows, got, x.ok)
		}
		d := newDetection([]string{"psi"}, schema, got)
		if found := d.all()[0]; (found.Why == "") != x.ok {
			t.Errorf("%d rows: psi says %q", x.rows, found.Why)
		}
	}
}

// TestRepeatedRequests wants a request that is sent again to be one row of a window.
func TestRepeatedRequests(t *testing.T) {
	all, schema := applicants(t, 600)
	sample := drift.NewSample(schema)
	for _, r := range all {
		sample.Add(r.Inputs()[0], generators.Answer{})
	}
	profile, err := drift.NewProfile(sample)
	if err != nil {
		t.Fatal(err)
	}
	d := newDetection([]string{"ks"}, schema, Reference{Profile: profile})
	for i := range 5000 {
		d.add(attack.Answered{Request: all[i%10], Predictions: predicts("no", "no")})
	}
	if n := d.rows.Len(); n != 10 {
		t.Errorf("5000 answers to 10 requests are %d rows, want 10", n)
	}
	d.look(time.Second)
	if look := d.all()[0].Looks[0]; look.State != record.StateTooFew {
		t.Errorf("%+v, want too few", look)
	}
}

// TestStates wants the record's words for states to be the detectors', and those for fields the log's.
func TestStates(t *testing.T) {
	for state, name := range map[drift.State]string{drift.TooFew: record.StateTooFew, drift.Stable: record.StateStable, drift.Drift: record.StateDrift} {
		if string(state) != name {
			t.Errorf("%q is %q in the record", state, name)
		}
	}
	if predictions.Prediction != record.FieldPrediction || predictions.Outcome != record.FieldOutcome {
		t.Error("the log calls its fields otherwise than the record does")
	}
}
