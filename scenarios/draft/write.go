package draft

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/reports/format"
	"servebench/scenarios/decode"
	"servebench/scenarios/probe"
	"servebench/targets"

	"github.com/goccy/go-yaml"
)

// readyPaths are those on which servers say that they are ready, or at least live.
func readyPaths() []string {
	return []string{"/v2/health/ready", "/ready", "/readyz", "/health", "/healthz", "/ping", "/live", "/"}
}

const (
	timed    = 20              // requests whose times are measured
	timeMost = 5 * time.Second // that they may take
	// usualStart is the default of workload.start_timeout.
	usualStart = time.Minute
	busy       = 0.3             // share of the time that the load may keep one server busy
	mostRate   = 100             // per second
	trialTime  = 2 * time.Second // that a trial takes beside its start and its load
)

// ask asks the server what it speaks, and finds the request and the readiness of the
// scenario.
func (m *maker) ask(ctx context.Context, d *Draft) (err error) {
	if d.probed, err = probe.Run(ctx, d.seen.url, m.Probe); err != nil {
		return err
	}
	if !d.seen.http2 {
		paths := readyPaths()
		if check(ctx, d.seen.url, "/servebench-asks-for-what-is-not-there", false, false) == nil { // it takes any path
			paths = []string{"/"}
		}
		for _, path := range paths {
			if check(ctx, d.seen.url, path, false, false) == nil {
				d.ready = path
				break
			}
		}
	}
	if err := m.choose(ctx, d); err != nil {
		return err
	}
	if f := d.Choice.Found; f != nil {
		d.usual = f.Protocol.AnyAnswer || check(ctx, d.seen.url, f.Protocol.Ready, f.Protocol.HTTP2, false) == nil
	} else {
		d.usual = d.Choice.Route.Path == d.ready
	}
	t := trying{target: d.on, took: d.seen.took}
	d.Problem = cmp.Or(d.Problem, t.time(ctx, d.probed, d))
	d.tried = []trying{t}
	return context.Cause(ctx)
}

// choose chooses the request of the scenario: what probe would, of the routes the first that
// is answered with success, else a plain GET.
func (m *maker) choose(ctx context.Context, d *Draft) error {
	const tries = 8
	choice, err := d.probed.Choose(m.Protocol, m.Probe.Model, m.Probe.Path)
	if err != nil && !d.seen.http2 && (m.Protocol != "" || m.Probe.Model != "" || m.Probe.Path != "") {
		return err
	}
	d.Choice = choice
	if choice.WithoutData() {
		d.Problem = errors.New("not sent, as the server does not say what the model takes")
	}
	if err == nil && choice.Route == nil {
		return nil
	}
	if err == nil {
		_, d.Problem = d.probed.Time(ctx, choice)
		for i := 0; i < min(len(d.probed.Routes), tries) && d.Problem != nil && m.Probe.Path == ""; i++ {
			route := probe.Choice{Route: &d.probed.Routes[i]}
			if _, err := d.probed.Time(ctx, route); err == nil {
				d.Choice, d.Problem = route, nil
			}
		}
		if d.Problem == nil || m.Probe.Path != "" {
			return nil
		}
	}
	if d.seen.http2 {
		var whys []error
		for _, kind := range m.Probe.Protocols {
			for _, not := range d.probed.Not {
				if kind.HTTP2 && kind.Name == not.Protocol {
					whys = append(whys, fmt.Errorf("not %s: %w", not.Protocol, not.Why))
				}
			}
		}
		return fmt.Errorf("the server answers HTTP/2 alone, as gRPC servers do, and speaks no protocol that servebench knows: %w", errors.Join(whys...))
	}
	for _, path := range []string{"/", d.ready} {
		if path != "" && check(ctx, d.seen.url, path, false, false) == nil {
			if d.Problem != nil {
				d.refused = fmt.Errorf("%s was %w", choice, d.Problem)
			}
			d.Choice, d.Problem = probe.Choice{Route: &probe.Route{Method: "GET", Path: path}}, nil
			return nil
		}
	}
	if err != nil {
		d.Choice, d.Problem = probe.Choice{Route: &probe.Route{Method: "GET", Path: "/"}}, errors.New("not answered with success")
	}
	return nil
}

// write writes the scenario.
func (m *maker) write(d *Draft, w targets.Workload) error {
	slowest := slices.MaxFunc(d.tried, func(a, b trying) int { return int(a.answer - b.answer) })
	p := probe.Place{Targets: d.Targets, Workload: m.workload(d, w), Comments: map[string][]string{}, Rate: rateFor(slowest.answer)}
	p.Head = []string{
		"Made by servebench init, which started the server on " + strings.Join(d.Targets, ", ") + ":", d.sight() + ".",
		"Put your own requests and data in the place of those below, and the load that you expect;",
		"servebench schema scenario -o text says what every key means.",
	}
	if lines := d.without(); lines != nil {
		p.Comments["$.targets"] = append([]string{"Left out:"}, lines...)
	}
	d.load = describeLoad(p.Rate, d.tried)
	d.alone(p.Rate)
	p.Comments["$.load"] = []string{"The run has " + d.load + "."}
	if slowest.answer > 0 {
		p.Comments["$.load"] = append(p.Comments["$.load"], fmt.Sprintf("An answer took %s on %s, which this rate keeps %s busy.", format.Duration(slowest.answer), slowest.target, format.Percent(p.Rate*slowest.answer.Seconds())))
	}
	latest := slices.MaxFunc(d.tried, func(a, b trying) int { return int(a.took - b.took) })
	if startTimeout := 10*latest.took + 10*time.Second; startTimeout > usualStart {
		text := decode.FormatDuration(startTimeout.Truncate(10*time.Second) + 10*time.Second)
		p.Workload = append(p.Workload, yaml.MapItem{Key: "start_timeout", Value: text})
	}
	const write = "Write here one that the server takes: method, path, headers and body."
	switch {
	case d.refused != nil:
		p.Comments["$.template"] = []string{format.Plain(d.refused.Error()) + ", so this is another request.", write}
	case d.Problem != nil && d.Choice.Route != nil:
		p.Comments["$.template"] = []string{"This request was " + format.Plain(d.Problem.Error()) + ".", write}
	}
	var err error
	d.Scenario, d.Data, err = d.probed.Scenario(d.Choice, p)
	return err
}

// alone sets what a round on the first target is, of a scenario with the rate, where it is run
// by itself at the rate that it bears.
func (d *Draft) alone(rate float64) {
	own := rateFor(d.tried[0].answer)
	if own > rate {
		d.OwnRate = own
	}
	d.Requests = probe.RequestsAt(max(own, rate))
	d.Trial = d.tried[0].trial(rate) - probe.PhaseAt(rate) + probe.PhaseAt(max(own, rate))
}

// describeLoad says what a run sends and how long it takes.
func describeLoad(rate float64, tried []trying) string {
	var total time.Duration
	for _, t := range tried {
		total += probe.Rounds * t.trial(rate)
	}
	return fmt.Sprintf("%s for %s in each of %d rounds: %s requests to each target, in about %s",
		format.Rate(rate), decode.FormatDuration(probe.PhaseAt(rate)), probe.Rounds,
		format.Count(int64(probe.Rounds*probe.RequestsAt(rate))), decode.FormatDuration(total.Round(10*time.Second)))
}

// trial is how long a round takes on the target.
func (t trying) trial(rate float64) time.Duration {
	return t.took + probe.WarmUpAt(rate) + probe.PhaseAt(rate) + trialTime
}

// rateFor is the rate at which answers that take so long keep one server busy for a share of
// the time: of one digit, and mostRate at most.
func rateFor(answer time.Duration) float64 {
	if answer <= 0 {
		return mostRate
	}
	rate := min(busy/answer.Seconds(), mostRate)
	digit := math.Pow(10, math.Floor(math.Log10(rate)))
	return math.Floor(rate/digit+1e-9) * digit
}

// workload is what starts the server, as the scenario has it.
func (m *maker) workload(d *Draft, w targets.Workload) (all yaml.MapSlice) {
	add := func(key string, given bool, value any) {
		if given {
			all = append(all, yaml.MapItem{Key: key, Value: value})
		}
	}
	own := m.scenario.Workload
	add("image", own.Image != "", m.path(own.Image))
	add("build", own.Build != "", m.path(own.Build))
	var command, files, env []any
	for i, word := range m.command {
		if i == 0 && strings.Contains(word, "/") && own.Image == "" {
			command = append(command, m.path(own.Command[0]))
		} else {
			command = append(command, decode.WriteText(word))
		}
	}
	for _, file := range own.Files {
		files = append(files, m.path(file))
	}
	for _, pair := range m.Env {
		env = append(env, decode.WriteText(pair))
	}
	add("command", command != nil, command)
	add("files", files != nil, files)
	add("env", env != nil, env)
	add("port", w.Port != 0, w.Port)
	add("ready", d.ready != "" && !d.usual, d.ready)
	return all
}

// path is that of a file as the scenario has it: relative to the scenario's folder where it
// is in there. What is no absolute path is no file.
func (m *maker) path(file string) any {
	if filepath.IsAbs(file) {
		file = literal(m.relative(file))
	}
	return decode.WriteText(file)
}

// sight says what was seen of the start.
func (d *Draft) sight() string {
	text := fmt.Sprintf("ready after %s on the port in PORT", format.Duration(d.seen.took))
	if d.fixed {
		text = fmt.Sprintf("ready after %s on port %d", format.Duration(d.seen.took), d.seen.port)
	}
	if d.seen.others != nil {
		text += fmt.Sprintf(" (it listens on %s, too: --port chooses)", join(d.seen.others))
	}
	if d.ready != "" {
		text += "; GET " + d.ready + " shows that it is ready"
	}
	return text
}
