package main

import (
	"fmt"
	"time"

	judged "servebench/reports/analysis/ab"
	"servebench/reports/analysis/ab/proof"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/ab"

	"github.com/spf13/cobra"
)

// realCell is what real A/B tests alike said. Its Cell counts those whose instrument could
// be believed.
type realCell struct {
	proof.Cell
	Invalid int
}

// realProof is what real A/B tests said of the reference server: against itself, and
// against itself with a delay.
type realProof struct {
	ABTests int           // planned of each kind
	Change  float64       // the delay, as a share of the median
	Median  time.Duration // response time of the baseline, in the first A/B test that can be believed
	Delay   time.Duration
	Same    realCell
	Slower  realCell
}

// count takes in what an A/B test said.
func (c *realCell) count(d *judged.Result) {
	switch d.Verdict {
	case record.Fail:
		c.Add(paired.Fail, d.Pairs)
	case record.Pass:
		c.Add(paired.Pass, d.Pairs)
	case record.Inconclusive:
		c.Add(paired.Inconclusive, d.Pairs)
	default:
		c.Invalid++
	}
}

// proveReal plays real A/B tests and prints what they said, also of those that were played
// before an interrupt.
func proveReal(cmd *cobra.Command, opts *proveOptions) (err error) {
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	e, err := newExamination(interrupted)
	if err != nil {
		return runtimeError(err)
	}
	defer func() { err = worst(err, runtimeError(e.end())) }()
	say := func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...) }
	p, err := e.prove(opts.abTests, float64(opts.change), say)
	if p.Same.Fail.N+p.Same.Invalid == 0 {
		return examined(err)
	}
	write := writeReal
	if opts.output.value == "json" {
		write = writeRealJSON
	}
	return worst(examined(err), runtimeError(write(cmd.OutOrStdout(), p)), p.outcome())
}

// prove plays so many A/B tests of each kind, in turn. The delay is found by the first that
// can be believed; until then no slower server is played.
func (e *examination) prove(abTests int, change float64, say func(string, ...any)) (realProof, error) {
	p := realProof{ABTests: abTests, Change: change}
	p.Same.Noise, p.Slower.Noise, p.Slower.Change = "real", "real", change
	if err := announce(abTests, say); err != nil {
		return p, err
	}
	for number := 1; number <= abTests; number++ {
		for _, cell := range []*realCell{&p.Same, &p.Slower} {
			if cell.Change > 0 && p.Delay == 0 {
				continue
			}
			a, err := e.abTest(number, cell.delay(&p))
			if err != nil {
				return p, err
			}
			cell.count(a.AB)
			say("%d/%d  %s: %s after %d rounds: %s", number, abTests, candidateText(cell.Change), a.AB.Verdict, a.AB.Pairs, found(a.AB))
			if p.Delay > 0 {
				continue
			}
			if err := p.findDelay(a.AB); err != nil {
				return p, err
			}
			if p.Delay == 0 {
				say("this A/B test does not tell the median: the slower server waits for one that can be believed")
				continue
			}
			say("the median is %s ms: a candidate that is %s slower answers %v later", format.Milliseconds(p.Median), format.Percent(change), p.Delay)
		}
	}
	return p, nil
}

// findDelay takes the delay of the slower server from an A/B test of the same, where it can
// be believed: a disturbed median would make the change another than is said.
func (p *realProof) findDelay(d *judged.Result) error {
	median := medianOf(d)
	switch {
	case median == 0:
		return &exitError{code: exitInvalid, err: fmt.Errorf("the median of the baseline is not known: %s", d.Why)}
	case d.Verdict == record.InvalidInstrument:
		return nil
	}
	p.Median, p.Delay = median, time.Duration(p.Change*float64(median)).Round(time.Microsecond)
	return nil
}

// found is what an A/B test found, or why it cannot be believed.
func found(d *judged.Result) string {
	if d.Verdict == record.InvalidInstrument {
		return d.Why
	}
	return ab.Standing(d)
}

// delay is how much later the candidates of a cell answer.
func (c *realCell) delay(p *realProof) time.Duration {
	if c.Change == 0 {
		return 0
	}
	return p.Delay
}

// outcome is what the A/B tests say through the exit code: a rate that is surely not what
// it has to be, as far as chance can be told from it.
func (p realProof) outcome() error {
	var all []error
	failed := func(format string, args ...any) {
		all = append(all, &exitError{code: exitFailed, err: fmt.Errorf(format, args...)})
	}
	if low, _ := p.Same.Fail.Interval(); low > mostFalseAlarms {
		failed("FAIL of the same server: %d of %d A/B tests, want at most %s", p.Same.Fail.K, p.Same.Fail.N, format.Percent(mostFalseAlarms))
	}
	if _, high := p.Slower.Fail.Interval(); p.Change >= surelyFound && high < leastPower {
		failed("FAIL of a server %s: %d of %d A/B tests, want at least %s", candidateText(p.Change), p.Slower.Fail.K, p.Slower.Fail.N, format.Percent(leastPower))
	}
	for _, c := range []realCell{p.Same, p.Slower} {
		if c.Fail.N == 0 && c.Invalid > 0 {
			all = append(all, &exitError{code: exitInvalid, err: fmt.Errorf("INVALID: none of %d A/B tests could be believed (candidate: %s)", c.Invalid, candidateText(c.Change))})
		}
	}
	return worst(all...)
}

// What real A/B tests are held to, as simulated ones are (proof.Goals): most false alarms,
// and the least power where the change is surelyFound or more.
const mostFalseAlarms, surelyFound, leastPower = 0.008, 0.10, 0.95
