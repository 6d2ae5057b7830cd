package selftest

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"servebench/reports/analysis"
	judged "servebench/reports/analysis/ab"
	"servebench/reports/analysis/ab/proof"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/ab"
	"servebench/scenarios/decode"
	"servebench/scenarios/trial"
)

// ABCell is what real A/B tests alike said. Its Cell counts those whose instrument could
// be believed.
type ABCell struct {
	proof.Cell
	Invalid int `json:"invalid"`
}

// ABProof is what real A/B tests said of the reference server: against itself, and
// against itself with a delay.
type ABProof struct {
	ABTests int           // planned of each kind
	Change  float64       // the delay, as a share of the median
	Median  time.Duration // response time of the baseline, in the first A/B test that can be believed
	Delay   time.Duration
	Same    ABCell
	Slower  ABCell
}

// count takes in what an A/B test said.
func (c *ABCell) count(d *judged.Result) {
	switch d.Verdict {
	case record.Fail:
		c.Add(record.Fail, d.Pairs)
	case record.Pass:
		c.Add(record.Pass, d.Pairs)
	case record.Inconclusive:
		c.Add(record.Inconclusive, d.Pairs)
	default:
		c.Invalid++
	}
}

// ProveABTests plays so many A/B tests of each kind, in turn; where it fails, those that
// were over are counted. The delay is found by the first that can be believed; until then
// no slower server is played.
func (p *Player) ProveABTests(ctx context.Context, abTests int, change float64) (ABProof, error) {
	proven := ABProof{ABTests: abTests, Change: change}
	proven.Same.Noise, proven.Slower.Noise, proven.Slower.Change = "real", "real", change
	if err := p.announce(abTests); err != nil {
		return proven, err
	}
	for number := 1; number <= abTests; number++ {
		for _, cell := range []*ABCell{&proven.Same, &proven.Slower} {
			if cell.Change > 0 && proven.Delay == 0 {
				continue
			}
			a, err := p.abTest(ctx, number, cell.delay(&proven))
			if err != nil {
				return proven, err
			}
			cell.count(a.AB)
			p.say("%d/%d  %s: %s after %d rounds: %s", number, abTests, proof.Candidate(cell.Change), a.AB.Verdict, a.AB.Pairs, found(a))
			if proven.Delay > 0 {
				continue
			}
			if err := proven.findDelay(a.AB, sentence.Verdict(a)); err != nil {
				return proven, err
			}
			if proven.Delay == 0 {
				p.say("this A/B test does not tell the median: the slower server waits for a VALID one")
				continue
			}
			p.say("the median is %s ms: a candidate that is %s slower answers %v later", format.Milliseconds(proven.Median), format.Percent(change), proven.Delay)
		}
	}
	return proven, nil
}

// findDelay takes the delay of the slower server from an A/B test of the same, where it can
// be believed: a disturbed median would make the change another than is said. Why says
// what the A/B test came to.
func (p *ABProof) findDelay(d *judged.Result, why string) error {
	median := medianOf(d)
	switch {
	case median == 0:
		return &InvalidError{fmt.Errorf("the median of the baseline is not known: %s", why)}
	case d.Verdict == record.InvalidInstrument:
		return nil
	}
	p.Median, p.Delay = median, time.Duration(p.Change*float64(median)).Round(time.Microsecond)
	return nil
}

// found is what an A/B test found, or why it cannot be believed.
func found(a *analysis.Analysis) string {
	if a.AB.Verdict == record.InvalidInstrument {
		return sentence.Blame(a)
	}
	return ab.Standing(a.AB)
}

// delay is how much later the candidates of a cell answer.
func (c *ABCell) delay(p *ABProof) time.Duration {
	if c.Change == 0 {
		return 0
	}
	return p.Delay
}

// What real A/B tests are held to, as simulated ones are (proof.Goals): most false alarms,
// and the least power where the change is alwaysFound or more.
const mostFalseAlarms, alwaysFound, leastPower = 0.008, 0.10, 0.95

// Wrong says which rates are not what they have to be, by their whole intervals.
func (p ABProof) Wrong() []error {
	var all []error
	if low, _ := p.Same.Fail.Interval(); low > mostFalseAlarms {
		all = append(all, fmt.Errorf("FAIL of the same server: %d of %d A/B tests, want at most %s", p.Same.Fail.K, p.Same.Fail.N, format.Percent(mostFalseAlarms)))
	}
	if _, high := p.Slower.Fail.Interval(); p.Change >= alwaysFound && high < leastPower {
		all = append(all, fmt.Errorf("FAIL of a server %s: %d of %d A/B tests, want at least %s", proof.Candidate(p.Change), p.Slower.Fail.K, p.Slower.Fail.N, format.Percent(leastPower)))
	}
	return all
}

// Invalid says of which candidates no A/B test was VALID.
func (p ABProof) Invalid() []error {
	var all []error
	for _, c := range []ABCell{p.Same, p.Slower} {
		if c.Fail.N == 0 && c.Invalid > 0 {
			all = append(all, fmt.Errorf("INVALID: none of %d A/B tests was VALID (candidate: %s)", c.Invalid, proof.Candidate(c.Change)))
		}
	}
	return all
}

// Empty reports whether no A/B test was played to its end.
func (p ABProof) Empty() bool { return p.Same.Fail.N+p.Same.Invalid == 0 }

// announce says how long it will take.
func (p *Player) announce(abTests int) error {
	s, plan, err := p.gateScenario(1, 0)
	if err != nil {
		return err
	}
	perTrial := trialOverhead
	for _, phase := range s.Load {
		perTrial += phase.Duration
	}
	all := func(interim record.Interim) time.Duration {
		return (2 * time.Duration(abTests) * 2 * time.Duration(interim.Pairs) * perTrial).Round(time.Minute)
	}
	p.say("A/B tests of the same server and of a slower one, %d each: %v when all are decided at the first interim analysis, about %v at most", abTests,
		all(plan.Interims[0]), all(plan.Interims[len(plan.Interims)-1]))
	return nil
}

// trialOverhead is about what a trial takes beside its load: to start the server, and
// to end it.
const trialOverhead = 500 * time.Millisecond

// gateScenario is the scenario of a server of an A/B test, and how it is judged.
func (p *Player) gateScenario(number int, delay time.Duration) (*scenarios.Scenario, record.ABTest, error) {
	set := []decode.Setting{{Key: "seed", Value: strconv.Itoa(number)}}
	if delay > 0 {
		set = append(set, decode.Setting{Key: "workload.delay", Value: delay.String()})
	}
	i := slices.IndexFunc(scenarios.Builtins(), func(b scenarios.Builtin) bool { return b.Name == "gate" })
	s, err := ab.ParseWithRules(set, func(set []decode.Setting) (*scenarios.Scenario, error) {
		return scenarios.Parse("gate", scenarios.Builtins()[i].Text, p.runner.Catalogue, set...)
	})
	if err != nil {
		return nil, record.ABTest{}, err
	}
	plan, err := ab.Plan(s, false)
	return s, plan, err
}

// abTest plays the A/B test of a number, whose candidate answers later by the delay, and
// leaves nothing of it on disk.
func (p *Player) abTest(ctx context.Context, number int, delay time.Duration) (*analysis.Analysis, error) {
	baseline, plan, err := p.gateScenario(number, 0)
	if err != nil {
		return nil, err
	}
	candidate, _, err := p.gateScenario(number, delay)
	if err != nil {
		return nil, err
	}
	r := p.runner
	run, err := r.ABTest(ctx, trial.Server{Scenario: baseline, Source: ab.AsIs},
		trial.Server{Scenario: candidate, Source: ab.AsIs}, plan, decided)
	switch {
	case p.stopped():
		return nil, interrupted{}
	case err != nil:
		return nil, err
	}
	defer os.RemoveAll(run.Dir)
	return analyse(run)
}

// decided judges an A/B test at an interim analysis.
func decided(run *record.Run) (bool, error) {
	d, err := judged.SoFar(run)
	return err == nil && d.Decided(), err
}

// medianOf is that of the baseline's medians by round; 0 when none is known.
func medianOf(d *judged.Result) time.Duration {
	var medians []float64
	for _, m := range d.Metrics {
		if m.Name != record.MetricP50 {
			continue
		}
		for _, pair := range m.Pairs {
			medians = append(medians, pair.Baseline)
		}
	}
	if len(medians) == 0 {
		return 0
	}
	slices.Sort(medians)
	return time.Duration(medians[len(medians)/2])
}

// ABDocument is an ABProof as JSON.
type ABDocument struct {
	Schema  string   `json:"schema"`
	Planned int      `json:"planned"`   // A/B tests of each cell
	Median  float64  `json:"median_ms"` // of the baseline's response time
	Delay   float64  `json:"delay_ms"`  // of the slower server
	Cells   []ABCell `json:"cells"`
	Pass    bool     `json:"pass"` // nothing speaks against the gate
}

// Document is what is printed as JSON.
func (p ABProof) Document() ABDocument {
	return ABDocument{
		Schema: "servebench.prove-real/v2", Planned: p.ABTests, Median: millis(p.Median), Delay: millis(p.Delay),
		Cells: []ABCell{p.Same, p.Slower}, Pass: len(p.Wrong())+len(p.Invalid()) == 0,
	}
}

// WriteText writes the table of the rates, and what they are of.
func (p ABProof) WriteText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "CANDIDATE\tTESTS\tFAIL\t% [95% CI]\tPASS\tINCONCLUSIVE\tINVALID\tROUNDS\t")
	for _, c := range []ABCell{p.Same, p.Slower} {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s %s\t%d\t%d\t%d\t%.1f\t\n", proof.Candidate(c.Change), c.Fail.N, c.Fail.K,
			c.Fail.Percent(), c.Fail.Bounds(), c.Pass.K, c.Inconclusive.K, c.Invalid, c.MeanPairs())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, `
A/B tests of the reference server with itself under the scenario gate. The slower one
answers %v later, which is %s of its median of %s ms. The intervals are exact
(Clopper and Pearson). TESTS are the VALID ones; INVALID ones are in no rate. ROUNDS is a mean.
`, p.Delay, format.Percent(p.Change), format.Milliseconds(p.Median))
	return err
}
