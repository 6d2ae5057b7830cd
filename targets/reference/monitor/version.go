package monitor

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/generators/predictions"
	"servebench/targets/protocol"
)

// version is what is known of one version of a model.
type version struct {
	number  uint32 // from 1 on
	model   protocol.Model
	label   []byte // model and version, in a line of the log
	columns predictions.Columns
	why     string // there is no reference; "": there is one

	// The goroutine of watch has these for itself.
	window int
	sample *drift.Sample
	// seen are the rows of the window: one that is sent again under its id tells nothing new.
	seen   map[uint64]bool
	since  int // rows since the last look
	looked time.Time

	// Monitor.mu is held for these.
	rows, unseen, outcomes, expired int64
	accuracy                        *drift.Accuracy
	detectors                       []detector
}

// detector is one of drift.Kinds at work.
type detector struct {
	name      string
	window    drift.WindowDetector // nil: it is of a stream, or has no reference
	stream    drift.StreamDetector
	last      drift.Result
	alarms    int64
	lastAlarm time.Time
}

// newVersion prepares the detectors. Each gets its share of drift.Alpha, so that all together raise
// a false alarm for no more than that share of the versions, however long they are served.
func newVersion(model protocol.Model, profile *drift.Profile, noReference error, config Config) *version {
	v := &version{
		model: model, columns: predictions.NewColumns(model.Schema.Features, config.Sensitive),
		window: config.Window, sample: drift.NewSample(model.Schema), seen: map[uint64]bool{},
		accuracy: drift.NewAccuracy(config.Window),
	}
	v.label = predictions.AppendText([]byte(`"model":`), model.Name)
	v.label = predictions.AppendText(append(v.label, `,"version":`...), model.Version)
	if noReference != nil {
		v.why = noReference.Error()
	}
	for _, kind := range drift.Kinds() {
		d := detector{name: kind.Name, last: drift.Result{State: drift.TooFew}}
		alpha := drift.Alpha / float64(len(drift.Kinds()))
		switch {
		case kind.Stream != nil:
			d.stream = kind.Stream(alpha)
		case v.why == "":
			d.window = kind.Window(profile, alpha)
		}
		v.detectors = append(v.detectors, d)
	}
	return v
}

func (v *version) is(model, version string) bool {
	return v.model.Name == model && v.model.Version == version
}

// isClassifier reports whether the model says classes.
func (v *version) isClassifier() bool { return len(v.model.Schema.Classes) > 0 }

// said is what the model says of a row: the number of a class, or a value.
func (v *version) said(scores []float32) float32 {
	if v.isClassifier() {
		return float32(generators.MostLikely(scores))
	}
	return scores[0]
}

// text is that as it is logged.
func (v *version) text(said float32) string {
	if v.isClassifier() {
		return v.model.Schema.Classes[int(said)]
	}
	return strconv.FormatFloat(float64(said), 'g', -1, 32)
}

// leastWindow is how long a window is at the least: a look takes some milliseconds.
const leastWindow = 10 * time.Second

// compare looks at a row for drift. At the end of a window it returns what the detectors found, in
// their order. Of a window the first drift.Most rows are compared.
func (v *version) compare(key uint64, at time.Time, features, scores []float32) []drift.Result {
	if v.why != "" {
		return nil
	}
	if v.since++; v.since == 1 && v.looked.IsZero() {
		v.looked = at
	}
	if v.sample.Len() < drift.Most && (key == 0 || !v.seen[key]) {
		if key != 0 {
			v.seen[key] = true
		}
		v.sample.Add(features, v.answer(scores))
	}
	if v.since < v.window || at.Sub(v.looked) < leastWindow {
		return nil
	}
	v.since, v.looked = 0, at
	results := make([]drift.Result, len(v.detectors))
	for i := range v.detectors {
		if w := v.detectors[i].window; w != nil { // which never changes
			results[i] = w.Look(v.sample)
		}
	}
	if v.sample.Len() >= drift.LeastRows {
		v.sample.Reset()
		clear(v.seen)
	}
	return results
}

func (v *version) answer(scores []float32) generators.Answer {
	if v.isClassifier() {
		return generators.Probable(scores)
	}
	return generators.Answer{Kind: generators.Tensors, Tensors: []generators.Tensor{generators.Float32s("", nil, scores)}}
}

// found books what the detectors of windows found.
func (v *version) found(results []drift.Result, at time.Time) {
	for i := range v.detectors {
		if d := &v.detectors[i]; d.window != nil {
			d.found(results[i], at)
		}
	}
}

func (d *detector) found(r drift.Result, at time.Time) {
	if d.last = r; r.State == drift.Drift {
		d.alarms++
		d.lastAlarm = at
	}
}

// learn takes an outcome: whether what was said was right. A regression's is neither.
func (v *version) learn(right bool, at time.Time) {
	v.accuracy.Add(0, right)
	for i := range v.detectors {
		if d := &v.detectors[i]; d.stream != nil {
			d.found(d.stream.Add(!right), at)
		}
	}
}

// readOutcome reads an outcome: a class by its name or number, or the value of a regression.
func (v *version) readOutcome(value any) (text string, said float32, err error) {
	classes := v.model.Schema.Classes
	switch value := value.(type) {
	case string:
		if i := slices.Index(classes, value); i >= 0 {
			return value, float32(i), nil
		}
		if v.isClassifier() {
			return "", 0, fmt.Errorf("%.60q is no class of model %q, want one of %q", value, v.model.Name, classes)
		}
	case float64:
		if !v.isClassifier() {
			return strconv.FormatFloat(value, 'g', -1, 64), float32(value), nil
		}
		if i := int(value); float64(i) == value && i >= 0 && i < len(classes) {
			return classes[i], float32(i), nil
		}
		return "", 0, fmt.Errorf("%g is no class of model %q, want 0 to %d, or one of %q", value, v.model.Name, len(classes)-1, classes)
	}
	if v.isClassifier() {
		return "", 0, fmt.Errorf("want a class of model %q, one of %q", v.model.Name, classes)
	}
	return "", 0, errors.New("want a number, which model " + strconv.Quote(v.model.Name) + " predicts")
}
