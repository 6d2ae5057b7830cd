package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/record"

	"github.com/rogpeppe/go-internal/testscript"
)

// killed ends runs at random moments and wants no gate to pass them, while they go on
// or afterwards: killed SIGNAL TIMES SECONDS RUN-COMMAND [ARG...]. The moments are
// drawn from the first SECONDS, by a seed that is logged. The last run's folder stays
// in the variable RUN.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM}
	if neg || len(args) < 4 || signals[args[0]] == 0 {
		ts.Fatalf("usage: killed KILL|HUP|TERM TIMES SECONDS COMMAND [ARG...]")
	}
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	seconds, err := strconv.ParseFloat(args[2], 64)
	ts.Check(err)
	seed := rand.Uint64()
	ts.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	caught := make(chan os.Signal, 1) // or what nohup has ignore SIGHUP has its children ignore it
	signal.Notify(caught, syscall.SIGHUP)
	defer signal.Stop(caught)
	cut := 0
	for i := range times {
		out := ts.MkAbs(args[0] + strconv.Itoa(i))
		cmd := exec.Command(lookPath(ts, args[3]), append(args[4:], "--out", out)...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
		ts.Check(cmd.Start())
		moment := time.Duration(rng.Float64() * seconds * float64(time.Second))
		time.Sleep(moment)
		ts.Logf("%s after %v", args[0], moment)
		during := gateOf(ts, out)
		if err := cmd.Process.Signal(signals[args[0]]); !errors.Is(err, os.ErrProcessDone) {
			ts.Check(err)
		}
		_ = cmd.Wait() // by the signal, or with the code of an interrupt
		run := runBelow(ts, out)
		if run == nil || !run.Finished.IsZero() && run.Interrupted == "" {
			continue // before it began, or after it had ended
		}
		cut++
		ts.Setenv("RUN", run.Dir)
		if after := gateOf(ts, out); during == cli.OK || after == cli.OK {
			ts.Fatalf("a gate ended with %d while %s went on, and with %d after it was cut", during, run.Dir, after)
		}
	}
	if cut == 0 {
		ts.Fatalf("none of %d runs was cut: all moments were before or after them", times)
	}
	ts.Logf("%d of %d runs were cut", cut, times)
}

// runBelow is the run below a folder; nil where there is none.
func runBelow(ts *testscript.TestScript, out string) *record.Run {
	found, err := filepath.Glob(filepath.Join(out, "*", "run.json"))
	ts.Check(err)
	if len(found) == 0 {
		return nil
	}
	run, err := record.Open(found[0])
	ts.Check(err)
	return run
}

// gateOf is what a gate of the run below a folder ends with; -1 where there is none.
func gateOf(ts *testscript.TestScript, out string) int {
	run := runBelow(ts, out)
	if run == nil {
		return -1
	}
	cmd := exec.Command(lookPath(ts, "servebench"), "gate", run.Dir)
	cmd.Env = environment(ts)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v\n%s", err, text)
	}
	return cmd.ProcessState.ExitCode()
}
