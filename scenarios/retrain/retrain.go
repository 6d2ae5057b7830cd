// Package retrain trains a served model again while load is sent, and has it swapped: on the latest
// examples with a known outcome, by a process on the CPUs of the server, as where both share a
// machine. It stands beside scenarios/monitor, which says when, and tells scenarios/corpus which
// model answers from then on.
package retrain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/scenarios/corpus"
	"servebench/scenarios/monitor"
	"servebench/targets"
	"servebench/targets/local"
	"servebench/targets/protocol"
)

// The environment of a training, beside that of servebench.
const (
	variableData   = "SERVEBENCH_DATA"   // the path of the examples: CSV with a header, the features and label
	variableModel  = "SERVEBENCH_MODEL"  // a path that the model may be written to
	variableURL    = "SERVEBENCH_URL"    // of the server
	variableReason = "SERVEBENCH_REASON" // such as "adwin", "psi: salary", "every 60s"
)

const (
	dataFile  = "data.csv"
	modelFile = "model.json"
	// swapTimeout bounds the swap of a model, which waits for those being answered.
	swapTimeout = 30 * time.Second
)

// Config is how a model is trained again in one phase of load.
type Config struct {
	Schema generators.Schema // of the examples
	// Command trains the model from the files data and model; the program is its first word.
	Command func(data, model string) ([]string, error)
	Dir     string // that it is run in
	URL     string // of the server
	CPUs    []int  // that it is pinned to; none: it is not
	// Open reads the model that was trained, and Swap has the server serve it. nil: the command
	// swaps it by itself, and what the new model answers is not known here.
	Open func(path string) (protocol.Model, error)
	Swap func(ctx context.Context, path string) error
	// Serving is told of the swap.
	Serving *corpus.Serving
	// Trained is told what came of each training.
	Trained func(monitor.Trained)
	// Redact takes the secrets out of a text; nil: there are none.
	Redact func(string) string
}

// Trainer trains one model at a time.
type Trainer struct {
	Config
	ctx  context.Context // of the training
	stop context.CancelFunc
	zero time.Time
}

// New returns a trainer, which the caller stops.
func New(cfg Config) *Trainer {
	ctx, stop := context.WithCancel(context.Background())
	return &Trainer{Config: cfg, ctx: ctx, stop: stop}
}

// Start says when the load begins, which times are counted from. It comes before any Train.
func (t *Trainer) Start(zero time.Time) { t.zero = zero }

// Train begins a training, and does not wait. Nothing of it is left when Trained is told; calls do
// not overlap: one follows on that.
func (t *Trainer) Train(job monitor.Job) {
	go func() { t.Trained(t.train(job)) }()
}

// Stop ends the training that is under way, if there is one, and does not wait either. A swap that
// has begun is completed. Later trainings come to nothing.
func (t *Trainer) Stop() { t.stop() }

func (t *Trainer) since() time.Duration { return time.Since(t.zero) }

// train carries out a job.
func (t *Trainer) train(job monitor.Job) (out monitor.Trained) {
	out.Reason, out.At, out.Rows = job.Reason, job.At, len(job.Rows)
	if t.ctx.Err() != nil {
		return out
	}
	out.Began = t.since()
	dir, err := local.WorkFolder()
	if err == nil {
		defer func() {
			if err := os.RemoveAll(dir); err != nil && out.Failed == "" {
				out.Failed = err.Error()
			}
		}()
		err = t.inDir(dir, job, &out)
	}
	if err != nil {
		out.Failed = err.Error()
	}
	if t.Redact != nil {
		out.Failed = t.Redact(out.Failed)
	}
	return out
}

// inDir trains and swaps with files in a folder. Its error says why the model that was there is
// served on.
func (t *Trainer) inDir(dir string, job monitor.Job, out *monitor.Trained) error {
	data, model := filepath.Join(dir, dataFile), filepath.Join(dir, modelFile)
	if err := writeRows(data, t.Schema, job.Rows); err != nil {
		return err
	}
	if t.Swap == nil { // the command may do it at any time
		t.Serving.Begin(out.Began, protocol.Model{})
	}
	ended, err := t.run(data, model, job.Reason, out)
	switch {
	case err != nil || !ended:
		if t.Swap == nil {
			t.Serving.Refuse()
		}
		return err
	case t.Swap == nil:
		out.Swapped = out.Trained
		t.Serving.Done(out.Swapped)
		out.Reference = reference(t.Schema, job.Rows, nil)
		return nil
	}
	return t.swap(model, job.Rows, out)
}

// run runs the command. It did not end by itself where Stop ended it.
func (t *Trainer) run(data, model, reason string, out *monitor.Trained) (ended bool, err error) {
	command, err := t.Command(data, model)
	if err != nil {
		return false, err
	}
	// All that it starts is counted and ends with it; where the host has no cgroups, its process group.
	group, _ := local.NewLimited(targets.Limits{})
	defer func() { err = errors.Join(err, group.Close()) }()
	process, err := local.Start(local.Command{
		Path: command[0], Args: command, Dir: t.Dir, CPUs: t.CPUs, Cgroup: group,
		Env: append(os.Environ(), variableData+"="+data, variableModel+"="+model, variableURL+"="+t.URL, variableReason+"="+reason),
	})
	if err != nil {
		return false, err
	}
	select {
	case <-process.Done():
		ended = true
	case <-t.ctx.Done():
		process.Stop(context.Background(), local.Grace)
	}
	out.CPU = process.CPUTime()
	if group != nil {
		if used, err := group.Spent(); err == nil {
			out.CPU = used.CPU
		}
	}
	if !ended {
		return false, nil
	}
	out.Trained = t.since()
	if code, signal := process.Status(); code != 0 || signal != 0 {
		return true, fmt.Errorf("the training %w", process.Ended())
	}
	return true, nil
}

// swap has the server serve the model in a file.
func (t *Trainer) swap(path string, rows []monitor.Row, out *monitor.Trained) error {
	model, err := t.Open(path)
	if err != nil {
		return fmt.Errorf("the model that was trained: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), swapTimeout)
	defer cancel()
	t.Serving.Begin(t.since(), model)
	err = t.Swap(ctx, path)
	if _, refused := errors.AsType[*RefusedError](err); refused {
		t.Serving.Refuse()
	}
	if err != nil { // which model answers from then on is not known
		return fmt.Errorf("swap the model: %w", err)
	}
	out.Swapped = t.since()
	t.Serving.Done(out.Swapped)
	out.Reference = reference(t.Schema, rows, model.Answer)
	return nil
}

// reference is what the detectors compare with: the examples that the model was trained on, with
// what it answers to them; nil: that is not known.
func reference(schema generators.Schema, rows []monitor.Row, answer func([]float32) generators.Answer) monitor.Reference {
	sample := drift.NewSample(schema)
	for _, row := range rows {
		var a generators.Answer
		if answer != nil {
			a = answer(row.Features)
		}
		sample.Add(row.Features, a)
		runtime.Gosched() // the sending may have only this processor
	}
	profile, err := drift.NewProfile(sample)
	if err != nil {
		return monitor.Reference{Why: "the examples of the last training are no reference: " + strings.TrimPrefix(err.Error(), "reference data: ")}
	}
	if answer == nil {
		profile.Columns = profile.Columns[:len(schema.Features)]
	}
	return monitor.Reference{Profile: profile}
}
