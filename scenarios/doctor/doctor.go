// Package doctor examines this machine: which targets can run here, what would disturb
// a measurement, and what a killed servebench left, each with what to do about it.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// schema is the version of a Diagnosis as JSON.
const schema = "servebench.doctor/v1"

// The areas that are looked at.
const (
	Targets   = "targets"
	Machine   = "machine"
	Leftovers = "leftovers"
)

// check looks at one thing, or at some that belong together. It changes nothing that
// it does not take back.
type check struct {
	area string
	name string // of what it looks at, should it not come to an end
	look func(ctx context.Context) []Result
	// calm says that nothing else is looked at meanwhile, since it measures.
	calm bool
}

// Status says how a result bears on runs; the worse, the larger.
type Status int

const (
	OK   Status = iota
	Warn        // runs work, but not as well as they might
	Fail        // runs do not work, or something was left over
)

func (s Status) String() string { return [...]string{"ok", "warn", "fail"}[s] }

// MarshalText writes the word.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Result is what a check found.
type Result struct {
	Area   string `json:"area"`
	Name   string `json:"name"`
	Status Status `json:"status"`
	Found  string `json:"found"`         // what is
	Why    string `json:"why,omitempty"` // it matters
	Fix    string `json:"fix,omitempty"` // what to do: a command where one does it

	unexamined bool // nothing was found: the check did not come to an end
}

// Diagnosis is everything that an examination found.
type Diagnosis struct {
	Schema string   `json:"schema"`
	Status Status   `json:"status"` // the worst of all
	Checks []Result `json:"checks"`
}

// Failure is a failed result in a line: what is, and what to do.
func (r Result) Failure() string {
	text := r.Name + ": " + r.Found
	if r.Fix != "" {
		text += "; to fix it: " + r.Fix
	}
	return text
}

func (d Diagnosis) summary() string {
	counts := map[Status]int{}
	for _, f := range d.Checks {
		counts[f.Status]++
	}
	plural := map[bool]string{true: "", false: "s"}
	warnings := fmt.Sprintf("%d warning%s", counts[Warn], plural[counts[Warn] == 1])
	if n := counts[Fail]; n > 0 {
		return fmt.Sprintf("FAIL: %d problem%s to fix, %s", n, plural[n == 1], warnings)
	}
	return "OK: nothing keeps runs from working, " + warnings
}

// How long all checks may take, those that others are made beside, and how long one is
// waited for once it was told to end. The slowest boots a guest, to see whether KVM
// runs one.
const (
	examineTime = 9 * time.Second
	checkTime   = 7 * time.Second
	endTime     = 500 * time.Millisecond
)

// Options are what an examination needs to know.
type Options struct {
	Targets []targets.Kind
	// Set are the targets' options, by their names; what is missing takes its default.
	Set map[string]map[string]string
	// Wanted says that all of the targets are needed, and not any of them.
	Wanted bool
	// Server finds the reference server's program.
	Server func() (string, error)
	// Calibration is the one of a run with the usual CPUs: nil where there is none.
	// others says that there are some which do not hold here.
	Calibration func() (known *record.Calibration, others bool, err error)
	// Waiting, not nil, is told now and then of the checks that are waited for.
	Waiting func(names []string)
}

// Examine looks at everything. It changes nothing and leaves nothing.
func Examine(ctx context.Context, o Options) Diagnosis {
	checks := append(targetChecks(o.Targets, o.Set), machineCheck(o), leftoverCheck(o.Targets))
	d := examine(ctx, checks, o.Waiting)
	d.requireTargets(o.Wanted)
	return d
}

// examine makes every check, side by side but for the calm ones, which come last and
// one by one. waiting, not nil, is told now and then of the checks that are waited for.
func examine(ctx context.Context, checks []check, waiting func(names []string)) Diagnosis {
	began := time.Now()
	found := make([][]Result, len(checks))
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
	stop := callEvery(waitingPause, func() {
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
	d := Diagnosis{Schema: schema, Status: OK}
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
func (c check) within(ctx context.Context, limit time.Duration) []Result {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan []Result, 1)
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
		return []Result{{Name: c.name, Status: Warn, Found: "was not examined: interrupted", unexamined: true}}
	}
	return []Result{{
		Name: c.name, Status: Warn, Found: fmt.Sprintf("could not be examined within %v", limit.Round(time.Second)),
		Why: "something that it needs does not answer, or this machine is busy", Fix: targets.Program() + " doctor",
		unexamined: true,
	}}
}

// waitingPause is the pause between two words on what is waited for.
const waitingPause = 2 * time.Second

func callEvery(pause time.Duration, do func()) (stop func()) {
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

// WriteText writes a line for each result under its area, and below it why it matters
// and what to do.
func (d Diagnosis) WriteText(w io.Writer) error {
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
		if f.Why != "" {
			fmt.Fprintf(&b, "        %*s  %s\n", width, "", f.Why)
		}
		if f.Fix != "" {
			fmt.Fprintf(&b, "        %*s  -> %s\n", width, "", f.Fix)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", d.summary())
	_, err := io.WriteString(w, b.String())
	return err
}
