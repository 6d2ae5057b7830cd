package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"servebench/cmd/cli"
	"servebench/generators/drift"
	"servebench/generators/drift/profiles"
	"servebench/targets/protocol"
	"servebench/targets/reference"
	"servebench/targets/reference/models"
	"servebench/targets/reference/monitor"
)

// monitorOptions are the flags of monitoring.
type monitorOptions struct {
	monitor.Config
	references []string          // as given
	files      map[string]string // the same by model
}

func (o *monitorOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.Dir, "monitor", "", "`folder` to log predictions and outcomes in, which POST /feedback takes; GET /v2/models/NAME/monitor and /metrics then tell of accuracy and drift")
	f.StringArrayVar(&o.references, "monitor-reference", nil, "`name=file` of the data that a model was trained with, with its features as columns, or of a profile (.json); repeatable (default for a built-in model: what its generator makes)")
	f.StringArrayVar(&o.Sensitive, "monitor-omit", nil, "`name` of a feature not to log, or prediction, or outcome; repeatable")
	f.IntVar(&o.Window, "monitor-window", 1000, "`number` of rows that are looked at for drift at a time, and of outcomes, the latest, that accuracy is of")
	f.IntVar(&o.Pending, "monitor-pending", 100_000, "`number` of rows, the latest, that outcomes are taken for")
}

// check names every mistake in the flags.
func (o *monitorOptions) check() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	o.files = map[string]string{}
	for _, text := range o.references {
		name, path, ok := strings.Cut(text, "=")
		switch {
		case !ok || name == "" || path == "":
			fault("--monitor-reference %s: want a model and a path, such as mine=train.csv", text)
		case o.files[name] != "":
			fault("--monitor-reference %s: model %s is given twice", text, name)
		}
		o.files[name] = path
	}
	if o.Dir == "" && (o.references != nil || o.Sensitive != nil) {
		fault("--monitor-…: nothing is monitored; want --monitor FOLDER beside it")
	}
	if o.Window < drift.LeastRows || o.Window > drift.Most {
		fault("--monitor-window %d: want %d to %d", o.Window, drift.LeastRows, drift.Most)
	}
	if o.Pending < 1 || o.Pending > mostPending {
		fault("--monitor-pending %d: want 1 to %d", o.Pending, mostPending)
	}
	return faults
}

// mostPending bounds the memory of rows that wait for their outcomes, to some 300 MB.
const mostPending = 10_000_000

// open begins monitoring; nil: nothing is monitored.
func (o *monitorOptions) open(log *slog.Logger, isBuiltIn func(model string) bool) (*monitor.Monitor, error) {
	if o.Dir == "" {
		return nil, nil
	}
	o.Log = log
	o.Reference = func(m protocol.Model) (*drift.Profile, error) {
		path := o.files[m.Name]
		switch {
		case path != "":
			profile, want, err := profiles.Open(path, m.Schema, m.Answer)
			if err != nil && want != "" {
				err = fmt.Errorf("%w; want %s", err, want)
			}
			return profile, err
		case isBuiltIn(m.Name):
			return models.Reference(m)
		}
		return nil, fmt.Errorf("no reference data; want --monitor-reference %s=FILE", m.Name)
	}
	return monitor.Open(o.Config)
}

// checkServed says which models that there are references for are not served.
func (o *monitorOptions) checkServed(server *reference.Server) error {
	for _, name := range slices.Sorted(maps.Keys(o.files)) {
		if !slices.Contains(server.Models(), name) {
			return cli.UsageError{Err: fmt.Errorf("--monitor-reference %s=%s: no such model is served, want one of %s", name, o.files[name], strings.Join(server.Models(), ", "))}
		}
	}
	return nil
}
