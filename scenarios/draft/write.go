package draft

import (
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
	// What an emulated guest takes for what takes a second here, and the time until it runs.
	emulationFactor = 30
	guestTime       = 30 * time.Second
	// usualStart is the default of workload.start_timeout.
	usualStart = time.Minute
	busy       = 0.3 // share of the time that the load may keep one server busy
	mostRate   = 50  // per second
)

// ask asks the server what it speaks, and finds the request and the readiness of the
// scenario.
func (m *maker) ask(ctx context.Context, d *Draft) (err error) {
	if d.probed, err = probe.Run(ctx, d.seen.url, m.Probe); err != nil {
		return err
	}
	if !d.seen.http2 {
		paths := readyPaths()
		if ready(ctx, d.seen.url, "/servebench-asks-for-what-is-not-there", false) { // it takes any path
			paths = []string{"/"}
		}
		for _, path := range paths {
			if ready(ctx, d.seen.url, path, false) {
				d.ready = path
				break
			}
		}
	}
	if err := m.choose(ctx, d); err != nil {
		return err
	}
	if f := d.Choice.Found; f != nil {
		d.usual = f.Protocol.AnyAnswer || ready(ctx, d.seen.url, f.Protocol.Ready, f.Protocol.HTTP2)
	} else {
		d.usual = d.Choice.Route.Path == d.ready
	}
	if d.problem != nil {
		return nil
	}
	var times []time.Duration
	for began := time.Now(); len(times) < timed && time.Since(began) < timeMost && ctx.Err() == nil; {
		took, err := d.probed.Time(ctx, d.Choice)
		if err != nil {
			d.problem = err
			return nil
		}
		times = append(times, took)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	slices.Sort(times)
	d.answer = times[len(times)/2]
	return nil
}

// ready reports whether a path answers with 2xx.
func ready(ctx context.Context, url, path string, http2 bool) bool {
	return check(ctx, url, path, http2, false) == nil
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
		d.problem = errors.New("not sent, as the server does not say what the model takes")
	}
	if err == nil && choice.Route == nil {
		return nil
	}
	if err == nil {
		_, d.problem = d.probed.Time(ctx, choice)
		for i := 0; i < min(len(d.probed.Routes), tries) && d.problem != nil && m.Probe.Path == ""; i++ {
			route := probe.Choice{Route: &d.probed.Routes[i]}
			if _, err := d.probed.Time(ctx, route); err == nil {
				d.Choice, d.problem = route, nil
			}
		}
		if d.problem == nil || m.Probe.Path != "" {
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
		if path != "" && ready(ctx, d.seen.url, path, false) {
			if d.problem != nil {
				d.refused = fmt.Errorf("%s was %w", choice, d.problem)
			}
			d.Choice, d.problem = probe.Choice{Route: &probe.Route{Method: "GET", Path: path}}, nil
			return nil
		}
	}
	if err != nil {
		d.Choice, d.problem = probe.Choice{Route: &probe.Route{Method: "GET", Path: "/"}}, errors.New("not answered with success")
	}
	return nil
}

// write writes the scenario.
func (m *maker) write(ctx context.Context, d *Draft, w targets.Workload) error {
	if f := d.Choice.Found; f != nil && f.Protocol.HTTP2 {
		m.omit(d, fmt.Sprintf("protocol %s is over HTTP/2, and the target's servers are asked over HTTP/1.1", f.Protocol.Name), "", func(k targets.Kind) bool { return k.HTTP1 })
	}
	slow := false
	for _, kind := range m.kinds {
		d.Targets = append(d.Targets, kind.Name)
		slow = slow || emulated(ctx, kind)
	}
	p := probe.Place{Targets: d.Targets, Workload: m.workload(d, w), Comments: map[string][]string{}, Rate: mostRate}
	p.Head = []string{
		"Made by servebench init, which started the server once on " + d.on + ":", d.sight() + ".",
		"Put your own requests and data in the place of those below, and the load that you expect;",
		"servebench schema scenario -o text says what every key means.",
	}
	if lines := d.without(); lines != nil {
		p.Comments["$.targets"] = append([]string{"Left out:"}, lines...)
	}
	startTimeout, took := 10*d.seen.took+10*time.Second, d.answer
	if slow {
		startTimeout, took = emulationFactor*d.seen.took+guestTime, emulationFactor*took
		p.Comments["$.load"] = []string{fmt.Sprintf("Without KVM, a guest is emulated, and takes some %d times as long as the answers seen here.", emulationFactor)}
	}
	if startTimeout > usualStart {
		text := decode.FormatDuration(startTimeout.Truncate(10*time.Second) + 10*time.Second)
		p.Workload = append(p.Workload, yaml.MapItem{Key: "start_timeout", Value: text})
	}
	if took > 0 {
		p.Rate = roundRate(busy / took.Seconds())
	}
	const write = "Write here one that the server takes: method, path, headers and body."
	switch {
	case d.refused != nil:
		p.Comments["$.template"] = []string{format.Plain(d.refused.Error()) + ", so this is another request.", write}
	case d.problem != nil && d.Choice.Route != nil:
		p.Comments["$.template"] = []string{"This request was " + format.Plain(d.problem.Error()) + ".", write}
	}
	var err error
	d.Scenario, d.Data, err = d.probed.Scenario(d.Choice, p)
	return err
}

// roundRate is a rate per second of one digit, from 1 to mostRate.
func roundRate(rate float64) float64 {
	rate = min(max(rate, 1), mostRate)
	digit := math.Pow(10, math.Floor(math.Log10(rate)))
	return math.Floor(rate/digit) * digit
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
