package tensorboard

import (
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"

	"google.golang.org/protobuf/encoding/protowire"
)

// hparam is what a run was made with, for the table in which TensorBoard compares runs: a text or
// a number. Every event file has the same ones, since TensorBoard takes their list from one.
type hparam struct {
	name   string
	text   string
	number float64
	isText bool
}

func hparams(a *analysis.Analysis, r sample.Row) []hparam {
	run, phase, target := a.Run, a.Run.Phase(r.Phase), a.Run.Target(r.Target)
	text := func(name, v string) hparam { return hparam{name: name, text: v, isText: true} }
	number := func(name string, v float64) hparam { return hparam{name: name, number: v} }
	return []hparam{
		text("scenario", run.Scenario.Name), text("target", r.Target), text("phase", r.Phase),
		text("validity", string(a.Validity)), text("verdict", string(a.Verdict)),
		text("server", run.Scenario.Server), text("model", phase.Model), text("arrivals", phase.Arrivals),
		number("rate_rps", phase.Rate), number("concurrency", float64(phase.Concurrency)),
		number("duration_s", phase.Duration.Seconds()), number("rounds", float64(run.Scenario.Rounds)),
		number("batch", float64(run.RequestsTo(r.Target).Batch)), number("cpus", target.CPUs),
		text("seed", seedText(run.Scenario.Seed)), text("servebench", run.Version),
	}
}

// known says that a value is one: no rate, concurrency or size is 0.
func (p hparam) known() bool { return p.text != "" || p.number != 0 }

// keyFigures are the columns of that table, of those that runs have: the others are scalars all
// the same.
func keyFigures() []string {
	return []string{"p50_ms", "p99_ms", "p99_ms.low", "p99_ms.high", "n", "goodput_rps", "ok_rps", "error_rate", "agreement", "accuracy", "cpu_per_answer_ms", "memory_bytes", "cold_start_p50_ms"}
}

const hparamsPlugin = "hparams"

// writeHParams writes what the run was made with. The messages are those of hparams/api.proto and
// hparams/plugin_data.proto, https://github.com/tensorflow/tensorboard/tree/2.21.0/tensorboard/plugins/hparams.
func writeHParams(f *file, a *analysis.Analysis, r sample.Row, end time.Time) {
	all := hparams(a, r)
	started := a.Run.Created
	f.summary(started, 0,
		pluginData("_hparams_/experiment", 2, experiment(all)),
		pluginData("_hparams_/session_start_info", 3, sessionStart(all, started)),
		pluginData("_hparams_/session_end_info", 4, sessionEnd(a, end)))
}

func pluginData(tag string, number protowire.Number, content []byte) value {
	return plugin(tag, hparamsPlugin, field(nil, number, content))
}

// The types of an HParamInfo.
const (
	typeString  = 1
	typeFloat64 = 3
)

func experiment(all []hparam) []byte {
	var b []byte
	for _, p := range all {
		kind := uint64(typeFloat64)
		if p.isText {
			kind = typeString
		}
		b = field(b, 4, varint(field(nil, 1, []byte(p.name)), 4, kind))
	}
	for _, name := range keyFigures() {
		b = field(b, 5, field(field(nil, 1, field(nil, 2, []byte(figureTag(name)))), 3, []byte(name)))
	}
	return b
}

func sessionStart(all []hparam, at time.Time) []byte {
	var b []byte
	known := slices.DeleteFunc(slices.Clone(all), func(p hparam) bool { return !p.known() })
	slices.SortFunc(known, func(a, b hparam) int { return strings.Compare(a.name, b.name) })
	for _, p := range known {
		v := double(nil, 2, p.number)
		if p.isText {
			v = field(nil, 3, []byte(format.Plain(p.text)))
		}
		b = field(b, 1, field(field(nil, 1, []byte(p.name)), 2, v))
	}
	return double(b, 5, float64(at.UnixNano())/1e9)
}

// The statuses of a SessionEndInfo.
const (
	statusSuccess = 1
	statusFailure = 2
)

func sessionEnd(a *analysis.Analysis, at time.Time) []byte {
	status := uint64(statusSuccess)
	if a.Validity == record.Invalid || a.Run.Finished.IsZero() {
		status = statusFailure
	}
	return double(varint(nil, 1, status), 2, float64(at.UnixNano())/1e9)
}
