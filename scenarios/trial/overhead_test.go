package trial

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

// withOverhead changes a test's scenario to two phases that are compared.
func withOverhead(set ...decode.Setting) []decode.Setting {
	load := "[{name: warm-up, rate: 100, duration: 20ms, measure: false}, {name: nothing, model: noop, rate: 500, duration: 40ms}, {name: real, rate: 500, duration: 40ms}]"
	return append([]decode.Setting{{Key: "load", Value: load}, {Key: "overhead", Value: "{noop: nothing, model: real}"}}, set...)
}

// TestOverheadPhasesAreAlikeButForTheModel compares what the two phases would send.
func TestOverheadPhasesAreAlikeButForTheModel(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, withOverhead()...)
	run := &session{Runner: runner, scenario: s}
	if err := run.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	type sent struct {
		due   []time.Duration
		order uint64
		path  string
		body  string
	}
	planned := func(round, phase int) sent {
		cfg := run.attackConfig(run.variant("a"), round, phase)
		request := cfg.Corpus.Request(7).Wire()
		return sent{slices.Collect(cfg.Arrivals), cfg.OrderSeed, request.Path, string(request.Body)}
	}
	nothing, real, later := planned(1, 1), planned(1, 2), planned(2, 2)
	if len(real.due) != 20 || !slices.Equal(nothing.due, real.due) || nothing.order != real.order || nothing.body != real.body {
		t.Errorf("the phases differ: %+v and %+v", nothing, real)
	}
	if nothing.path != "/v2/models/noop/infer" || real.path != "/v2/models/credit/infer" {
		t.Errorf("paths %s and %s, want those of two models", nothing.path, real.path)
	}
	if slices.Equal(real.due, later.due) || slices.Equal(real.due, planned(1, 0).due) {
		t.Error("two rounds, or a phase that is not compared, have the same due times")
	}
}

// TestOverheadPhasesChangePlaces plays two rounds and wants the two phases in another
// order in the second, each answered by its own model.
func TestOverheadPhasesChangePlaces(t *testing.T) {
	a := &fakeTarget{}
	runner, s := newRunner(t, a, &fakeTarget{}, withOverhead(decode.Setting{Key: "targets", Value: "[a]"})...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, cell := range run.Cells {
		order = append(order, cell.Phase)
		l, checked := cell.Ledger, cell.Answers
		if l.OK != l.Scheduled || checked.Agreed != l.OK {
			t.Errorf("%s: %+v, %+v, want every answer to agree", cell.Phase, l, checked)
		}
		if labelled := checked.Labelled > 0; labelled == (cell.Phase == "nothing") {
			t.Errorf("%s: %d answers compared with labels, of which the model without computing knows none", cell.Phase, checked.Labelled)
		}
	}
	if want := []string{"warm-up", "nothing", "real", "warm-up", "real", "nothing"}; !slices.Equal(order, want) {
		t.Errorf("phases %v, want %v", order, want)
	}
	noops := 0
	for _, path := range a.paths {
		if strings.Contains(path, "noop") {
			noops++
		}
	}
	if noops != 40 || len(a.paths) != 2*(1+2+20+20) {
		t.Errorf("%d of %d requests to noop, want 40 of 86", noops, len(a.paths))
	}
	if diff := cmp.Diff(&record.Overhead{Noop: "nothing", Model: "real"}, run.Scenario.Overhead); diff != "" {
		t.Errorf("overhead of the record (-want +got):\n%s", diff)
	}
	if p := run.Scenario.Phases; p[1].Model != "noop" || p[2].Model != "credit" {
		t.Errorf("phases %+v, want their models", p)
	}
}

// TestPayloadsOfModels: a model more changes the hash, and the order of the
// phases alone that of several models.
func TestPayloadsOfModels(t *testing.T) {
	hash := func(set ...decode.Setting) (payloads, own string) {
		runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, set...)
		run := &session{Runner: runner, scenario: s}
		if err := run.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		return run.record.Scenario.Payloads, run.variants[0].requests.First.Hash()
	}
	one, own := hash()
	if one != own {
		t.Errorf("one model: %s, want the corpus's own hash, %s", one, own)
	}
	two, _ := hash(withOverhead()...)
	again, _ := hash(withOverhead(decode.Setting{Key: "rounds", Value: "9"})...)
	other, _ := hash(withOverhead(decode.Setting{Key: "workload.model", Value: "noop"}, decode.Setting{Key: "load.real.model", Value: "credit"})...)
	if two == one || two != again || two == other || len(two) != 64 {
		t.Errorf("hashes %s of one model, %s and %s of two, %s of those in another order", one, two, again, other)
	}
}

// TestReferenceIsAskedForItsModels wants the command line for all models of the
// scenario, and unknown ones and those of another generator to be refused.
func TestReferenceIsAskedForItsModels(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, withOverhead()...)
	var asked []string
	runner.Reference.Command = func(s *scenarios.Scenario) ([]string, error) {
		asked = s.Models()
		return []string{"refserver"}, nil
	}
	if err := (&session{Runner: runner, scenario: s}).prepare(t.Context()); err != nil || !slices.Equal(asked, []string{"credit", "noop"}) {
		t.Errorf("asked for %q, error %v, want credit and noop", asked, err)
	}
	runner.Reference.Models[0].Generator = "prompts"
	if err := (&session{Runner: runner, scenario: s}).prepare(t.Context()); err == nil || !strings.Contains(err.Error(), `data.generator: model "credit" takes the examples of generator "prompts"`) {
		t.Errorf("error %v, want that the examples do not fit", err)
	}
	runner.Reference.Models = nil
	if err := (&session{Runner: runner, scenario: s}).prepare(t.Context()); err == nil || !strings.Contains(err.Error(), `no model "credit"`) {
		t.Errorf("error %v, want that the model is not there", err)
	}
}
