package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"servebench/targets"

	"github.com/spf13/cobra"
)

func doctorCommand() *cobra.Command {
	var names []string
	output := newOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what can run here, what is missing, and how to get it",
		Long: `Examine this machine: which targets can run and what would make the others, what
would disturb a measurement, and what a killed servebench left. Each line is ok,
warn (runs work, but not as well as they might, or without that target) or fail
(runs do not work, or something was left over), and the last two say what to do.

It takes some seconds, ten at most: what does not answer within 7 s is named.
Whether KVM runs a guest is tried once and remembered until the machine starts
again. The clock, the steal and the load are measured for about a second, as a run
would have them: on the generator's CPUs and with its priority. Nothing is changed
and nothing is left.

Exit codes:
  0    nothing is wrong; there may be warnings
  1    something keeps runs from working, or was left over
  20   a target named with --target, or every target, is not available
  64   a mistake in the command line
  130  interrupted
`,
		Example: `  servebench doctor                                what is missing, and the command that gets it
  servebench doctor -t vm && servebench run -t vm
  servebench doctor -o json | jq '.checks[] | select(.status != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kinds, err := kindsNamed(names)
			if err != nil {
				return usageError(err)
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends the program
			d := examine(ctx, allChecks(kinds), func(names []string) {
				fmt.Fprintln(cmd.ErrOrStderr(), prefixed("still examining "+strings.Join(names, ", ")))
			})
			d.requireTargets(len(names) > 0)
			write := writeDiagnosis
			if output.value == "json" {
				write = writeDiagnosisJSON
			}
			outcome := d.outcome()
			if ctx.Err() != nil {
				outcome = &exitError{code: exitInterrupted, err: errors.New("interrupted: not everything was examined")}
			}
			return worst(runtimeError(write(cmd.OutOrStdout(), d)), outcome)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&names, "target", "t", nil, "examine these targets alone: "+strings.Join(targetNames(), ", "))
	flags.VarP(output, "output", "o", "print as")
	return cmd
}

// kindsNamed looks targets up by name; without names it returns all.
func kindsNamed(names []string) ([]targets.Kind, error) {
	all := targetKinds()
	if len(names) == 0 {
		return all, nil
	}
	var found []targets.Kind
	for _, name := range names {
		i := slices.IndexFunc(all, func(k targets.Kind) bool { return k.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown target %q, want one of %s", name, strings.Join(targetNames(), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

// allChecks are what doctor looks at, in the order it is printed.
func allChecks(kinds []targets.Kind) []check {
	return append(targetChecks(kinds), machineCheck(), leftoverCheck(kinds))
}

// writeDiagnosis writes a line for each result under its area, and below it
// why it matters and what to do.
func writeDiagnosis(w io.Writer, d diagnosis) error {
	var b strings.Builder
	width := 0
	for _, f := range d.Checks {
		width = max(width, len(f.Name))
	}
	area := ""
	for _, f := range d.Checks {
		if f.Area != area {
			area = f.Area
			fmt.Fprintln(&b, area)
		}
		fmt.Fprintf(&b, "  %-4s  %-*s  %s\n", f.Status, width, f.Name, f.Found)
		for _, more := range []string{f.Why, arrow(f.Fix)} {
			if more != "" {
				fmt.Fprintf(&b, "        %*s  %s\n", width, "", more)
			}
		}
	}
	fmt.Fprintf(&b, "\n%s\n", d.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// arrow marks what to do.
func arrow(fix string) string {
	if fix == "" {
		return ""
	}
	return "-> " + fix
}

func writeDiagnosisJSON(w io.Writer, d diagnosis) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// outcome is what a diagnosis says through the exit code.
func (d diagnosis) outcome() error {
	var all []error
	for _, f := range d.Checks {
		if f.Status != fail {
			continue
		}
		code := exitRuntime
		if f.Area == areaTargets {
			code = exitNotAvailable
		}
		text := f.Name + ": " + f.Found
		if f.Fix != "" {
			text += "; to mend it: " + f.Fix
		}
		all = append(all, &exitError{code: code, err: errors.New(text)})
	}
	return worst(all...)
}

// How long all checks may take, those that others are made beside, and how long one is
// waited for once it was told to end. The slowest boots a guest, to see whether KVM
// runs one.
const (
	examineTime = 9 * time.Second
	checkTime   = 7 * time.Second
	endTime     = 500 * time.Millisecond
)

// examine makes every check, side by side but for the calm ones, which come last and
// one by one. waiting, not nil, is told now and then of the checks that are waited for.
func examine(ctx context.Context, checks []check, waiting func(names []string)) diagnosis {
	began := time.Now()
	found := make([][]checkResult, len(checks))
	var mu sync.Mutex
	open := map[int]bool{} // checks that are being made
	perform := func(i int, limit time.Duration) {
		mu.Lock()
		open[i] = true
		mu.Unlock()
		found[i] = checks[i].within(ctx, limit)
		mu.Lock()
		delete(open, i)
		mu.Unlock()
	}
	stop := every(waitingPause, func() {
		mu.Lock()
		defer mu.Unlock()
		var names []string
		for i, c := range checks {
			if open[i] {
				names = append(names, c.name)
			}
		}
		if waiting != nil && len(names) > 0 {
			waiting(names)
		}
	})
	defer stop()
	var beside sync.WaitGroup
	for i, c := range checks {
		if !c.calm {
			beside.Go(func() { perform(i, checkTime) })
		}
	}
	beside.Wait()
	for i, c := range checks {
		if c.calm {
			perform(i, examineTime-time.Since(began))
		}
	}
	d := diagnosis{Schema: diagnosisSchema, Status: ok}
	for i, c := range checks {
		for _, f := range found[i] {
			f.Area = c.area
			d.Checks = append(d.Checks, f)
			d.Status = max(d.Status, f.Status)
		}
	}
	return d
}

// within makes the check. One that does not end in time may go on until the program
// does.
func (c check) within(ctx context.Context, limit time.Duration) []checkResult {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan []checkResult, 1)
	go func() { done <- c.look(limited) }()
	select {
	case found := <-done:
		return found
	case <-limited.Done():
	}
	select { // what it makes, such as a guest, is gone by then
	case <-done:
	case <-time.After(endTime):
	}
	if ctx.Err() != nil {
		return []checkResult{{Name: c.name, Status: warn, Found: "was not examined: interrupted", unexamined: true}}
	}
	return []checkResult{{
		Name: c.name, Status: warn, Found: fmt.Sprintf("could not be examined within %v", limit.Round(time.Second)),
		Why: "something that it needs does not answer, or this machine is busy", Fix: targets.Program() + " doctor",
		unexamined: true,
	}}
}

// waitingPause is the pause between two words on what is waited for.
const waitingPause = 2 * time.Second

// every calls do every pause until stop is called.
func every(pause time.Duration, do func()) (stop func()) {
	ticker, done := time.NewTicker(pause), make(chan struct{})
	var going sync.WaitGroup
	going.Go(func() {
		for {
			select {
			case <-ticker.C:
				do()
			case <-done:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(done)
		going.Wait()
	}
}
