package analysis_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// rules are the diagnostics' rules, each once.
func rules(a *analysis.Analysis) []string {
	var all []string
	for _, d := range a.Diagnostics {
		if !slices.Contains(all, d.Rule) {
			all = append(all, d.Rule)
		}
	}
	return all
}

// The steps add up to the cells, and say where the container broke.
func TestSteps(t *testing.T) {
	t.Parallel()
	run := recordtest.Open(t, recordtest.Stress())
	a := analyse(t, run)
	if len(a.Stepped) != 2 {
		t.Fatalf("%d targets with steps, want 2", len(a.Stepped))
	}
	physical, container := a.Stepped[0], a.Stepped[1]
	var sent, ok int64
	for _, s := range physical.Steps {
		sent, ok = sent+s.Ledger.Sent, ok+s.Ledger.OK
		if s.Ledger.Scheduled != s.Ledger.Sent || math.Abs(s.Sent-s.Rate) > 0.1*s.Rate || s.Response.N != s.Ledger.OK {
			t.Errorf("a step that was held: %+v", s)
		}
	}
	if l := a.Rows[0].Ledger; sent != l.Sent || ok != l.OK {
		t.Errorf("the steps have %d sent and %d OK, the row %+v", sent, ok, l)
	}
	if got := sentence.StepsResult(physical); got != "held all steps up to 800/s" {
		t.Errorf("physical %s", got)
	}
	if len(container.Breaks) != 3 || container.Breaks[0].Held < 400 || container.Breaks[0].Rate <= container.Breaks[0].Held {
		t.Errorf("breaks %+v, want one in each round, above 400/s", container.Breaks)
	}
	if got := sentence.StepsResult(container); !strings.HasPrefix(got, "held 400/s, broke at 600/s") || !strings.Contains(got, "took longer than 800ms") {
		t.Errorf("container %s", got)
	}
	if a.Validity != record.Valid || len(a.ServerFailures()) != 0 || slices.Contains(rules(a), "aborted") {
		t.Errorf("%s, failures %+v, diagnostics %v: a load that was to break the server is no fault", a.Validity, a.ServerFailures(), rules(a))
	}
}

// Without a condition that ends the load, a step is broken by its failures or by
// answers that come too late.
func TestStepsWithoutAbort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*recordtest.Plan)
		want  string
	}{
		{"late answers", func(p *recordtest.Plan) { p.Targets[0].Capacity = 450 }, "requests due were answered before 1 s after the step's end, less than 95 %"},
		{"failures", func(p *recordtest.Plan) { p.Targets[0].Errors = failing(0.05) }, "requests failed or were censored, more than 1 %"},
	} {
		p := recordtest.Stress()
		p.AbortAt, p.Targets, p.Rounds = 0, p.Targets[:1], 1
		tt.spoil(&p)
		a := analyse(t, recordtest.Open(t, p))
		if breaks := a.Stepped[0].Breaks; len(breaks) != 1 || !strings.Contains(sentence.BreakWhy(breaks[0]), tt.want) {
			t.Errorf("%s: %+v, want %q", tt.name, breaks, tt.want)
		}
	}
}

// A server whose answers take longer than a second holds what it answers all of.
func TestStepsOfSlowAnswers(t *testing.T) {
	t.Parallel()
	p := recordtest.Stress()
	p.AbortAt, p.Targets, p.Rounds = 0, p.Targets[:1], 1
	p.Targets[0].Service = 2500 * time.Millisecond
	a := analyse(t, recordtest.Open(t, p))
	s := a.Stepped[0]
	if sentence.StepsResult(s) != "held all steps up to 800/s" || slices.ContainsFunc(s.Steps, func(s capacity.Step) bool { return s.Answered < 0.9*s.Sent }) {
		t.Errorf("%s: %+v", sentence.StepsResult(s), s.Steps)
	}
	p.Phases[1].Steps[0].Rate = 0 // from which the load rises
	from0 := analyse(t, recordtest.Open(t, p)).Stepped[0]
	if sentence.StepsResult(from0) != "held all steps up to 800/s" || from0.Steps[0].Ledger.Sent != 0 {
		t.Errorf("from 0: %s: %+v", sentence.StepsResult(from0), from0.Steps)
	}
	p.Phases[1].Steps[0].Rate = s.Steps[0].Rate
	p.Targets[0].Capacity = 450
	if s := analyse(t, recordtest.Open(t, p)).Stepped[0]; len(s.Breaks) != 1 || s.Breaks[0].Held != 400 {
		t.Errorf("of a server that answers 450/s: %s", sentence.StepsResult(s))
	}
}

// What was stopped was not held, and does not count as a round that held all.
func TestStoppedSteps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		target  int
		rounds  int
		stopsAt time.Duration
		want    string
	}{
		{"in the third step", 0, 1, 9500 * time.Millisecond, "held 400/s; the load was stopped at 600/s"},
		{"in the first step", 0, 1, 1500 * time.Millisecond, "held no step to its end; the load was stopped at 200/s"},
		{"at the end of a step", 0, 1, 8 * time.Second, "held 400/s; the load was stopped at 600/s"},
		{"after two rounds", 0, 3, 5 * time.Second, "held all steps up to 800/s; the load was stopped at 400/s in round 3"},
		{"after two rounds that broke", 1, 3, 5 * time.Second, "held 400/s, broke at 600/s in 2 rounds: abort_on: 2.4 % of the requests due in the last 3 s took longer than 800ms; the load was stopped at 400/s in round 3"},
		{"after one round that broke", 1, 2, 5 * time.Second, "held 400/s, broke at 600/s in round 1: abort_on: 2.4 % of the requests due in the last 3 s took longer than 800ms; the load was stopped at 400/s in round 2"},
	} {
		p := recordtest.Stress()
		p.Targets, p.Rounds = p.Targets[tt.target:tt.target+1], tt.rounds
		p.Targets[0].StopsAt = tt.stopsAt
		a := analyse(t, recordtest.Open(t, p))
		if got := sentence.StepsResult(a.Stepped[0]); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if v := a.Vitals(); v.Sent < 0.999 || v.Achieved < 0.999 {
			t.Errorf("%s: vitals %+v, where what was stopped is no fault of the generator's", tt.name, v)
		}
	}
}

// A load without steps that had to be ended fails the limits, and is said first.
func TestAbortedLoadCannotPass(t *testing.T) {
	t.Parallel()
	p := recordtest.Compare()
	p.Targets, p.Phases[1].Rate, p.AbortAt = p.Targets[:1], 600, 200*time.Millisecond
	p.Targets[0].Capacity = 500
	p.SLO.P99 = time.Minute
	a := analyse(t, recordtest.Open(t, p))
	if a.Verdict != record.Fail || a.Validity != record.Valid || !slices.Contains(rules(a), "aborted") {
		t.Errorf("%s, %s, diagnostics %v", a.Verdict, a.Validity, rules(a))
	}
	for _, g := range a.Gates {
		if g.Verdict != record.Fail || !strings.Contains(sentence.NewLimit(g).Why, "the load was aborted in rounds 1, 2, 3") {
			t.Errorf("%+v, want it failed because of the abort", g)
		}
	}
	if got := says(a); !strings.HasPrefix(got, "the server of physical could not sustain the load of phase steady in rounds 1, 2, 3: ") {
		t.Errorf("failures %q", got)
	}
	if r := a.Rows[0].Attained; r.N != a.Rows[0].Ledger.Scheduled || r.K >= a.Rows[0].Ledger.Scheduled {
		t.Errorf("%+v: what was not sent any more came too late", r)
	}
}

// A warm-up that was ended left the measured phase out, which is no pass.
func TestAbortedWarmUpCannotPass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rounds  int
		verdict record.Verdict
		want    string
	}{
		{1, record.Fail, "could not sustain the load of phase warm-up in round 1"},
		{3, record.InvalidInstrument, "could not sustain the load of phase warm-up in rounds 1, 2, 3"},
	} {
		p := recordtest.Compare()
		p.Targets = p.Targets[:1]
		run := recordtest.Open(t, p)
		run.Cells = slices.DeleteFunc(run.Cells, func(c record.Cell) bool { return c.Measured && c.Round <= tt.rounds })
		for i := range run.Cells {
			if c := &run.Cells[i]; !c.Measured && c.Round <= tt.rounds {
				c.Aborted = "abort_on: 30 % of the requests failed"
			}
		}
		a := analyse(t, run)
		if got := says(a); a.Verdict != tt.verdict || !strings.Contains(got, tt.want) || !slices.Contains(rules(a), "aborted") {
			t.Errorf("aborted in %d of 3 rounds: %s, %q, diagnostics %v", tt.rounds, a.Verdict, got, rules(a))
		}
		if tt.rounds == 3 && !strings.Contains(sentence.Nothing(a), tt.want) {
			t.Errorf("nothing was measured, since %q", sentence.Nothing(a))
		}
		for _, g := range a.Gates {
			if tt.rounds == 1 && !strings.Contains(sentence.NewLimit(g).Why, "the load was aborted before it in round 1, in phase warm-up: abort_on: 30 %") {
				t.Errorf("%+v, want it failed because of the abort", g)
			}
		}
	}
}

// The phases that were not played after an abort are told, also where it ended one
// with steps, which is no fault in itself.
func TestLeftOutPhases(t *testing.T) {
	t.Parallel()
	p := recordtest.Stress()
	p.Phases = append(p.Phases, record.Phase{Name: "after", Model: "credit", Arrivals: "poisson", Rate: 10, Duration: time.Second, Measured: true, Open: true})
	run := recordtest.Open(t, p)
	run.Cells = slices.DeleteFunc(run.Cells, func(c record.Cell) bool { return c.Target == "container" && c.Phase == "after" })
	a := analyse(t, run)
	left := a.LeftOut()
	if len(left) != 3 || left[0].Target != "container" || left[0].Phase != "after" || left[0].Ended != "stress" || !strings.Contains(left[0].Why, "took longer") {
		t.Fatalf("%+v, want the phase after stress in each round of the container", left)
	}
	i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "left-out" })
	if i < 0 || a.Diagnostics[i].Severity == record.SeverityError || !strings.HasPrefix(a.Diagnostics[i].Text, "phase after was left out in rounds 1, 2, 3, because phase stress was ended before: abort_on: ") {
		t.Errorf("%+v", a.Diagnostics)
	}
	if left := analyse(t, recordtest.Open(t, recordtest.Compare())).LeftOut(); len(left) != 0 {
		t.Errorf("%+v of a run without aborts", left)
	}
}

// Steps of the same rate are told apart, and so are phases with steps; what is said of
// the samples is said once for all of them.
func TestSpikesOfSeveralPhases(t *testing.T) {
	t.Parallel()
	p := recordtest.Stress()
	p.Targets, p.Rounds, p.AbortAt = p.Targets[:1], 1, 0
	spike := p.Phases[1]
	spike.Arrivals, spike.Name, spike.Rate = "spike", "spike", 350
	spike.Steps = slices.Clone(spike.Steps)
	spike.Steps[3].Rate = 200
	p.Phases = append(p.Phases, spike)
	for i := range p.Phases {
		p.Phases[i].Duration, p.Phases[i].Steps = 8*time.Second, p.Phases[i].Steps[:min(len(p.Phases[i].Steps), 4)]
		for k := range p.Phases[i].Steps {
			p.Phases[i].Steps[k].Start, p.Phases[i].Steps[k].Duration = time.Duration(k)*2*time.Second, 2*time.Second
		}
	}
	a := analyse(t, recordtest.Open(t, p))
	if got := []string{sentence.StepsResult(a.Stepped[0]), sentence.StepsResult(a.Stepped[1])}; !slices.Equal(got, []string{"held all steps up to 800/s", "held all steps up to 600/s"}) {
		t.Errorf("%q", got)
	}
	s := a.Stepped[1]
	if got := []string{sentence.StepName(s, s.Steps[0]), sentence.StepName(s, s.Steps[1]), sentence.StepName(s, s.Steps[3])}; !slices.Equal(got, []string{"200/s, 0 s to 2 s", "400/s", "200/s, 6 s to 8 s"}) {
		t.Errorf("steps %q", got)
	}
	var samples []record.Diagnostic
	for _, d := range a.Diagnostics {
		if d.Rule == "samples" {
			samples = append(samples, d)
		}
	}
	if len(samples) != 1 || !strings.Contains(samples[0].Text, "physical in phase stress has ") || !strings.Contains(samples[0].Text, "physical in phase spike has ") {
		t.Errorf("%+v, want one diagnostic for both phases", samples)
	}
}

// Closed loops have workers instead of a rate, and the throughput at most.
func TestSaturation(t *testing.T) {
	t.Parallel()
	p := recordtest.Saturate()
	a := analyse(t, recordtest.Open(t, p))
	if len(a.Saturated) != 2 {
		t.Fatalf("%+v, want both targets", a.Saturated)
	}
	for i, capacity := range []float64{3000, 2000} {
		s := a.Saturated[i]
		most, fewest := s.Points[s.Most], s.Points[s.Fewest]
		if math.Abs(most.Rate-capacity) > 0.01*capacity || most.Concurrency != 8 || !most.HasInterval || fewest.Concurrency != 4 {
			t.Errorf("%s: %s; want about %v/s, with concurrency 4 as good as 8", s.Target, sentence.SaturationResult(s), capacity)
		}
	}
	for _, r := range a.Rows {
		if r.Concurrency == 0 || r.Offered != 0 || r.Rate() != r.Achieved {
			t.Errorf("%s, %s: concurrency %d, offered %v, rate %v", r.Target, r.Phase, r.Concurrency, r.Offered, r.Rate())
		}
	}
	if a.Validity != record.Valid || a.Vitals().Open {
		t.Errorf("%s, vitals %+v, diagnostics %v", a.Validity, a.Vitals(), rules(a))
	}
	for i := range p.Phases {
		p.Phases[i].Mix = []record.Class{{Name: "a", Model: "credit", Batch: i + 1, Share: 1}}
	}
	if mixed := analyse(t, recordtest.Open(t, p)); len(mixed.Saturated) != 0 {
		t.Errorf("%+v of closed loops that ask for different things", mixed.Saturated)
	}
	alone := recordtest.Saturate()
	alone.Phases = alone.Phases[:2]
	if one := analyse(t, recordtest.Open(t, alone)); len(one.Saturated) != 0 {
		t.Errorf("%+v of a single closed loop", one.Saturated)
	}
}

// Where nobody was busy at the highest throughput, it may be no limit of the server's.
func TestIdleAtMost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cpus             float64
		server, generate float64 // shares of the CPUs
		told             bool
	}{{2, 0.5, 0.5, true}, {2, 0.9, 0.5, false}, {1, 0.5, 0.5, true}, {0.25, 0.9, 0.5, false}, {0, 0.2, 0.2, false}} {
		p := recordtest.Saturate()
		p.Targets, p.Rounds = p.Targets[:1], 1
		run := recordtest.Open(t, p)
		run.Targets[0].CPUs = tt.cpus
		given := tt.cpus
		if given == 0 {
			given = 1
		}
		for i := range run.Cells {
			c := &run.Cells[i]
			c.Usage = record.Usage{Known: true, CPU: time.Duration(tt.server * given * float64(c.Span))}
			c.Instrument.CPUs, c.Instrument.SendingTime = 1, c.Span
			c.Instrument.SendingCPU = time.Duration(tt.generate * float64(c.Span))
		}
		if got := sentence.SaturationResult(analyse(t, run).Saturated[0]); strings.Contains(got, "neither server nor generator was busy then") != tt.told {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// A closed loop reaches its workers and its rate is its own: no rule looks at
// that. Lag and the generator's CPU are the instrument's in any loop.
func TestRulesOfClosedLoops(t *testing.T) {
	t.Parallel()
	p := recordtest.Saturate()
	p.Targets, p.Phases, p.Rounds = p.Targets[:1], p.Phases[:2], 1
	run := recordtest.Open(t, p)
	c := &run.Cells[1]
	c.Instrument.WorkerCap, c.Instrument.Workers = 1, 1
	c.Ledger.Scheduled += 5
	c.Slices[0].Scheduled += 5
	if a := analyse(t, run); a.Validity != record.Valid {
		t.Errorf("%+v", a.Diagnostics)
	}
	c.Instrument.SendingCPU = c.Span * 9 / 10
	if d := analyse(t, run).Diagnostics[0]; d.Rule != "generator-cpu" || !strings.Contains(d.Text, "the throughput is the generator's, not the server's") {
		t.Errorf("%+v", d)
	}
	p.Targets[0].Lag = 3 * time.Millisecond
	if d := analyse(t, recordtest.Open(t, p)).Diagnostics[0]; d.Rule != "lag" || d.Severity != record.SeverityError {
		t.Errorf("%+v, want the lag of a closed loop diagnosed", d)
	}
}

// The classes of a mix add up to the row.
func TestClasses(t *testing.T) {
	t.Parallel()
	run := recordtest.Open(t, recordtest.Mixed())
	a := analyse(t, run)
	for _, r := range a.Rows {
		var ok int64
		for _, c := range r.Classes {
			ok += c.Ledger.OK
			if c.Response.N != c.Ledger.OK || !c.Response.Quantiles[2].Known {
				t.Errorf("%s, class %s: %d times of %d answers", r.Target, c.Name, c.Response.N, c.Ledger.OK)
			}
		}
		if len(r.Classes) != 2 || ok != r.Ledger.OK {
			t.Errorf("%s: classes %+v, ledger %+v", r.Target, r.Classes, r.Ledger)
		}
	}
	second(run).Classes[0].Ledger.OK--
	if a := analyse(t, run); a.Validity != record.Invalid || a.Diagnostics[0].Rule != "ledger" {
		t.Errorf("a class that lost a request: %s, %v", a.Validity, rules(a))
	}
}

// The floor is read between two rates on their logarithm, and beyond them at the
// nearest; what it cannot tell it leaves out.
func TestFloor(t *testing.T) {
	t.Parallel()
	run := recordtest.Open(t, recordtest.Compare())
	run.Calibration = recordtest.Calibration()
	for i := range run.Cells {
		run.Cells[i].Slices = run.Cells[i].Slices[:0]
		run.Cells[i].Log = ""
	}
	for _, tt := range []struct {
		rate     float64
		p50, p99 time.Duration
	}{
		{10, 110 * time.Microsecond, 0},
		{math.Sqrt(100 * 1000), 100 * time.Microsecond, 0},
		{1000, 90 * time.Microsecond, 240 * time.Microsecond},
		{math.Sqrt(1000 * 10000), 80 * time.Microsecond, 320 * time.Microsecond},
		{50000, 70 * time.Microsecond, 400 * time.Microsecond},
	} {
		for i := range run.Cells {
			c := &run.Cells[i]
			c.Ledger.Scheduled = int64(math.Round(tt.rate * c.Span.Seconds()))
		}
		f := analyse(t, run).Rows[0].Floor
		if near := f.Quantiles[0] - tt.p50; near.Abs() > 200*time.Nanosecond || (f.Quantiles[2]-tt.p99).Abs() > time.Microsecond {
			t.Errorf("at %v/s: %v, want p50 %v and p99 %v", tt.rate, f.Quantiles, tt.p50, tt.p99)
		}
		a := analyse(t, run)
		if told := slices.Contains(rules(a), "max-rate"); told != (tt.rate > 24000) {
			t.Errorf("at %v/s, calibrated up to 24,000/s: told %v", tt.rate, told)
		}
	}
	run.Calibration = nil
	if a := analyse(t, run); a.Rows[0].Floor != nil {
		t.Errorf("a floor without calibration: %+v", a.Rows[0].Floor)
	}
}

// What failed, was censored or never sent came too late for the SLO.
func TestAttained(t *testing.T) {
	t.Parallel()
	run := recordtest.Open(t, recordtest.Compare())
	a := analyse(t, run)
	row := a.Rows[1]
	if row.Attained.N != row.Ledger.Scheduled || row.Attained.K != row.Ledger.OK || row.Attained.Low >= row.Attained.Value {
		t.Errorf("%+v of %+v: all right answers came within 50 ms, and none of the others", row.Attained, row.Ledger)
	}
	run.Scenario.SLO.P99 = 0
	if a := analyse(t, run); a.Rows[1].Attained.N != 0 {
		t.Errorf("%+v without a deadline", a.Rows[1].Attained)
	}
}

// A machine that cannot give what the load needs makes the run INVALID, and that is
// its reason, not that nothing was measured.
func TestRefused(t *testing.T) {
	t.Parallel()
	a := analyse(t, recordtest.Open(t, recordtest.Refused()))
	if a.Validity != record.Invalid || a.Verdict != record.InvalidInstrument || a.Empty() || !a.Refused() {
		t.Errorf("%s, %s, empty %v", a.Validity, a.Verdict, a.Empty())
	}
	if d, others := a.Fault(); d == nil || d.Rule != "descriptors" || others != 0 {
		t.Errorf("fault %+v and %d others", d, others)
	}
	const want = "this machine cannot give what the load needs: descriptors (64 open files, want ≥ 532); to fix it: raise the limit: ulimit -n 532"
	if got := sentence.Blame(a); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p := recordtest.Refused()
	p.Targets[0].Running = true
	p.Environment = append(p.Environment, record.Fact{Name: "limits.cpus", Value: "1", Unequal: true})
	if got := rules(analyse(t, recordtest.Open(t, p))); !slices.Equal(got, []string{"descriptors"}) {
		t.Errorf("diagnostics %v, want none about figures that are not there", got)
	}
}

// Answers that have no model behind them are not said to be unchecked.
func TestJudgedByStatus(t *testing.T) {
	t.Parallel()
	a := analyse(t, recordtest.Open(t, recordtest.ByStatus()))
	if !a.JudgedByStatus() || slices.Contains(rules(a), "agreement-unknown") || a.Verdict != record.Pass {
		t.Errorf("by status %v, %s, diagnostics %v", a.JudgedByStatus(), a.Verdict, rules(a))
	}
	if analyse(t, recordtest.Open(t, recordtest.Compare())).JudgedByStatus() {
		t.Error("answers of a model that were checked are said to be judged by their status")
	}
}

// A phase whose end is slower than its beginning is told, in words.
func TestDriftIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		drift   float64
		process string
		told    bool
	}{{0.3, "poisson", true}, {0, "poisson", false}, {0.3, "ramp", false}} {
		p := recordtest.Compare()
		p.Targets, p.Phases[1].Arrivals = p.Targets[:1], tt.process
		p.Targets[0].Slows = tt.drift
		a := analyse(t, recordtest.Open(t, p))
		i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "stationarity" })
		if (i >= 0) != tt.told || a.Validity != record.Valid {
			t.Fatalf("%+v: %s, %v", tt, a.Validity, rules(a))
		}
		if tt.told && (a.Diagnostics[i].Severity == record.SeverityError || !strings.Contains(a.Diagnostics[i].Text, "% slower than the rest") || !strings.Contains(a.Diagnostics[i].Action, "soak")) {
			t.Errorf("%+v", a.Diagnostics[i])
		}
	}
}
