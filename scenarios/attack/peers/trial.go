package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"servebench/scenarios/host"
)

// trial is one tool under one load in one round.
type trial struct {
	Round int    `json:"round"` // from 1
	Kind  string `json:"kind"`
	Load  string `json:"load"`
	Tool  string `json:"tool"`
	// Failed says why there are no figures; "" when there are.
	Failed string `json:"failed,omitempty"`
	// Requests is how many of the load's arrived at the server, as it saw them.
	Requests int64         `json:"requests"`
	CPU      time.Duration `json:"cpu_ns"`            // user + system of the tool's whole process
	Span     time.Duration `json:"span_ns"`           // from the first arrival to the last
	Arrived  *punctuality  `json:"arrived,omitempty"` // of an open loop at constant gaps
	Reading  reading       `json:"reading"`
	// Stolen is the share of the CPUs' time that a hypervisor gave to other guests
	// meanwhile; 0 where that is not known.
	Stolen float64 `json:"stolen"`
}

// cost is the generator's CPU per request.
func (t trial) cost() time.Duration {
	return t.CPU / time.Duration(max(t.Requests, 1))
}

// rate is how many requests a second arrived.
func (t trial) rate() float64 {
	return float64(t.Requests) / max(t.Span.Seconds(), 1e-9)
}

// patience is how long after its load's end a tool has to end.
const patience = 20 * time.Second

// play makes a trial. Its error is this program's own failure; that of the tool is
// in the trial.
func play(ctx context.Context, split host.Split, tool tool, at program, l load) (trial, error) {
	t := trial{Kind: l.kind, Load: l.name, Tool: tool.name}
	dir, err := os.MkdirTemp("", "benchpeers-")
	if err != nil {
		return t, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	s, err := startServer(ctx, split.Target, dir, l.stall)
	if err != nil {
		return t, err
	}
	l.url = s.url
	watched := host.Watch()
	failed := t.generate(ctx, child{path: at.path, dir: dir, cpus: split.Generator}, tool, at, l)
	t.Stolen = watched().Stolen
	arrivals, err := s.arrivals()
	if ctx.Err() != nil {
		return t, ctx.Err()
	}
	if err != nil {
		return t, err
	}
	if failed == nil {
		failed = t.judge(arrivals, l)
	}
	if failed != nil {
		t.Failed = failed.Error()
	}
	return t, nil
}

// generate lets the tool play the load.
func (t *trial) generate(ctx context.Context, c child, tool tool, at program, l load) error {
	var err error
	if c.args, err = tool.command(l, c.dir); err != nil {
		return err
	}
	e, err := c.run(ctx, l.duration+patience)
	if err != nil {
		return err
	}
	t.CPU = e.cpu
	t.Reading, err = tool.read(ctx, said{program: at, dir: c.dir, ended: e})
	return err
}

// judge makes figures of what the server saw. Requests from before the load, which
// some tools try a server with, are left out: they are the first ones, as many as
// arrived beyond those that the tool counts.
func (t *trial) judge(arrivals []time.Duration, l load) error {
	if before := int64(len(arrivals)) - t.Reading.Sent; t.Reading.Sent > 0 && before > 0 {
		arrivals = arrivals[before:]
	}
	switch {
	case len(arrivals) == 0:
		return errors.New("no request arrived")
	case t.Reading.Failed > 0:
		return fmt.Errorf("%d of %d requests failed", t.Reading.Failed, t.Reading.Sent)
	}
	t.Requests = int64(len(arrivals))
	t.Span = arrivals[len(arrivals)-1] - arrivals[0]
	if l.rate > 0 && !l.poisson && l.stall == nil {
		p := punctual(arrivals, l.rate, l.duration)
		t.Arrived = &p
	}
	return nil
}
