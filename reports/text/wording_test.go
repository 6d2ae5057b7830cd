package text_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
	"servebench/reports/text"
)

// read is the text of a plan's run, spoiled.
func read(t *testing.T, p recordtest.Plan, spoil func(*record.Run)) string {
	t.Helper()
	run := recordtest.Open(t, p)
	spoil(run)
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := text.Write(&got, document.New(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	return got.String()
}

// Answers that nobody compared are not called correct.
func TestUncheckedAnswersAreNotCalledCorrect(t *testing.T) {
	got := read(t, recordtest.Compare(), func(r *record.Run) {
		for i := range r.Cells {
			r.Cells[i].Answers = record.Answers{}
		}
	})
	if strings.Contains(got, "correct") || !strings.Contains(strings.Join(strings.Fields(got), " "), "the end of an answer (not checked)") {
		t.Error(got)
	}
}

// That a server died is said before that the measurement is not valid.
func TestServersAreSaidFirst(t *testing.T) {
	p := plans()["invalid"]
	p.Targets[1].DiesAt = 4 * time.Second
	got := strings.Join(strings.Fields(read(t, p, func(r *record.Run) {
		for i := range r.Cells {
			r.Cells[i].Usage.Resident = 0
		}
	})), " ")
	at := -1
	for _, part := range []string{
		"INVALID compare: the server of container died in round 3. Also, the measurement is not valid",
		"WARNING container, round 3: The server did not last", "ERROR container, round 1: The load generator sent requests late", "RESULTS",
	} {
		i := strings.Index(got, part)
		if i <= at {
			t.Fatalf("%q is not where it should be in\n%s", part, got)
		}
		at = i
	}
	if n := strings.Count(got, "The server did not last"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
	if strings.Contains(got, "0 B") {
		t.Error("memory that is not known reads 0 B")
	}
}

// A run that was interrupted before its first request has no figures.
func TestNothingMeasured(t *testing.T) {
	p := recordtest.Compare()
	p.Targets, p.Rounds = p.Targets[:1], 1
	p.Phases[1] = record.Phase{Name: "steady", Arrivals: "constant", Rate: 0.001, Duration: time.Second, Measured: true, Open: true}
	p.Interrupted = "stopped by a signal"
	got := read(t, p, func(r *record.Run) { r.Cells[1].Usage = record.Usage{} })
	const first = "NO RESULT compare: nothing was measured: the run was interrupted: stopped by a signal\n  → Run it again to its end.\n"
	if !strings.HasPrefix(got, first) {
		t.Errorf("starts with %.200s", got)
	}
	for _, no := range []string{"\nVALID", "0 ms", "0 %", " 0.0", "n too small", "100 %", "0 B"} {
		if strings.Contains(strings.ReplaceAll(got, "≤ 50 ms", ""), no) {
			t.Errorf("it says %q:\n%s", no, got)
		}
	}
}

// A server that never came up is the reason why there is no result.
func TestNoServerCameUp(t *testing.T) {
	got := read(t, recordtest.Compare(), func(r *record.Run) {
		r.Cells = nil
		for i := range r.Targets[:2] {
			for k := range r.Targets[i].Deployments {
				r.Targets[i].Deployments[k] = record.Deployment{Round: k + 1, Failed: "exit status 3:\n\taddress in use"}
			}
		}
	})
	if !strings.HasPrefix(got, "NO RESULT compare: nothing was measured: the server of physical did not come up in any round;") {
		t.Errorf("starts with %.200s", got)
	}
	if strings.Contains(got, "INVALID") {
		t.Errorf("limits are judged by nothing:\n%s", got)
	}
	if n := strings.Count(got, "address in use"); n != 2 {
		t.Errorf("what two servers said is told %d times:\n%s", n, got)
	}
}

// Without limits, a server's death is all that the first line has to say.
func TestDeathWithoutLimits(t *testing.T) {
	got := read(t, recordtest.Compare(), func(r *record.Run) {
		r.Scenario.SLO = record.SLO{}
		r.Targets[1].Deployments[1].Failed = "signal: killed"
	})
	first, _, _ := strings.Cut(got, "\n")
	if !strings.Contains(first, "the server of container died") || strings.Contains(first, "Also,") {
		t.Errorf("the first line is %q", first)
	}
}
