package html_test

import (
	"regexp"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// analysed is the analysis of a plan's run, from the record up.
func analysed(t *testing.T, p recordtest.Plan, spoil func(*record.Run)) *analysis.Analysis {
	t.Helper()
	run := recordtest.Open(t, p)
	spoil(run)
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func asIs(*record.Run) {}

// A run of starts alone has a page that is complete, without a word of load.
func TestStartsAlone(t *testing.T) {
	page := render(t, analysed(t, recordtest.ColdStart(), asIs))
	text := words(page)
	inOrder(t, text, "NO LOAD", "The server of container did not come up in rounds 4 and 11.", "physical 20.8 ms · container 198 ms · vm (TCG) 4.09 s",
		"vm (TCG) STARTED Its guest ran under TCG: its figures are those of software emulation", "Cold starts", "listening", "198 [177, 206] +19.8 ms",
		"| 18 | 2", "Figures", "Errors", "the disk is on fire", "Diagnostics", "Environment", "Reproduce", "starts without load, of each target | 20", "Method")
	for _, no := range []string{"Not drawn", "Nothing was measured", "Instrument", "INVALID", "No measured request", "NO RESULT", "rounds | 0"} {
		if strings.Contains(text, no) {
			t.Errorf("the page says %q", no)
		}
	}
	for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if strings.Count(page, ` id="`+link[1]+`"`) != 1 {
			t.Errorf("the link to #%s does not lead to one place", link[1])
		}
	}
}

// What came to nothing is said to have, target by target.
func TestStartsThatCameToNothing(t *testing.T) {
	text := words(render(t, analysed(t, recordtest.ColdStart(), func(r *record.Run) {
		r.Targets = r.Targets[1:]
		for i := range r.Targets[0].Deployments {
			r.Targets[0].Deployments[i] = record.Deployment{Round: i + 1, Failed: "exit status 3"}
		}
		r.Targets[2] = record.Target{Name: "endpoint", Running: true}
	})))
	inOrder(t, text, "The server of container did not come up in any round.", "vm (TCG) 4.09 s to the first answer, median of 20 starts each",
		"container NOT STARTED", "exit status 3", "endpoint NOT STARTED Its server is not started here", "Cold starts", "| – | 0 | 20", "already running")
}

func TestOverhead(t *testing.T) {
	inOrder(t, words(render(t, analysed(t, recordtest.Overhead(), asIs))), "At p50 the overhead is 306 µs on physical, ×1.1 on container",
		"Its guest ran under TCG", "the model's share not above the noise", "difference of quantiles", "÷ physical",
		"vm (TCG) | p50", "×3.77 [3.62, 3.89]", "lambda | p50", "~0, 0.00922 [-0.0113, 0.0261] | –",
		"Meters", "billed duration | 3936 ms", "GB-seconds", "phase noop, model noop")
}

// A server that ran already has no cold start and no limits.
func TestRunning(t *testing.T) {
	inOrder(t, words(render(t, analysed(t, recordtest.Running(), asIs))), "endpoint PASS The server ran already: the scenario's limits were not applied",
		"Results", "endpoint", "Cold starts", "physical", "endpoint", "already running")
}

// Without any start there is no table of starts.
func TestNoTableWithoutStarts(t *testing.T) {
	p := recordtest.Running()
	p.Targets = p.Targets[1:]
	if page := render(t, analysed(t, p, asIs)); strings.Contains(page, `id="coldstarts"`) {
		t.Error("there is a table of no starts")
	}
}
