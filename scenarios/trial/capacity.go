package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
	"servebench/scenarios/preflight"
)

// NextStep says from the record what to play next on a target of a search; false: its search
// is over. An error ends the run.
type NextStep func(run *record.Run, target string) (record.Upcoming, bool, error)

// Capacity searches for the highest rate at which each target holds the scenario's SLO: on one
// target after the other it plays the steps that next asks for, each on a fresh server, and
// reruns those that the load generator was disturbed in, or whose server somebody removed or
// the platform ended. The requests are those of the
// scenario's first open loop that is measured, and its rate is the first where the plan has
// none. What it returns is as of Run. The cells of a target that are measured in its record
// are those of its last attempt at a certificate; without one, of its last step.
func (r *Runner) Capacity(ctx context.Context, sc *scenarios.Scenario, plan record.Capacity, next NextStep) (*record.Run, error) {
	s, err := r.newSearch(ctx, sc)
	if err != nil {
		return nil, err
	}
	if plan.From == 0 {
		plan.From = s.searched.Rate
	}
	s.record.Capacity = &plan
	if err := s.createRecord(); err != nil {
		return nil, err
	}
	return s.playAndSave(ctx, func() { s.playSearches(ctx, next) })
}

// newSearch prepares all that comes before the first step.
func (r *Runner) newSearch(ctx context.Context, sc *scenarios.Scenario) (*session, error) {
	phase, err := searchedPhase(sc)
	if err != nil {
		return nil, err
	}
	own := searchedScenario(sc, phase)
	own.Points = slices.Clone(sc.Points)
	for i, p := range own.Points {
		if phase, err = searchedPhase(p.Scenario); err != nil {
			return nil, err
		}
		own.Points[i].Scenario = searchedScenario(p.Scenario, phase)
	}
	phase = own.Load[0]
	s := &session{Runner: r, scenario: own, rounds: 1, searched: phase, secrets: sc.Secrets.With(nil)}
	if err := s.unlessStopped(ctx, s.prepare); err != nil {
		if _, of := errors.AsType[decode.Faults](err); !of { // which say where they are
			err = fmt.Errorf("prepare %s: %w", sc.Name, err)
		}
		return nil, s.secrets.Error(err)
	}
	return s, nil
}

// searchedScenario is one whose only load is that of a search.
func searchedScenario(sc *scenarios.Scenario, phase scenarios.Phase) *scenarios.Scenario {
	own := *sc
	own.Load, own.Rounds, own.ColdStarts, own.Overhead, own.Faults = []scenarios.Phase{phase}, 1, 0, nil, nil
	own.Written = maps.Clone(sc.Written)
	maps.DeleteFunc(own.Written, func(key, _ string) bool { return strings.HasPrefix(key, "load[") }) // another load is played
	return &own
}

// searchedPhase is the phase whose requests are sent at rates that are searched for.
func searchedPhase(sc *scenarios.Scenario) (scenarios.Phase, error) {
	i := slices.IndexFunc(sc.Load, func(p scenarios.Phase) bool { return p.Measure && p.Concurrency == 0 && p.Recording == nil })
	if i < 0 {
		return scenarios.Phase{}, decode.Faults{{Field: "load", Problem: "there is no open loop that is measured, whose rate could be searched for",
			Want: "a phase with a rate, such as {name: steady, rate: 100, duration: 10s}"}}
	}
	phase := sc.Load[i]
	process, err := (&scenarios.Scenario{Load: []scenarios.Phase{phase}, Source: sc.Source}).ArrivalProcesses()
	if err != nil {
		return phase, err
	}
	// As users' do that know nothing of each other: certificates are for such arrivals.
	phase.Arrivals, phase.Config = arrivals.PoissonGaps, arrivals.Config{Rate: process[0].Shape().Rate, Duration: process[0].Shape().Duration}
	return phase, nil
}

// playSearches searches on one target after the other.
func (s *session) playSearches(ctx context.Context, next NextStep) {
	s.scenario.Load, s.processes = nil, nil
	if len(s.record.Capacity.Steps) == 0 {
		s.record.Scenario.Phases = []record.Phase{}
	}
	budget := &reruns{left: s.scenario.Reruns}
	names := s.variantNames()
	for i, name := range names {
		later, err := nextOn(s.record, names[i+1:], next)
		for more := err == nil; more; {
			var step record.Upcoming
			if step, more, err = next(s.record, name); err == nil && more {
				s.clock.later, s.clock.likely = later.Most.Plus(step.Most.After(step.SearchStep)), later.Likely.Plus(step.Likely.After(step.SearchStep))
				more = s.playStep(ctx, name, step.SearchStep, budget)
			}
		}
		if err != nil {
			s.fault(trial{}, "", fmt.Errorf("search on %s: %w", name, err), false)
			return
		}
		if s.measureLast(name); s.planOver() {
			return
		}
	}
}

// nextOn is how much may still come of the searches on some targets.
func nextOn(run *record.Run, names []string, next NextStep) (all record.Upcoming, err error) {
	for _, name := range names {
		first, _, err := next(run, name)
		if err != nil {
			return all, err
		}
		all.Most, all.Likely = all.Most.Plus(first.Most), all.Likely.Plus(first.Likely)
	}
	return all, nil
}

// playStep plays a step, and reruns it where it was disturbed, unless that was so mostInRow
// times; false: the search on this target cannot go on.
func (s *session) playStep(ctx context.Context, target string, step record.SearchStep, budget *reruns) bool {
	step.Target, step.Round = target, s.lastPlayedRound()+1
	if err := s.addPhases(step); err != nil {
		s.fault(trial{}, "", fmt.Errorf("plan a step at %g/s: %w", step.Rate, err), false)
		s.broken = true
		return false
	}
	for t := (trial{Trial: record.Trial{Round: step.Round, Target: target}}); ; t.Attempt++ {
		s.rounds, s.clock.trials, s.clock.load = step.Round, 1, step.Settle+step.Duration
		if s.stoppedBefore(ctx, t) || !s.runTrial(ctx, t) {
			return false
		}
		server := s.record.Deployment(t.Trial)
		played := slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool {
			return c.Trial() == t.Trial && (c.Measured || c.Aborted != "" || server.Failed != "")
		})
		if !played { // why is a fault of the record
			return false
		}
		if step.Disturbed = s.diagnose(t); server.Evicted || server.Removed { // which says nothing of the rate
			step.Disturbed, _, _ = strings.Cut(server.Failed, "\n")
		}
		if step.Disturbed == "" || budget.left == 0 {
			break
		}
		if n := t.Attempt + 1; n == mostInRow {
			s.note("%s: the search ends, with %d of %d reruns left, since %d trials in a row were disturbed: %s", target, budget.left, s.scenario.Reruns, n, step.Disturbed)
			break
		}
		budget.left--
		s.discardTrial(disturbance{t, step.Disturbed})
	}
	s.record.Capacity.Steps = append(s.record.Capacity.Steps, step)
	s.save()
	return true
}

// addPhases makes the phases of a step those of the load: one in which the server settles,
// and the one that is measured.
func (s *session) addPhases(step record.SearchStep) (err error) {
	settle, measured := s.searched, s.searched
	rate := strconv.FormatFloat(step.Rate, 'f', -1, 64)
	measured.Name = fmt.Sprintf("%s-%s", step.Kind, rate)
	if step.Kind == record.Probe {
		measured.Name += fmt.Sprintf("-%d", step.Round) // a rate may be probed twice
	}
	settle.Name, settle.Measure = record.SettlePrefix+measured.Name, false
	settle.Config = arrivals.Config{Rate: step.Rate, Duration: step.Settle}
	measured.Config = arrivals.Config{Rate: step.Rate, Duration: step.Duration}
	s.scenario.Load = []scenarios.Phase{settle, measured}
	s.scenario.AbortOn = s.abortBehind(step.Rate)
	if s.processes, err = s.scenario.ArrivalProcesses(); err != nil {
		return err
	}
	for _, v := range s.variants {
		if sc := v.scenario; sc != s.scenario { // of a sweep
			mix := sc.Load[0].Mix
			sc.Load, sc.AbortOn = slices.Clone(s.scenario.Load), s.scenario.AbortOn
			for i := range sc.Load {
				sc.Load[i].Mix = mix
			}
		}
		v.requests.Phases = append(v.requests.Phases[:1:1], v.requests.Phases[0])
	}
	s.record.Scenario.Rounds = step.Round
	for i, p := range s.scenario.Load {
		if !slices.ContainsFunc(s.record.Scenario.Phases, func(other record.Phase) bool { return other.Name == p.Name }) {
			s.record.Scenario.Phases = append(s.record.Scenario.Phases, plannedPhase(p, s.processes[i]))
		}
	}
	return nil
}

// abortBehind ends a step whose server has fallen behind: so many requests wait that, at its
// rate, each takes four times the longest limit of the SLO (J. D. C. Little, "A proof for the
// queuing formula L = λW", Operations Research 9 (1961)); or half of a second's fail. Where
// fewer may be in flight than the SLO allows to wait, that tells nothing of the server.
func (s *session) abortBehind(rate float64) *record.AbortOn {
	const times, few, most = 4, 50, 0.9
	failing := 0.5
	slo := s.record.Scenario.SLO
	longest := time.Duration(0)
	for _, q := range []record.Quantiles{slo.Response(), slo.Service, slo.FirstByte} {
		longest = max(longest, q.P50, q.P90, q.P99, q.P999)
	}
	if longest == 0 {
		longest = s.scenario.Timeout
	}
	behind := few + math.Ceil(times*rate*longest.Seconds())
	highest := most * float64(preflight.MaxInFlight(rate, s.scenario.Timeout, s.openFiles))
	if highest < few+rate*longest.Seconds() {
		return &record.AbortOn{Errors: &failing, For: time.Second}
	}
	return &record.AbortOn{Errors: &failing, InFlight: int(min(behind, highest)), For: time.Second}
}

// measureLast leaves the cells of the last attempt at a certificate measured, and of the
// last step where there was none: figures of rates that a server does not hold are none of
// the server's.
func (s *session) measureLast(target string) {
	var last *record.SearchStep
	of := map[int]*record.SearchStep{} // by round
	for i := range s.record.Capacity.Steps {
		if step := &s.record.Capacity.Steps[i]; step.Target == target {
			last, of[step.Round] = step, step
		}
	}
	if last == nil {
		return
	}
	for i := range s.record.Cells {
		if c := &s.record.Cells[i]; c.Target == target && c.Measured {
			step := of[c.Round]
			c.Measured = step != nil && step.Kind == last.Kind && step.Attempt == last.Attempt && step.Rate == last.Rate
		}
	}
	counts := map[string]bool{} // a phase may be of several targets
	for _, c := range s.record.Cells {
		counts[c.Phase] = counts[c.Phase] || c.Measured
	}
	for i := range s.record.Scenario.Phases {
		if counted, played := counts[s.record.Scenario.Phases[i].Name]; played {
			s.record.Scenario.Phases[i].Measured = counted
		}
	}
	s.save()
}
