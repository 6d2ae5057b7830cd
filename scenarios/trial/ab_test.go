package trial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/targets"

	"github.com/google/go-cmp/cmp"
)

// duel are two servers of the test, on the targets a and b, under the shortest load.
func duel(t *testing.T, a, b *fakeTarget, set ...decode.Setting) (r *Runner, baseline, candidate Server) {
	t.Helper()
	on := func(target string) (*Runner, *scenarios.Scenario) {
		return newRunner(t, a, b, short(append(set, decode.Setting{Key: "targets", Value: "[" + target + "]"})...)...)
	}
	r, one := on("a")
	_, other := on("b")
	return r, Server{Scenario: one, Source: "as-is"}, Server{Scenario: other, Source: "targets=b", Facts: []record.Fact{{Name: "commit", Value: "c0ffee"}}}
}

// interims are interim analyses after so many rounds.
func interims(pairs ...int) record.ABTest {
	var plan record.ABTest
	for _, n := range pairs {
		plan.Interims = append(plan.Interims, record.Interim{Pairs: n, Alpha: 0.001, Beta: 0.01})
	}
	return plan
}

// never decides nothing.
func never(*record.Run) (bool, error) { return false, nil }

// played says which trials ran, in their order: "baseline1 candidate1.1".
func played(run *record.Run) string {
	var all []string
	for _, c := range run.Cells {
		if !c.Measured {
			continue
		}
		text := fmt.Sprintf("%s%d", c.Target, c.Round)
		if c.Attempt > 0 {
			text += fmt.Sprintf(".%d", c.Attempt)
		}
		if c.Discarded != "" {
			text += "!"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestABEndsAtTheInterimThatDecides(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	r, baseline, candidate := duel(t, a, b)
	var asked []int
	var last Event
	r.Observe = func(e Event) { last = e }
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(2, 4, 8), func(run *record.Run) (bool, error) {
		asked = append(asked, run.Scenario.Rounds)
		return run.Scenario.Rounds == 4, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{2, 4}, asked); diff != "" {
		t.Errorf("rounds when it was asked (-want +got):\n%s", diff)
	}
	if a.closed != 1 || b.closed != 1 {
		t.Errorf("the targets were closed %d and %d times, want once", a.closed, b.closed)
	}
	if last.Rounds != 8 || last.Interim != 2 || last.Interims != 3 || last.InterimAt != 4 {
		t.Errorf("last event %+v, want interim analysis 2 of 3, after round 4 of 8", last)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if back.Scenario.Rounds != 4 || len(back.AB.Interims) != 3 || back.Finished.IsZero() || back.Interrupted != "" {
		t.Errorf("%d rounds, %d interim analyses, finished %v, interrupted %q; want 4 of a plan with 3 interim analyses", back.Scenario.Rounds, len(back.AB.Interims), back.Finished, back.Interrupted)
	}
	slices.Sort(a.bodies)
	slices.Sort(b.bodies)
	if !slices.Equal(a.bodies, b.bodies) {
		t.Error("the two servers got different requests")
	}
	positions := map[string]int{}
	for i, v := range strings.Fields(played(back)) {
		positions[strings.TrimRight(v, "1234")] += i % 2
	}
	if positions["baseline"] != 2 || positions["candidate"] != 2 {
		t.Errorf("order of the trials %s: want either server first in half of the rounds", played(back))
	}
	variant := back.AB.Candidate
	if variant.Target != "candidate" || variant.Kind != "b" || variant.Source != "targets=b" || len(variant.Facts) != 1 || !strings.Contains(variant.Text, "- b") {
		t.Errorf("candidate %+v", variant)
	}
}

func TestABRerunsDisturbedTrialsImmediately(t *testing.T) {
	trial := func(target string, attempt int) record.Trial {
		return record.Trial{Target: target, Round: 2, Attempt: attempt}
	}
	first := func(target string, tries int) (all []record.Trial) {
		for attempt := range tries {
			all = append(all, record.Trial{Target: target, Round: 1, Attempt: attempt})
		}
		return all
	}
	for _, tc := range []struct {
		name, reruns string
		disturbed    []record.Trial
		want         string
	}{
		{"one", "5", []record.Trial{trial("candidate", 0)}, "candidate1 baseline1 baseline2 candidate2! candidate2.1"},
		{"twice", "5", []record.Trial{trial("baseline", 0), trial("baseline", 1)}, "candidate1 baseline1 baseline2! baseline2.1! baseline2.2 candidate2"},
		{"none left", "1", []record.Trial{trial("baseline", 0), trial("baseline", 1)}, "candidate1 baseline1 baseline2! baseline2.1"},
		{"never believed", "5", first("candidate", 9), "candidate1! candidate1.1! candidate1.2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{}, decode.Setting{Key: "reruns", Value: tc.reruns})
			r.Diagnose = disturbing(tc.disturbed...)
			run, err := r.ABTest(t.Context(), baseline, candidate, interims(2), never)
			if err != nil {
				t.Fatal(err)
			}
			if got := played(run); got != tc.want {
				t.Errorf("trials %q, want %q", got, tc.want)
			}
		})
	}
}

func TestABDiscardsWhatCannotBeJudged(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{})
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(1, 2, 3), func(run *record.Run) (bool, error) {
		if run.Scenario.Rounds == 2 {
			return false, errors.New("another server by now")
		}
		return false, nil
	})
	if err == nil || !strings.Contains(err.Error(), "judge the A/B test after round 2: another server by now") {
		t.Errorf("error %v, want that of the second interim analysis", err)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := played(back), "candidate1 baseline1 baseline2! candidate2!"; got != want {
		t.Errorf("trials %q, want %q", got, want)
	}
}

func TestABGivesUpAServerThatDoesNotComeUp(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{deploy: errors.New("no luck at all")})
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(10), never)
	var missing *NotAvailableError
	if !errors.As(err, &missing) || run == nil {
		t.Fatalf("error %v beside the run %v, want one that the server did not come up", err, run)
	}
	if got, want := run.Scenario.Rounds, 2; got != want {
		t.Errorf("%d rounds, want %d", got, want)
	}
}

func TestABRefuses(t *testing.T) {
	setting := func(key, value string) decode.Setting { return decode.Setting{Key: key, Value: value} }
	for _, tc := range []struct {
		name string
		set  decode.Setting // of the candidate
		want string
	}{
		{"other load", setting("load.steady.rate", "201"), "load.steady.rate: 200 of the baseline, and 201 of the candidate"},
		{"other seed", setting("seed", "9"), "seed: 3 of the baseline"},
		{"other model", setting("workload.model", "noop"), "load.warm-up.model: credit of the baseline, and noop of the candidate"},
		{"two targets", setting("targets", "[a, b]"), "targets: an A/B test compares two servers on one target, and there are 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{})
			_, candidate.Scenario = newRunner(t, &fakeTarget{}, &fakeTarget{}, setting("targets", "[b]"), tc.set)
			_, baseline.Scenario = newRunner(t, &fakeTarget{}, &fakeTarget{}, setting("targets", "[a]"))
			_, err := r.ABTest(t.Context(), baseline, candidate, interims(2), never)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{check: &targets.Unavailable{Why: "no target"}})
	var missing *NotAvailableError
	if run, err := r.ABTest(t.Context(), baseline, candidate, interims(2), never); !errors.As(err, &missing) || run != nil {
		t.Errorf("%v, error %v, want that the target is not available", run, err)
	}
}

func TestContinueAddsRounds(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{})
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(1, 2), never)
	if err != nil {
		t.Fatal(err)
	}
	environment := len(run.Environment)
	longer, err := r.Continue(t.Context(), run.Dir, baseline, candidate, interims(1, 2, 4).Interims, never)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := r.ABTest(t.Context(), baseline, candidate, interims(4), never)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := played(longer), played(whole); got != want || longer.Scenario.Rounds != 4 || len(longer.AB.Interims) != 3 {
		t.Errorf("%d rounds with %d interim analyses: %s; want those that are played at once: %s", longer.Scenario.Rounds, len(longer.AB.Interims), got, want)
	}
	if len(longer.Environment) != environment {
		t.Errorf("environment %v, want nothing of it twice", longer.Environment)
	}
}

// TestContinueTakesUpWhatWasInterrupted stops an A/B test in the midst of its second round,
// which is to be rerun as a whole.
func TestContinueTakesUpWhatWasInterrupted(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{})
	stop := make(chan struct{})
	stopping := *r
	stopping.Stop = stop
	trials := 0
	stopping.Observe = func(e Event) {
		if e.Phase == "" && e.Note == "" {
			if trials++; trials == 4 {
				close(stop)
			}
		}
	}
	run, err := stopping.ABTest(t.Context(), baseline, candidate, interims(3), never)
	if err != nil || run.Interrupted == "" {
		t.Fatalf("interrupted %q, error %v", run.Interrupted, err)
	}
	done, err := r.Continue(t.Context(), run.Dir, baseline, candidate, run.AB.Interims, never)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := played(done), "candidate1 baseline1 baseline2! baseline2.1 candidate2.1 candidate3 baseline3"; got != want {
		t.Errorf("trials %q, want %q", got, want)
	}
	if done.Interrupted != "" || done.Scenario.Rounds != 3 {
		t.Errorf("interrupted %q after %d rounds, want the whole plan", done.Interrupted, done.Scenario.Rounds)
	}
}

// TestContinueJudgesWhatWasKilledBeforeItWasJudged has an A/B test be killed after the last
// round of an interim analysis that decides: no further round is played.
func TestContinueJudgesWhatWasKilledBeforeItWasJudged(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{})
	decides := func(run *record.Run) (bool, error) { return run.Scenario.Rounds == 2, nil }
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(2, 4), decides)
	if err != nil {
		t.Fatal(err)
	}
	cut, writer, err := record.Reopen(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	cut.Finished = time.Time{}
	if err := errors.Join(writer.Save(cut), writer.Close()); err != nil {
		t.Fatal(err)
	}
	done, err := r.Continue(t.Context(), run.Dir, baseline, candidate, run.AB.Interims, decides)
	if err != nil {
		t.Fatal(err)
	}
	if done.Scenario.Rounds != 2 || played(done) != played(run) || done.Finished.IsZero() {
		t.Errorf("%d rounds: %s, finished %v; want those that were played: %s", done.Scenario.Rounds, played(done), done.Finished, played(run))
	}
}

// TestContinuePlaysTheRoundThatTheInstrumentEnded has an A/B test end between the trials of
// its second round.
func TestContinuePlaysTheRoundThatTheInstrumentEnded(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{}, decode.Setting{Key: "reruns", Value: "0"})
	r.Diagnose = disturbing(record.Trial{Target: "baseline", Round: 2})
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(2), never)
	if err != nil {
		t.Fatal(err)
	}
	done, err := r.Continue(t.Context(), run.Dir, baseline, candidate, run.AB.Interims, never)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := played(done), "candidate1 baseline1 baseline2! baseline2.1 candidate2.1"; got != want {
		t.Errorf("trials %q, want %q", got, want)
	}
}

// TestContinuePlaysADisturbedRoundAgain has an A/B test end with the last trial of a round:
// both go together, also the one that was not disturbed.
func TestContinuePlaysADisturbedRoundAgain(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{}, decode.Setting{Key: "reruns", Value: "0"})
	r.Diagnose = disturbing(record.Trial{Target: "candidate", Round: 2})
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(3), never)
	if err != nil {
		t.Fatal(err)
	}
	done, err := r.Continue(t.Context(), run.Dir, baseline, candidate, run.AB.Interims, never)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := played(done), "candidate1 baseline1 baseline2! candidate2! baseline2.1 candidate2.1 candidate3 baseline3"; got != want {
		t.Errorf("trials %q, want %q", got, want)
	}
}

func TestContinueRefuses(t *testing.T) {
	r, baseline, candidate := duel(t, &fakeTarget{}, &fakeTarget{})
	run, err := r.ABTest(t.Context(), baseline, candidate, interims(1), never)
	if err != nil {
		t.Fatal(err)
	}
	again := func(r *Runner, baseline, candidate Server, want string) {
		t.Helper()
		if _, err := r.Continue(t.Context(), run.Dir, baseline, candidate, interims(1, 2).Interims, never); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	rebuilt := candidate
	rebuilt.Facts = []record.Fact{{Name: "commit", Value: "decaf"}}
	again(r, baseline, rebuilt, "the candidate has changed (commit: decaf, and was c0ffee) since it was begun")
	again(r, candidate, candidate, "the scenario has changed")
	if _, err := r.Continue(t.Context(), run.Dir, baseline, candidate, interims(2).Interims, never); err == nil || !strings.Contains(err.Error(), "somebody has continued it meanwhile") {
		t.Errorf("other interim analyses: error %v, want that it was continued", err)
	}
	newer := *r
	newer.Version = "v9"
	again(&newer, baseline, candidate, "servebench has changed (v9, and was )")
	_, writer, err := record.Reopen(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	again(r, baseline, candidate, "another servebench is writing it")
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	ordinary, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, short()...)
	if run, err = ordinary.Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	again(r, baseline, candidate, "it is no A/B test")
}
