package monitor

import (
	"fmt"
	"slices"
	"time"

	"servebench/generators/drift"
	"servebench/reports/record"
)

// Row is an example whose outcome became known.
type Row struct {
	Features []float32 // in the order of the schema's; not to be changed
	Outcome  string    // a class by its name, or a number
}

// Job is a training that is due.
type Job struct {
	Reason string
	At     time.Duration // when it was asked for
	Rows   []Row         // to train on, in the order in which their outcomes became known
}

// Trained is what came of a Job.
type Trained struct {
	record.Retraining
	// Reference is what the detectors compare with where the model was swapped.
	Reference Reference
}

// leastRows is the fewest examples that a model is trained on.
const leastRows = 100

// trainings decide when the model is trained again. They are for one goroutine.
type trainings struct {
	record.Retrain
	train   func(Job) // nil: nobody trains it
	latest  []Row     // a ring of Rows
	oldest  int
	asked   *Job // it waits for outcomes
	missing int  // so many
	running bool
	due     time.Duration // of the next one of a period
	closed  bool
	all     []record.Retraining
}

func newTrainings(cfg Config) trainings {
	return trainings{Retrain: cfg.Retrain, train: cfg.Train, due: cfg.Retrain.Every}
}

// alarm asks for a training, of which there is one at a time.
func (t *trainings) alarm(detector string, at time.Duration, r drift.Result) {
	if t.train == nil || t.On != record.RetrainOnAlarm || t.asked != nil || t.running || t.closed {
		return
	}
	if r.Column != "" {
		detector += ": " + r.Column
	}
	t.asked, t.missing = &Job{Reason: detector, At: at}, t.Rows
}

// tick begins the training of a period that is over. One that comes while another is under way is
// left out.
func (t *trainings) tick(now time.Duration) {
	if t.train == nil || t.Every == 0 || now < t.due || t.closed {
		return
	}
	at := t.due
	t.due += t.Every * (1 + (now-t.due)/t.Every)
	if !t.running {
		t.asked = &Job{Reason: t.Policy(), At: at}
		t.begin()
	}
}

// add takes an example whose outcome became known.
func (t *trainings) add(row Row) {
	switch {
	case t.train == nil || row.Features == nil:
		return
	case len(t.latest) < t.Rows:
		t.latest = append(t.latest, row)
	default:
		t.latest[t.oldest] = row
		t.oldest = (t.oldest + 1) % len(t.latest)
	}
	if t.asked != nil {
		if t.missing--; t.missing <= 0 && !t.closed {
			t.begin()
		}
	}
}

// begin begins the training that was asked for.
func (t *trainings) begin() {
	job := *t.asked
	t.asked = nil
	if n := len(t.latest); n < leastRows {
		t.all = append(t.all, record.Retraining{Reason: job.Reason, At: job.At, Rows: n, Failed: fmt.Sprintf("the outcomes of %d examples are known, want at least %d", n, leastRows)})
		return
	}
	job.Rows = slices.Concat(t.latest[t.oldest:], t.latest[:t.oldest])
	t.running = true
	t.train(job)
}

func (t *trainings) end(trained Trained) {
	t.running = false
	t.all = append(t.all, trained.Retraining)
}

// close lets nothing begin any more. What waits was asked for and came to nothing.
func (t *trainings) close() {
	t.closed = true
	if t.asked != nil {
		t.all = append(t.all, record.Retraining{Reason: t.asked.Reason, At: t.asked.At})
		t.asked = nil
	}
}

// Trained takes what came of the job that Config.Train was given.
func (m *Monitor) Trained(t Trained) { m.trained <- t }

// endTraining books a training. After a swap the detectors begin anew, with what the new model
// answers.
func (m *Monitor) endTraining(t Trained) {
	m.trainings.end(t)
	if t.Swapped > 0 {
		m.fresh = t.Swapped
		m.drift.renew(t.Reference)
	}
}
