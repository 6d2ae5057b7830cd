package trial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/targets"
)

// TestRunningServersHaveNoColdStart plays load on a server that runs already
// beside one that is deployed.
func TestRunningServersHaveNoColdStart(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{running: true}, &fakeTarget{}, short(decode.Setting{Key: "cold_starts", Value: "1"})...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ran, deployed := run.Targets[0], run.Targets[1]
	if !ran.Running || deployed.Running {
		t.Errorf("running: %t and %t, want the first alone", ran.Running, deployed.Running)
	}
	if got := passes(ran); !slices.Equal(got, []int{1, 2}) || len(deployed.Deployments) != 3 {
		t.Errorf("deployments %v and %v, want the first not to be deployed alone", got, passes(deployed))
	}
	for _, d := range ran.Deployments {
		if len(d.Stages) != 0 || d.FirstAnswerError != "" || d.Failed != "" {
			t.Errorf("deployment %+v, want no stages and no fault", d)
		}
	}
	for _, cell := range run.Cells {
		if cell.Ledger.OK != cell.Ledger.Scheduled || cell.Answers.Agreed == 0 {
			t.Errorf("%s: %+v, want every answer checked", cell.Target, cell.Ledger)
		}
		if cell.Usage.Known == (cell.Target == "a") {
			t.Errorf("%s: usage known = %t", cell.Target, cell.Usage.Known)
		}
	}
}

// TestRunningServersNeedNoServer: nobody asks for the reference server's
// executable, nor for the user's own, where none is started.
func TestRunningServersNeedNoServer(t *testing.T) {
	for name, workload := range map[string]string{
		"reference":  "{server: reference, model: credit}",
		"no server":  "{model: credit}",
		"not needed": "{command: [./nonesuch], model: credit}",
	} {
		runner, s := newRunner(t, &fakeTarget{running: true}, &fakeTarget{}, short(
			decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "workload", Value: workload}, decode.Setting{Key: "rounds", Value: "1"})...)
		runner.Reference.Command = func(*scenarios.Scenario) ([]string, error) { return nil, errors.New("there is no refserver") }
		run, err := runner.Run(t.Context(), s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, cell := range run.Cells {
			if known := cell.Answers.Checked > 0; cell.Ledger.OK == 0 || known != (name == "reference") {
				t.Errorf("%s: %d right answers, %d of them compared with the model", name, cell.Ledger.OK, cell.Answers.Checked)
			}
		}
		if slices.ContainsFunc(run.Environment, func(f record.Fact) bool { return f.Name == "target CPUs" }) {
			t.Errorf("%s: the environment names CPUs that no target was given", name)
		}
	}
}

// TestRunningServerThatAnswersSomethingElse keeps why its first answer was no
// answer.
func TestRunningServerThatAnswersSomethingElse(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{running: true}, &fakeTarget{}, short(
		decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "workload", Value: "{model: nonesuch}"}, decode.Setting{Key: "rounds", Value: "1"})...)
	run, err := runner.Run(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "status 404") {
		t.Errorf("error %v, want that the server has no such model", err)
	}
	if d := run.Targets[0].Deployments; len(d) != 1 || len(d[0].Stages) != 0 || !strings.Contains(d[0].FirstAnswerError, "404") || len(run.Cells) != 0 {
		t.Errorf("deployments %+v and %d cells, want the error and no load", d, len(run.Cells))
	}
}

func TestRunOverTLS(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{secure: true}, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "1"})...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range run.Cells {
		if cell.Ledger.OK != cell.Ledger.Scheduled || cell.Instrument.Dials == 0 {
			t.Errorf("%s: %+v over %d connections, want every answer right", cell.Phase, cell.Ledger, cell.Instrument.Dials)
		}
	}
	if stages := run.Targets[0].Deployments[0].Stages; stages[len(stages)-1].Name != record.FirstAnswer {
		t.Errorf("stages %v, want a first answer", stages)
	}
}

// TestBadOptionIsTheUsersMistake wants what a target refuses about its options to
// be a fault of the scenario.
func TestBadOptionIsTheUsersMistake(t *testing.T) {
	for want, open := range map[string]error{
		"a: no such thing":               errors.New("a: no such thing"),
		"test.yaml:3:11: a.url: not set": fmt.Errorf("a: %w", &targets.OptionError{Option: "url", Err: errors.New("not set")}),
	} {
		runner, s := newRunner(t, &fakeTarget{open: open}, &fakeTarget{})
		_, err := runner.Run(t.Context(), s)
		var faults decode.Faults
		if !errors.As(err, &faults) || err.Error() != want {
			t.Errorf("error %v, want the target's own as a fault: %s", err, want)
		}
	}
}
