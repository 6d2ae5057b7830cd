package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"servebench/reports/record"
	"servebench/scenarios/decode"
)

// Retrain is when the model is trained again while load is sent, and how.
type Retrain struct {
	// When it is trained: on_alarm, at the first alarm of a detector of monitor since the last
	// training; every and a time, such as every 60s, counted from the start of each phase; or
	// never. There is one training at a time.
	On string `key:"on,required" format:"policy"`
	// How many examples it is trained on: the latest whose outcomes are known. After an alarm the
	// training begins when so many outcomes have become known, so that it learns what is new; every
	// period takes what there is, from 100 on.
	Rows int `key:"rows" default:"5000" min:"100" max:"1000000"`
	// The program that trains your own server's model and makes the server use it; the
	// reference server's model is trained by refserver train and swapped. It runs in the folder of
	// the scenario file, on the CPUs of the server, with SERVEBENCH_DATA in its environment, the path
	// of the examples (CSV with a header: the features, and label), SERVEBENCH_MODEL, a path for
	// the model that need not be used, SERVEBENCH_URL, of the server, and SERVEBENCH_REASON. Once
	// it ends with status 0 the new model is taken to be served.
	Command []string `key:"command" default:"none" format:"argument" least:"1" label:"list of texts" want:"a list, such as [python3, retrain.py]"`
}

// The policies of Retrain.On, beside every and a time.
const (
	retrainOnAlarm = "on_alarm"
	retrainNever   = record.RetrainNever
	retrainEvery   = "every "
)

// Never reports whether the model is only watched.
func (r *Retrain) Never() bool { return r == nil || r.On == retrainNever }

// Record is the Retrain as the record has it; nil of nil.
func (r *Retrain) Record() *record.Retrain {
	if r == nil {
		return nil
	}
	out := &record.Retrain{Rows: r.Rows, Command: r.Command}
	switch period, is := strings.CutPrefix(r.On, retrainEvery); {
	case is:
		out.Every, _ = time.ParseDuration(period) // as it was written by FormatDuration
	case r.On == retrainOnAlarm:
		out.On = record.RetrainOnAlarm
	default:
		out.On = record.RetrainNever
	}
	return out
}

// shortestPeriod is the least time between two trainings that is taken for no slip.
const shortestPeriod = time.Second

// policy is when a model is trained.
func policy(decode.Tag) decode.Scalar {
	const want = "on_alarm, never, or every and a time of at least 1s, such as every 60s"
	span := decode.Duration(false, "s")
	s := decode.Text(want, nil)
	s.Label, s.HandedOn = "on_alarm, every 60s or never", false
	s.Schema = jsonschema.Schema{Type: "string", Pattern: `^(on_alarm|never|every\s+\S.*)$`}
	s.Read = func(n *decode.Node) (any, *decode.Flaw) {
		words := strings.Fields(n.Text)
		switch {
		case n.Text == retrainOnAlarm, n.Text == retrainNever:
			return n.Text, nil
		case len(words) < 2 || words[0] != strings.TrimSpace(retrainEvery):
			return "", &decode.Flaw{Problem: n.String() + " is no policy"}
		}
		period := *n
		period.Text = strings.Join(words[1:], " ")
		v, flaw := span.Read(&period)
		if flaw == nil && v.(time.Duration) < shortestPeriod {
			flaw = &decode.Flaw{Problem: period.Text + " is shorter than 1s"}
		}
		if flaw != nil {
			return "", &decode.Flaw{Problem: flaw.Problem}
		}
		return retrainEvery + decode.FormatDuration(v.(time.Duration)), nil
	}
	s.Write = func(v any) any { return v }
	return s
}

// retrain holds a training to what it is asked for by, and to a model that can be trained and
// swapped.
func (c check) retrain() {
	r := c.s.Retrain
	if r == nil || !c.Sound("retrain.on", "retrain.rows", "retrain.command") {
		return
	}
	w := c.s.Workload
	c.refuse("retrain", c.s.Monitor == nil && !c.Given("monitor"), "the answers are not watched, so that no outcomes are known", "monitor beside it")
	if r.Never() {
		return
	}
	if m := c.s.Monitor; m != nil {
		c.refuse("retrain.on", r.On == retrainOnAlarm && m.Detectors == nil && c.Sound("monitor"), "no detector raises an alarm", "monitor.detectors, such as [adwin], or every 60s")
	}
	if !c.Sound("workload", "targets") || r.Command != nil {
		return
	}
	if w.Server != ReferenceServer {
		c.refuse("retrain.command", true, "missing", "the program that trains the model of your server, such as [python3, retrain.py]")
		return
	}
	c.refuse("retrain", slices.ContainsFunc(c.cat.Models, func(m Model) bool { return m.Name == w.Model && m.Untrained }),
		"model "+w.Model+" is not trained", "model: credit, or a model_file")
	c.refuse("retrain", w.Restart || len(c.s.Faults) > 0, "a server that starts again has the model that it began with", "neither workload.restart nor faults")
	for i, name := range c.s.Targets {
		c.refuse(decode.Element("targets", i), targetKind(c.cat, name).Scales, name+" runs several replicas, and a model is swapped in one of them", "a target with a single one beside retrain, such as physical or container")
	}
}
