package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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
	split, err := splitCPUs()
	if err != nil {
		return err
	}
	if awake, err := host.KeepAwake(split.Generator); err == nil { // equal for all; without, the CPUs' naps are
		defer awake.Close()
	}
	c, present := findTools(o)
	if len(present) == 0 {
		return c.noTool()
	}
	dir := filepath.Join(o.out, "peers-"+time.Now().UTC().Format("20060102-150405"))
	if err := os.MkdirAll(dir, 0o755); err != nil { // before anything is measured
		return fmt.Errorf("make the folder of the results: %w", err)
	}
	errPlay := c.play(ctx, plan(o, present), split, stderr)
	errSave := c.save(dir)
	if len(c.Trials) > 0 {
		_, err = io.WriteString(stdout, textReport(c))
	}
	fmt.Fprintf(stderr, "benchpeers: %s\n", dir)
	return errors.Join(errPlay, errSave, err)
}

// splitCPUs gives the server the last CPU and the generator the first alone, so that
// every tool has the same one to spend.
func splitCPUs() (host.Split, error) {
	cpus, err := host.CPUs()
	if err != nil {
		return host.Split{}, err
	}
	if len(cpus) < 2 {
		return host.Split{}, fmt.Errorf("share out the CPUs: there is %d, want one for the server and one for the generator", len(cpus))
	}
	return host.Split{Generator: cpus[:1], Target: cpus[len(cpus)-1:]}, nil
}

// findTools looks for the tools that were asked for.
func findTools(o *options) (*comparison, []installed) {
	c := &comparison{Schema: schema, Created: time.Now().UTC().Truncate(time.Second), Rounds: o.rounds, Span: o.duration}
	for _, f := range host.Facts() {
		c.Machine = append(c.Machine, fact{Name: f.Name, Value: f.Value})
	}
	var present []installed
	for _, t := range tools() {
		if !slices.Contains(o.tools, t.name) {
			continue
		}
		path, version, err := t.find(o.bin)
		f := found{Name: t.name, Version: version}
		if err != nil {
			f.Missing = err.Error()
		} else {
			present = append(present, installed{tool: t, path: path})
		}
		c.Tools = append(c.Tools, f)
	}
	return c, present
}

// noTool says why there is no tool to compare.
func (c *comparison) noTool() error {
	var faults []error
	for _, f := range c.Tools {
		faults = append(faults, fmt.Errorf("%s: %s", f.Name, f.Missing))
	}
	return errors.Join(faults...)
}

// step is one trial to be made.
type step struct {
	round int // from 1
	tool  installed
	load  load
}

// plan orders the trials: round by round, load by load, and under each load the
// tools in another order, so that those to be compared follow each other and none is
// always the first. The same seed gives the same plan.
func plan(o *options, present []installed) []step {
	order := rand.New(rand.NewPCG(o.seed, 0))
	var steps []step
	for round := 1; round <= o.rounds; round++ {
		for _, kind := range loadKinds() {
			if !slices.Contains(o.loads, kind) || kind == stalled && round > 1 {
				continue
			}
			for _, l := range loads(kind, o.duration) {
				first := len(steps)
				for _, t := range present {
					if t.can(l) {
						steps = append(steps, step{round: round, tool: t, load: l})
					}
				}
				turns := steps[first:]
				order.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
			}
		}
	}
	return steps
}

// play makes the trials of a plan, and says on progress how far it is.
func (c *comparison) play(ctx context.Context, steps []step, split host.Split, progress io.Writer) error {
	for i, s := range steps {
		t, err := runTrial(ctx, split, s)
		if ctx.Err() != nil {
			c.Interrupted = true
			return fmt.Errorf("interrupted after %d of %d loads: %w", i, len(steps), ctx.Err())
		}
		if err != nil {
			return fmt.Errorf("%s, %s: %w", s.tool.name, s.load.name, err)
		}
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
