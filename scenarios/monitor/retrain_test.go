package monitor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/reports/record"
	"servebench/scenarios/attack"

	"github.com/google/go-cmp/cmp"
)

// begun are trainings of a plan, and the jobs that were begun.
func begun(plan record.Retrain) (*trainings, *[]Job) {
	var jobs []Job
	t := newTrainings(Config{Retrain: plan, Train: func(j Job) { jobs = append(jobs, j) }})
	return &t, &jobs
}

func (t *trainings) addRows(from, to int) {
	for i := from; i < to; i++ {
		t.add(Row{Features: []float32{float32(i)}, Outcome: fmt.Sprint(i)})
	}
}

// TestRetrainOnAlarm wants the first alarm to have the model trained on rows that became known after
// it, further ones to be passed over until that is done, and a failure to leave the next one free.
func TestRetrainOnAlarm(t *testing.T) {
	r, jobs := begun(record.Retrain{On: record.RetrainOnAlarm, Rows: 200})
	r.addRows(0, 450)
	r.tick(time.Hour)
	r.alarm("psi", 5*time.Second, drift.Result{Column: "salary"})
	r.addRows(450, 649)
	r.alarm("adwin", 6*time.Second, drift.Result{})
	if len(*jobs) != 0 {
		t.Fatalf("it began after 199 rows: %+v", *jobs)
	}
	r.addRows(649, 650)
	r.alarm("adwin", 7*time.Second, drift.Result{})
	if len(*jobs) != 1 || (*jobs)[0].Reason != "psi: salary" || (*jobs)[0].At != 5*time.Second {
		t.Fatalf("jobs %+v, want one for psi: salary", *jobs)
	}
	rows := (*jobs)[0].Rows
	if len(rows) != 200 || rows[0].Outcome != "450" || rows[199].Outcome != "649" {
		t.Errorf("%d rows from %s to %s, want 200 from 450 to 649", len(rows), rows[0].Outcome, rows[199].Outcome)
	}
	r.addRows(650, 900)
	r.end(Trained{Retraining: record.Retraining{Reason: "psi: salary", Failed: "no"}})
	r.alarm("adwin", 8*time.Second, drift.Result{})
	r.close()
	r.addRows(900, 1200)
	want := []record.Retraining{{Reason: "psi: salary", Failed: "no"}, {Reason: "adwin", At: 8 * time.Second}}
	if diff := cmp.Diff(want, r.all); diff != "" || len(*jobs) != 1 {
		t.Errorf("%d jobs, want 1; -want +got:\n%s", len(*jobs), diff)
	}
}

// TestRetrainEvery wants a training a period, of what there is, but one at a time.
func TestRetrainEvery(t *testing.T) {
	r, jobs := begun(record.Retrain{Every: 10 * time.Second, Rows: 1000})
	r.alarm("adwin", time.Second, drift.Result{})
	r.addRows(0, 99)
	r.tick(10 * time.Second) // too few
	r.addRows(99, 150)
	r.tick(19 * time.Second)
	r.tick(41 * time.Second) // some were missed
	r.tick(55 * time.Second) // while that is under way
	r.end(Trained{Retraining: record.Retraining{At: 20 * time.Second}})
	r.tick(59 * time.Second)
	r.tick(60 * time.Second)
	var at []time.Duration
	for _, j := range *jobs {
		at = append(at, j.At)
	}
	if diff := cmp.Diff([]time.Duration{20 * time.Second, time.Minute}, at); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if first := r.all[0]; first.Reason != "every 10s" || first.Rows != 99 || !strings.Contains(first.Failed, "99 examples are known, want at least 100") {
		t.Errorf("the first one is %+v, want 99 rows to be too few", first)
	}
	never, jobs := begun(record.Retrain{On: record.RetrainNever, Rows: 100})
	never.addRows(0, 500)
	never.alarm("adwin", time.Second, drift.Result{})
	never.tick(time.Hour)
	if len(*jobs) != 0 {
		t.Errorf("%d jobs, want none", len(*jobs))
	}
}

// TestRenew wants detectors to forget what was before a swap, and to compare with the new reference.
func TestRenew(t *testing.T) {
	all, schema := applicants(t, 600)
	d := newDetection([]string{"psi", "adwin"}, schema, Reference{Why: "there is none"})
	var raised []string
	d.raised = func(detector string, at time.Duration, _ drift.Result) {
		raised = append(raised, fmt.Sprint(detector, " ", at))
	}
	for i := range 1000 {
		d.learn(time.Duration(i), i >= 500)
	}
	if len(raised) == 0 || !strings.HasPrefix(raised[0], "adwin 5") {
		t.Fatalf("alarms %v, want one of adwin soon after 500", raised)
	}
	sample := drift.NewSample(schema)
	for _, r := range all {
		sample.Add(r.Inputs()[0], generators.Classified(0))
	}
	profile, err := drift.NewProfile(sample)
	if err != nil {
		t.Fatal(err)
	}
	alarms := len(raised)
	d.renew(Reference{Profile: profile})
	for i := range 500 { // always wrong is no change to who knows no other times
		d.learn(time.Duration(1000+i), true)
	}
	for _, r := range all {
		d.add(attack.Answered{Request: r, Predictions: predicts("no", "no")})
	}
	d.look(2 * time.Second)
	if len(raised) != alarms+1 || !strings.HasPrefix(raised[alarms], "psi ") { // the predictions are others than the reference's
		t.Errorf("alarms after the swap: %v, want one of psi", raised[alarms:])
	}
	if looks := d.all()[0].Looks; len(looks) != 1 || looks[0].N != 600 || d.all()[0].Why != "" {
		t.Errorf("psi: %+v, want one look at 600 rows", d.all()[0])
	}
	if n := len(d.all()[1].Alarms); n != alarms {
		t.Errorf("%d alarms of adwin are kept, want %d", n, alarms)
	}
}
