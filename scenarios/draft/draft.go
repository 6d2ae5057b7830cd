// Package draft writes the first scenario for a server that nobody has measured yet. It
// starts the artifact, an image or a command, on the first target that can run here,
// finds its port and a path that shows its readiness, asks it what it speaks by package
// probe, tries the other targets, and writes a scenario for those that ran it. It stands above probe,
// which does the same for a server that runs.
package draft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/reports/format"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/probe"
	"servebench/scenarios/secret"
	"servebench/scenarios/trial"
	"servebench/targets"
	"servebench/targets/image"
)

// File is the name of the scenario.
const File = "servebench.yaml"

// Options are what the user says of the artifact.
type Options struct {
	Catalogue scenarios.Catalogue
	// Image and Build are as in a scenario, and Command is a command line, whose words are as
	// there; their paths, and those of Files, are relative to the working folder.
	Image, Build, Command string
	Files, Env            []string
	Port                  int      // that it listens on; 0: not known
	Targets               []string // of the scenario; nil: all that suit
	// Dir is the folder of the scenario.
	Dir          string
	Protocol     string // of the scenario; "": the first that gives an answer
	Probe        probe.Options
	StartTimeout time.Duration
	Say          func(string) // is told what happens
}

// Draft is a scenario, and what was seen of the server.
type Draft struct {
	Scenario []byte
	Data     []byte // what is to be in probe.DataFile beside it; nil: nothing
	Choice   probe.Choice
	Targets  []string
	// Interrupted says that targets were left out as the user did not wait for them.
	Interrupted bool
	// Problem is why the server gives no right answer to the request of the scenario, which the
	// user has to write; nil: it does.
	Problem error
	// Requests are those of a round, and Trial is how long a round takes on the first target.
	Requests int
	Trial    time.Duration
	// OwnRate is the rate per second that the first target bears, and which Requests and Trial
	// are of, where the scenario has a lower one for the others; 0: it has that one.
	OwnRate float64

	on      string
	ready   string // path; "": none answers with 2xx
	fixed   bool   // the port is always the same
	usual   bool   // the scenario's readiness is right without it
	seen    *server
	tried   []trying // the starts on the targets of the scenario
	load    string   // what a run sends, and how long it takes
	probed  *probe.Server
	omitted []omission
	refused error // what the server said to a request that would suit better; nil: there is none
}

// Make starts the artifact, looks at it and ends it. Its error is a decode.Faults for a
// mistake in the options, and a trial.NotAvailableError where no target can run here, or the
// server did not get ready. Once ctx is done it ends soon, with a Draft for the targets that
// were tried by then, if there are any.
func Make(ctx context.Context, o Options) (*Draft, error) {
	d, m := &Draft{}, &maker{Options: o}
	if err := m.read(ctx, d); err != nil {
		return nil, err
	}
	images, err := image.Use(ctx)
	if err != nil {
		return nil, err
	}
	defer images.Close()
	_, missing := os.Stat(m.folder)
	err = os.MkdirAll(m.folder, 0o755) // a command runs in there
	if err == nil {
		err = writable(m.folder)
	}
	if err != nil {
		return nil, fmt.Errorf("write a scenario: %w", err)
	}
	if err := m.make(ctx, d); err != nil {
		if missing != nil {
			_ = os.Remove(m.folder)
		}
		return nil, m.scenario.Secrets.Error(err)
	}
	return d, nil
}

// writable reports why no file can be made in a folder.
func writable(folder string) error {
	file, err := os.CreateTemp(folder, ".servebench-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// maker is the making of one draft.
type maker struct {
	Options
	folder   string              // absolute, of the scenario, in which the server of a command runs
	scenario *scenarios.Scenario // which holds the workload alone
	command  []string            // as the scenario has it
	chosen   bool                // Files are not as the user named them
	kinds    []targets.Kind      // that can run here
}

func (m *maker) make(ctx context.Context, d *Draft) error {
	if m.chosen && len(m.Files) > 0 {
		var names []string
		for _, file := range m.Files {
			names = append(names, m.relative(file))
		}
		m.Say("taking along " + strings.Join(names, ", ") + "; --files names others")
	}
	s := m.scenario
	w, err := trial.OwnServer(ctx, s, targets.Workload{
		Command: s.Workload.Command, Dir: s.Dir, Image: s.Workload.Image, Build: s.Workload.Build,
		Files: s.Workload.Files, Port: s.Workload.Port, Env: s.Workload.Env, StartTimeout: m.StartTimeout,
		Limits: targets.Limits{CPUs: s.Limits.CPUs},
	}, func(format string, args ...any) { m.Say(fmt.Sprintf(format, args...)) })
	if err != nil {
		return err
	}
	first := &start{kind: m.kinds[0], w: w, limit: m.StartTimeout, say: m.Say}
	if w.Port == 0 {
		if first.elsewhere, err = m.choosePort(ctx, &first.w); err != nil {
			return err
		}
	}
	m.Say(fmt.Sprintf("starting the server on %s", first.kind.Name))
	if d.seen, err = first.run(ctx); err != nil {
		return unavailable(ctx, err)
	}
	d.on = first.kind.Name
	m.Say(fmt.Sprintf("started on %s: ready after %s; asking it what it speaks", d.on, format.Duration(d.seen.took)))
	err = m.ask(ctx, d)
	if ended := d.seen.ended(); ended != nil && ctx.Err() == nil {
		err = unavailable(ctx, fmt.Errorf("the server did not stay: soon after its start on %s %w", d.on, ended))
	}
	if err = errors.Join(err, d.seen.close()); err != nil {
		return err
	}
	w.Port = d.seen.port
	if d.seen.port == first.w.Port && first.w.Port != s.Workload.Port && first.elsewhere == settleTime {
		w.Port = 0 // it takes any
	}
	d.fixed = w.Port != 0
	if err := m.suit(ctx, d, w); err != nil {
		return err
	}
	return m.write(d, w)
}

// unavailable is the error of a server that did not get ready.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &trial.NotAvailableError{Err: err}
}

// read reads the options as a scenario's settings, and finds the targets that can run here.
func (m *maker) read(ctx context.Context, d *Draft) error {
	var err error
	if m.folder, err = filepath.Abs(m.Dir); err != nil {
		return err
	}
	faults := []error{m.readCommand()}
	for _, pair := range m.Env {
		name, value, _ := strings.Cut(pair, "=")
		if secret.Named(name) && !secret.OnlyVariables(value) {
			faults = append(faults, fmt.Errorf("--env %s: the scenario would hold a secret; want a variable of the environment in its place, as in '%s=${%s}'", name, name, name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return decode.Faults{{Problem: err.Error()}}
	}
	var names []string
	for _, kind := range m.Catalogue.Targets {
		switch asked := slices.Contains(m.Targets, kind.Name); {
		case kind.Running && asked:
			return decode.Faults{{Problem: fmt.Sprintf("--target %s: a server there runs already, and init starts one; servebench probe writes a scenario for it", kind.Name)}}
		case kind.Running || m.Targets != nil && !asked:
			continue
		}
		names = append(names, kind.Name)
		switch err := m.check(ctx, kind); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			why, fix := err.Error(), ""
			if u, ok := errors.AsType[*targets.Unavailable](err); ok && err == error(u) {
				why, fix = u.Why, u.Fix
			}
			d.omit(kind.Name, why, fix)
		default:
			m.kinds = append(m.kinds, kind)
		}
	}
	base := "name: draft\ntargets: [" + strings.Join(names, ", ") + "]\nprotocol: template\ntemplate: {path: /}\ncold_starts: 1\nworkload: {}\n"
	m.scenario, err = scenarios.Parse(filepath.Join(m.folder, File), []byte(base), m.Catalogue, m.settings()...)
	if err == nil && len(m.kinds) == 0 {
		err = &trial.NotAvailableError{Err: fmt.Errorf("no target can run here:\n%s", strings.Join(d.without(), "\n"))}
	}
	return err
}

// settings are the options as they would stand in a scenario.
func (m *maker) settings() (set []decode.Setting) {
	add := func(key, flag string, given bool, value any) {
		if text, err := json.Marshal(value); err == nil && given {
			set = append(set, decode.Setting{Key: "workload." + key, Value: string(text), Flag: flag})
		}
	}
	if m.Targets != nil { // the names of unknown ones are among the scenario's faults
		set = append(set, decode.Setting{Key: "targets", Value: "[" + strings.Join(m.Targets, ", ") + "]", Flag: "--target " + strings.Join(m.Targets, ",")})
	}
	add("image", "--image "+m.Image, m.Image != "", m.Image)
	add("build", "--build "+m.Build, m.Build != "", m.Build)
	add("command", "--command", len(m.command) > 0, m.command)
	add("files", "--files", len(m.Files) > 0, m.Files)
	add("env", "--env", len(m.Env) > 0, m.Env)
	add("port", fmt.Sprintf("--port %d", m.Port), m.Port != 0, m.Port)
	return set
}

// literal writes a text in which $ stands for itself.
func literal(text string) string { return strings.ReplaceAll(text, "$", "$$") }

// choosePort sets the port that the server is told: the one that its image exposes, else a
// free one. It returns how long another port is no answer.
func (m *maker) choosePort(ctx context.Context, w *targets.Workload) (elsewhere time.Duration, err error) {
	if w.Image != "" {
		m.Say("opening the image")
		img, err := image.Open(ctx, *w)
		if err == nil {
			_, err = img.Folder(ctx)
		}
		if err != nil {
			return 0, err
		}
		if w.Port = img.Port(*w); w.Port != 0 {
			return exposedTime, nil
		}
	}
	w.Port, err = targets.FreePort(targets.Loopback)
	return settleTime, err
}

// WriteText says what was seen of the server.
func (d *Draft) WriteText(w io.Writer) error {
	request := fmt.Sprintf("%s, answered in %s", d.Choice, format.Duration(d.tried[0].answer))
	switch {
	case d.Problem != nil:
		request = fmt.Sprintf("%s, %s", d.Choice, d.Problem)
	case d.refused != nil:
		request += fmt.Sprintf(", since %s; write one that the server takes into the scenario", d.refused)
	}
	var b strings.Builder
	add := func(name string, lines ...string) {
		for _, line := range lines {
			fmt.Fprintf(&b, "%-9s %s\n", name, line)
			name = ""
		}
	}
	add("started", "on "+d.on+": "+d.sight())
	if spoken := d.probed.Spoken(); spoken != "" {
		add("asked", spoken)
	}
	add("request", request)
	if d.Choice.WithoutModel() {
		add("WARNING", d.Choice.Remark()...)
	} else {
		add("", d.Choice.Remark()...)
	}
	add("targets", strings.Join(d.Targets, ", "))
	add("load", d.load)
	add("left out", d.without()...)
	_, err := io.WriteString(w, b.String())
	return err
}
