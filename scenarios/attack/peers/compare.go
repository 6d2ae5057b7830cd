package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"servebench/scenarios/host"
)

// comparison is everything that was found: the file that the tables are made from.
type comparison struct {
	Schema  string        `json:"schema"`
	Created time.Time     `json:"created"`
	Machine []fact        `json:"machine"`
	Rounds  int           `json:"rounds"`
	Span    time.Duration `json:"duration_ns"` // of a closed or open loop
	Tools   []found       `json:"tools"`
	Trials  []trial       `json:"trials"` // in the order they were made
	// Interrupted says that the plan was not carried out to its end.
	Interrupted bool `json:"interrupted,omitempty"`
}

// schema is the version of the file.
const schema = "servebench.peers/v1"

// fact is a named value of the machine.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// found is a tool that was looked for.
type found struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Missing says why it takes no part; "" when it does.
	Missing string `json:"missing,omitempty"`
}

// compare is the command.
func compare(ctx context.Context, o *options, stdout, stderr io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	split, err := share()
	if err != nil {
		return err
	}
	if restore, err := host.KeepAwake(); err == nil { // equal for all; without, the CPUs' naps are
		defer restore()
	}
	c, present := begin(o)
	if len(present) == 0 {
		return c.nobody()
	}
	dir, err := newFolder(o.out)
	if err != nil {
		return err
	}
	errPlay := c.play(ctx, plan(o, present), present, split, stderr)
	errSave := c.save(dir)
	if len(c.Trials) > 0 {
		_, err = io.WriteString(stdout, textReport(c))
	}
	fmt.Fprintf(stderr, "benchpeers: %s\n", dir)
	return errors.Join(errPlay, errSave, err)
}

// share gives the server the last CPU and the generator the first alone, so that
// every tool has the same one to spend.
func share() (host.Split, error) {
	cpus, err := host.CPUs()
	if err != nil {
		return host.Split{}, err
	}
	if len(cpus) < 2 {
		return host.Split{}, fmt.Errorf("share out the CPUs: there is %d, want one for the server and one for the generator", len(cpus))
	}
	return host.Split{Generator: cpus[:1], Target: cpus[len(cpus)-1:]}, nil
}

// nobody says why there is no tool to compare.
func (c *comparison) nobody() error {
	var faults []error
	for _, f := range c.Tools {
		faults = append(faults, fmt.Errorf("%s: %s", f.Name, f.Missing))
	}
	return errors.Join(faults...)
}

// newFolder makes the folder of the results before anything is measured.
func newFolder(out string) (string, error) {
	dir := filepath.Join(out, "peers-"+time.Now().UTC().Format("20060102-150405"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of the results: %w", err)
	}
	return dir, nil
}

// begin looks for the tools that were asked for.
func begin(o *options) (*comparison, map[string]program) {
	c := &comparison{Schema: schema, Created: time.Now().UTC().Truncate(time.Second), Rounds: o.rounds, Span: o.duration}
	for _, f := range host.Facts() {
		c.Machine = append(c.Machine, fact{Name: f.Name, Value: f.Value})
	}
	present := map[string]program{}
	for _, t := range tools() {
		if !slices.Contains(o.tools, t.name) {
			continue
		}
		f := found{Name: t.name}
		if p, err := t.find(o.bin); err != nil {
			f.Missing = err.Error()
		} else {
			f.Version, present[t.name] = p.version, p
		}
		c.Tools = append(c.Tools, f)
	}
	return c, present
}

// play makes the trials of a plan, and says on progress how far it is.
func (c *comparison) play(ctx context.Context, steps []step, present map[string]program, split host.Split, progress io.Writer) error {
	for i, s := range steps {
		t, err := play(ctx, split, s.tool, present[s.tool.name], s.load)
		if ctx.Err() != nil {
			c.Interrupted = true
			return fmt.Errorf("interrupted after %d of %d loads: %w", i, len(steps), ctx.Err())
		}
		if err != nil {
			return fmt.Errorf("%s, %s: %w", s.tool.name, s.load.name, err)
		}
		t.Round = s.round
		c.Trials = append(c.Trials, t)
		fmt.Fprintf(progress, "%d/%d  round %d  %-16s %-16s %s\n", i+1, len(steps), s.round, s.load.name, s.tool.name, t.line())
	}
	return nil
}

// line is a trial in a few words.
func (t trial) line() string {
	switch {
	case t.Failed != "":
		return "failed: " + t.Failed
	case t.Arrived != nil:
		return fmt.Sprintf("%.2f %% of the rate, lag p99 %s µs", 100*t.Arrived.Held, micro(t.Arrived.P99))
	case t.Kind == stalled:
		return "p99 " + milli(t.Reading.P99) + " ms"
	}
	return fmt.Sprintf("%s µs CPU a request, %.0f/s", micro(t.cost()), t.rate())
}

// save writes the file and the tables.
func (c *comparison) save(dir string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("save the comparison: %w", err)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "peers.json"), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, "peers.txt"), []byte(textReport(c)), 0o644),
		os.WriteFile(filepath.Join(dir, "peers.md"), []byte(markdownReport(c)), 0o644),
	)
}
