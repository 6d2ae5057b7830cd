// Package draft writes the first scenario for a server that nobody has measured yet. It
// starts the artifact, an image or a command, once on the first target that can run here,
// finds its port and a path that shows its readiness, asks it what it speaks by package
// probe, and writes a scenario for every target that can run it. It stands above probe,
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

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/probe"
	"servebench/scenarios/secret"
	"servebench/scenarios/trial"
	"servebench/targets"
	"servebench/targets/image"

	"github.com/mattn/go-shellwords"
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
	Port                  int // that it listens on; 0: not known
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

	on      string
	ready   string // path; "": none answers with 2xx
	fixed   bool   // the port is always the same
	usual   bool   // the scenario's readiness is right without it
	seen    *server
	answer  time.Duration // the median time of an answer; 0: there is none
	probed  *probe.Server
	omitted []omission
	problem error // why the request of the scenario may not be right; nil: it is
}

// omission is a target that the scenario leaves out.
type omission struct {
	target string
	why    error
}

// Make starts the artifact, looks at it and ends it. Its error is a decode.Faults for a
// mistake in the options, and a trial.NotAvailableError where no target can run here, or the
// server did not get ready.
func Make(ctx context.Context, o Options) (*Draft, error) {
	d, m := &Draft{}, &maker{Options: o}
	if err := m.read(ctx, d); err != nil {
		return nil, err
	}
	images, err := image.Use()
	if err != nil {
		return nil, err
	}
	defer images.Close()
	_, missing := os.Stat(m.scenario.Dir)
	if err := os.MkdirAll(m.scenario.Dir, 0o755); err != nil { // a command runs in there
		return nil, err
	}
	if err := m.make(ctx, d); err != nil {
		if missing != nil {
			_ = os.Remove(m.scenario.Dir)
		}
		return nil, m.scenario.Secrets.Error(err)
	}
	return d, nil
}

// maker is the making of one draft.
type maker struct {
	Options
	scenario *scenarios.Scenario // which holds the workload alone
	command  []string            // as the scenario has it
	kinds    []targets.Kind      // that can run here
}

func (m *maker) make(ctx context.Context, d *Draft) error {
	s := m.scenario
	w, err := trial.OwnServer(ctx, s, targets.Workload{
		Command: s.Workload.Command, Dir: s.Dir, Image: s.Workload.Image, Build: s.Workload.Build,
		Files: s.Workload.Files, Port: s.Workload.Port, Env: s.Workload.Env,
		Limits: targets.Limits{CPUs: s.Limits.CPUs},
	}, func(format string, args ...any) { m.Say(fmt.Sprintf(format, args...)) })
	if err != nil {
		return err
	}
	first := &start{kind: m.kinds[0], w: w, limit: m.StartTimeout}
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
	m.Say("asking it what it speaks")
	err = m.ask(ctx, d)
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
	return m.write(ctx, d, w)
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
	dir, err := filepath.Abs(m.Dir)
	if err != nil {
		return err
	}
	var faults []error
	if m.command, err = m.words(); err != nil {
		faults = append(faults, err)
	}
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
		if kind.Running {
			continue
		}
		names = append(names, kind.Name)
		switch err := m.check(ctx, kind); {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			d.omitted = append(d.omitted, omission{kind.Name, err})
		default:
			m.kinds = append(m.kinds, kind)
		}
	}
	base := "name: draft\ntargets: [" + strings.Join(names, ", ") + "]\nprotocol: template\ntemplate: {path: /}\ncold_starts: 1\nworkload: {}\n"
	m.scenario, err = scenarios.Parse(filepath.Join(dir, File), []byte(base), m.Catalogue, m.settings()...)
	if err == nil && len(m.kinds) == 0 {
		var all []error
		for _, o := range d.omitted {
			all = append(all, fmt.Errorf("target %s is not available: %w", o.target, o.why))
		}
		err = &trial.NotAvailableError{Err: errors.Join(all...)}
	}
	return err
}

// check reports why a target cannot run the artifact here.
func (m *maker) check(ctx context.Context, kind targets.Kind) error {
	if err := kind.Available(ctx); err != nil {
		return err
	}
	if kind.CheckImage != nil && m.Command == "" {
		return kind.CheckImage(ctx)
	}
	return nil
}

// settings are the options as they would stand in a scenario.
func (m *maker) settings() (set []decode.Setting) {
	add := func(key, flag string, given bool, value any) {
		if text, err := json.Marshal(value); err == nil && given {
			set = append(set, decode.Setting{Key: "workload." + key, Value: string(text), Flag: flag})
		}
	}
	add("image", "--image "+m.Image, m.Image != "", m.Image)
	add("build", "--build "+m.Build, m.Build != "", m.Build)
	add("command", "--command", len(m.command) > 0, m.command)
	add("files", "--files", len(m.Files) > 0, m.Files)
	add("env", "--env", len(m.Env) > 0, m.Env)
	add("port", fmt.Sprintf("--port %d", m.Port), m.Port != 0, m.Port)
	return set
}

// words are those of the command line. A word that names a file of this machine becomes its
// absolute path, and the file one of Files: elsewhere the server runs in another folder.
func (m *maker) words() ([]string, error) {
	parser := shellwords.NewParser()
	words, err := parser.Parse(m.Command)
	if err != nil || parser.Position >= 0 {
		return nil, fmt.Errorf("--command %s: want a program and its arguments, with quotes as in a shell; for more than that: sh -c '…'", m.Command)
	}
	if m.Image != "" || m.Build != "" {
		return words, nil
	}
	for i := 1; i < len(words); i++ {
		option, value, given := strings.Cut(words[i], "=")
		if !given || !strings.HasPrefix(option, "-") {
			option, value = "", words[i]
		}
		path, err := filepath.Abs(value)
		info, missing := os.Stat(value)
		if err != nil || missing != nil || !info.Mode().IsRegular() || !strings.ContainsAny(value, "./") {
			continue
		}
		words[i] = strings.TrimPrefix(option+"="+literal(path), "=")
		if !slices.ContainsFunc(m.Files, func(file string) bool { return covers(file, path) }) {
			m.Files = append(m.Files, path)
		}
	}
	return words, nil
}

// covers reports whether a file or folder is or holds the one at the absolute path.
func covers(file, path string) bool {
	file, err := filepath.Abs(file)
	return err == nil && (file == path || strings.HasPrefix(path, file+string(filepath.Separator)))
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

// suit leaves out the targets that the server does not suit, which some starts show.
func (m *maker) suit(ctx context.Context, d *Draft, w targets.Workload) error {
	again := m.kinds[0]
	bundled := m.Command != "" && w.Image == ""
	outside := slices.ContainsFunc(m.kinds, func(k targets.Kind) bool { return k.Outside }) && !d.seen.everywhere &&
		!slices.ContainsFunc(append(slices.Clone(w.Command), w.Env...), func(text string) bool {
			return strings.Contains(text, "{host}") || strings.HasPrefix(text, "HOST=")
		})
	if bundled {
		i := slices.IndexFunc(m.kinds, func(k targets.Kind) bool { return k.Name != again.Name && !k.Outside && !k.HTTP1 })
		if bundled = i >= 0; bundled {
			again = m.kinds[i]
		}
	}
	if !bundled && !outside {
		return nil
	}
	s := &start{kind: again, w: w, limit: m.StartTimeout, other: outside}
	m.Say(fmt.Sprintf("starting the server on %s", again.Name))
	if s.w.Port == 0 {
		var err error
		if s.w.Port, err = targets.FreePort(targets.Loopback); err != nil {
			return err
		}
	}
	seen, err := s.run(ctx)
	if err == nil {
		if err := seen.close(); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && bundled:
		why := fmt.Errorf("it runs an image that is made of the command and its files, in which the server does not work: %w\nname what it needs with --files, and name files in the command by absolute paths", err)
		m.omit(d, why, func(k targets.Kind) bool { return k.Name != m.kinds[0].Name })
	case err != nil:
		return unavailable(ctx, err)
	case outside && !seen.everywhere:
		why := errors.New("the server listens on 127.0.0.1 alone, where it is not reached from outside: have it listen on the address in HOST, or on {host} in its command")
		m.omit(d, why, func(k targets.Kind) bool { return k.Outside })
	}
	return nil
}

// omit leaves out some targets.
func (m *maker) omit(d *Draft, why error, which func(targets.Kind) bool) {
	var left []targets.Kind
	for _, kind := range m.kinds {
		if which(kind) {
			d.omitted = append(d.omitted, omission{kind.Name, why})
		} else {
			left = append(left, kind)
		}
	}
	m.kinds = left
}

// emulated reports whether a target runs the server's instructions in software.
func emulated(ctx context.Context, kind targets.Kind) bool {
	if kind.Describe == nil {
		return false
	}
	facts, err := kind.Describe(ctx, nil)
	return err == nil && slices.ContainsFunc(facts, func(f record.Fact) bool {
		return f.Name == record.FactAcceleration && f.State == record.TCG
	})
}

// WriteText says what was seen of the server.
func (d *Draft) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %s: %s\n", "started", d.on, d.sight())
	if spoken := d.probed.Spoken(); spoken != "" {
		fmt.Fprintf(&b, "%-8s %s\n", "asked", spoken)
	}
	answered := fmt.Sprintf("answered in %s", round(d.answer))
	if d.problem != nil {
		answered = d.problem.Error()
	}
	fmt.Fprintf(&b, "%-8s %s: %s\n", "request", d.Choice, answered)
	fmt.Fprintf(&b, "%-8s %s\n", "targets", strings.Join(d.Targets, ", "))
	for _, line := range d.without() {
		fmt.Fprintf(&b, "%-8s %s\n", "", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
