package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"servebench/scenarios/host"
	"servebench/targets"
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

// runTrial makes a trial. Its error is this program's own failure; that of the tool
// is in the trial.
func runTrial(ctx context.Context, split host.Split, s step) (trial, error) {
	t := trial{Round: s.round, Kind: s.load.kind, Load: s.load.name, Tool: s.tool.name}
	dir, err := os.MkdirTemp("", "benchpeers-")
	if err != nil {
		return t, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	server, err := startServer(ctx, split.Target, dir, s.load.stall)
	if err != nil {
		return t, err
	}
	s.load.url = server.url
	watched := host.Watch()
	failed := t.generate(ctx, child{path: s.tool.path, dir: dir, cpus: split.Generator}, s)
	t.Stolen = watched(0).Stolen
	arrivals, err := server.stop()
	if ctx.Err() != nil {
		return t, ctx.Err()
	}
	if err != nil {
		return t, err
	}
	if failed == nil {
		failed = t.judge(arrivals, s.load)
	}
	if failed != nil {
		t.Failed = failed.Error()
	}
	return t, nil
}

// generate lets the tool play the load.
func (t *trial) generate(ctx context.Context, c child, s step) error {
	args, files := s.tool.command(s.load)
	if s.load.body != nil {
		files = append(files, file{bodyFile, string(s.load.body)})
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(c.dir, f.name), []byte(f.text), 0o600); err != nil {
			return err
		}
	}
	c.args = args
	e, err := c.run(ctx, s.load.duration+patience)
	if err != nil {
		return err
	}
	t.CPU = e.cpu
	if e.code != 0 && e.code != s.tool.alsoOK {
		return e.failure()
	}
	report := e.stdout
	if s.tool.report != nil {
		if report, err = s.tool.report(ctx, c); err != nil {
			return err
		}
	}
	t.Reading, err = s.tool.parse(report)
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

// punctuality is how a load at constant gaps arrived at the server.
type punctuality struct {
	// Held is the share of the rate asked for that arrived: requests ÷ what was due,
	// over the time planned or the time taken, whichever is longer.
	Held float64       `json:"held"`
	P50  time.Duration `json:"lag_p50_ns"` // arrival − due time
	P99  time.Duration `json:"lag_p99_ns"`
}

// punctual fits due times to the arrivals, which ascend: the k-th was due at
// t0 + k/rate, where t0 is such that the most punctual arrival is not late at all.
// No tool tells when a request was due, so that this is the same for all of them;
// it is what a request came later than the tool's own earliest.
func punctual(arrivals []time.Duration, rate int, planned time.Duration) punctuality {
	if len(arrivals) == 0 {
		return punctuality{}
	}
	late := make([]time.Duration, len(arrivals))
	least := arrivals[0]
	for k, arrival := range arrivals {
		late[k] = arrival - time.Duration(k)*time.Second/time.Duration(rate)
		least = min(least, late[k])
	}
	for k := range late {
		late[k] -= least
	}
	gap := time.Second / time.Duration(rate)
	taken := max(planned, arrivals[len(arrivals)-1]-arrivals[0]+gap)
	return punctuality{
		Held: float64(len(arrivals)) / (taken.Seconds() * float64(rate)),
		P50:  quantile(late, 0.5),
		P99:  quantile(late, 0.99),
	}
}

// child is a process to start: where, and on which CPUs.
type child struct {
	path string
	args []string
	dir  string // working folder and HOME
	cpus []int  // none: where this process may run
}

// ended is what is known of a process that has ended.
type ended struct {
	stdout, stderr []byte
	cpu            time.Duration // user + system, of it and of what it waited for: all of its life
	code           int
}

// command prepares the process. It is killed with its process group when ctx ends.
func (c child) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=" + targets.SearchPath, "HOME=" + c.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// start starts a prepared process on its CPUs, which it has before its first
// instruction, so that a Go program counts them rightly.
func (c child) start(cmd *exec.Cmd) error {
	if len(c.cpus) > 0 {
		restore, err := host.Pin(c.cpus)
		if err != nil {
			return err
		}
		defer restore()
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.path, err)
	}
	return nil
}

// run runs the process to its end, at most that long.
func (c child) run(ctx context.Context, atMost time.Duration) (ended, error) {
	bounded, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := c.command(bounded)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := c.start(cmd); err != nil {
		return ended{}, err
	}
	err := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ended{}, ctx.Err()
	case bounded.Err() != nil:
		return ended{}, fmt.Errorf("it had not ended after %v", atMost)
	case cmd.ProcessState == nil:
		return ended{}, err
	}
	return ended{
		stdout: stdout.Bytes(), stderr: stderr.Bytes(),
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		code: cmd.ProcessState.ExitCode(),
	}, nil
}

// quotedLines is how many lines of a tool's complaint are handed on.
const quotedLines = 4

// failure says how a process ended that should have ended with 0, quoting the end of
// what it complained of.
func (e ended) failure() error {
	lines := strings.Split(strings.TrimSpace(string(e.stderr)), "\n")
	lines = lines[max(0, len(lines)-quotedLines):]
	return fmt.Errorf("it ended with %d: %s", e.code, strings.Join(lines, "; "))
}
