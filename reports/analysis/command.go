package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// ReportCommand makes a run's reports again. The program's name is the one that
// the run was started with.
func ReportCommand(run *record.Run) string {
	return format.Command(record.Program(run), "report", run.Dir)
}

// More is about how many rounds in all would settle the limits that are undecided,
// as far as rounds would, and the command line that plays them; 0 and "" where
// there is nothing to gain.
func (a *Analysis) More() (rounds int, command string) {
	for _, g := range a.Gates {
		rounds = max(rounds, g.More)
	}
	if rounds == 0 || len(a.Run.Command) == 0 {
		return rounds, ""
	}
	args := slices.Clone(a.Run.Command)
	if i := slices.Index(args, "--rounds"); i >= 0 && i+1 < len(args) {
		args[i+1] = strconv.Itoa(rounds)
	} else {
		args = append(args, "--rounds", strconv.Itoa(rounds))
	}
	return rounds, format.Command(append(args, a.Limits...)...)
}

// FormatLoad says what a phase asks of a target and by which loop: "poisson
// arrivals, 200/s for 5 s, open loop", "steps from 200/s to 800/s for 40 s, open
// loop", "concurrency 16 for 10 s, think time 10 ms, exponential, closed loop".
func FormatLoad(p record.Phase) string {
	if p.Open {
		return fmt.Sprintf("%s for %s, open loop", arrivals(p), format.Duration(p.Duration))
	}
	text := fmt.Sprintf("%s for %s", sample.FormatConcurrency(p.Concurrency), format.Duration(p.Duration))
	if p.Think != "" {
		text += ", think time " + p.Think
	}
	return text + ", closed loop"
}

// arrivals words the arrival process of an open loop with its rate.
func arrivals(p record.Phase) string {
	switch {
	case len(p.Steps) > 0:
		return fmt.Sprintf("%s from %s to %s", p.Arrivals, format.Rate(p.Steps[0].Rate), format.Rate(farthest(p.Steps).Rate))
	case sample.EvenArrivals(p.Arrivals):
		return p.Arrivals + " arrivals, " + format.Rate(p.Rate)
	}
	return p.Arrivals + ", " + format.Rate(p.Rate) + " on average"
}

// farthest is the step whose rate differs most from the first one's: the last one of
// a staircase, the height of a spike.
func farthest(steps []record.Step) record.Step {
	return slices.MaxFunc(steps, func(a, b record.Step) int {
		return cmp.Compare(math.Abs(a.Rate-steps[0].Rate), math.Abs(b.Rate-steps[0].Rate))
	})
}

// ProcessorModel is the model of a processor, of the fact CPU of an environment,
// without the frequency behind it: some machines read that at the moment, so that it
// differs from one run to the next.
func ProcessorModel(cpu string) string {
	if i := strings.LastIndex(cpu, ", "); i >= 0 && strings.HasSuffix(cpu, "Hz") {
		return cpu[:i]
	}
	return cpu
}
