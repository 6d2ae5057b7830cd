package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"flag"
	gohtml "html"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/stat"
	"servebench/reports/formattest"
	"servebench/reports/html"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func render(t testing.TB, a *analysis.Analysis) string {
	t.Helper()
	var page bytes.Buffer
	if err := html.Write(&page, a); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// compare is the analysis of several targets.
func compare(t testing.TB, targets, rounds int) *analysis.Analysis {
	t.Helper()
	return analyse(t, recordtest.Several(targets, rounds))
}

func analyse(t testing.TB, p recordtest.Plan) *analysis.Analysis {
	t.Helper()
	a, err := analysis.Analyse(recordtest.Open(t, p))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ordinary is a comparison with a bit of everything.
func ordinary(t testing.TB) *analysis.Analysis {
	t.Helper()
	p := recordtest.Several(2, 3)
	p.Targets[1].Errors = []recordtest.Error{{Class: "status 503", Example: "503 Service Unavailable: queue full", Share: 0.004}}
	a := analyse(t, p)
	a.Run.Dir = "runs/" + a.Run.ID
	a.Run.Targets = append(a.Run.Targets, record.Target{
		Name: "vm", Unavailable: "no qemu-system-x86_64 in PATH; to make it available: apt-get install -y qemu-system-x86"})
	a.Diagnostics = []record.Diagnostic{{Rule: "unequal", Target: "container", Text: "network could not be made equal between the targets",
		Figure: "loopback, host network namespace", Threshold: "the same on every target", Action: "allow for it when comparing them"}}
	return a
}

// words is the text of a page, a line for each element that has some.
func words(page string) string {
	for _, hidden := range []string{`(?s)<style>.*?</style>`, `(?s)<svg.*?</svg>`} {
		page = regexp.MustCompile(hidden).ReplaceAllString(page, "")
	}
	page = regexp.MustCompile(`</?(?:strong|code|small|span)[^>]*>`).ReplaceAllString(page, " ")
	page = regexp.MustCompile(`</t[dh]><t[dh][^>]*>`).ReplaceAllString(page, " | ")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, "\n")
	var lines []string
	for line := range strings.SplitSeq(gohtml.UnescapeString(page), "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestGolden(t *testing.T) {
	const golden = "testdata/compare.golden"
	got := words(render(t, ordinary(t)))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the page's text changed; if it should, run the test with -update (-want +got):\n%s", diff)
	}
}

// TestFromTheRecordUp renders what the analysis makes of a run on disk. The figures
// themselves are the business of its own tests.
func TestFromTheRecordUp(t *testing.T) {
	inOrder(t, words(render(t, analyse(t, recordtest.Compare()))), "compare", "physical", "container", "vm", "NOT RUN", "qemu-system-x86",
		"Results", "Latency by percentile", "Cold starts", "status 503", "503 Service Unavailable: queue full", "Over time", "Diagnostics",
		"Limits", "p99 response time", "Load generator", "Ledger", "network path", "servebench run compare --seed 1")
}

func TestPolicyFitsThePage(t *testing.T) {
	page := render(t, compare(t, 2, 2))
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if style == nil || policy == nil {
		t.Fatal("the page has no style sheet or no policy")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if got := gohtml.UnescapeString(policy[1]); !strings.Contains(got, want) || !strings.Contains(got, "default-src 'none'") {
		t.Errorf("policy %q, want the style sheet's hash %s and nothing else allowed", got, want)
	}
	for _, forbidden := range []string{"<script", "<link", "<iframe", " style=", "http:", "https:", "@import", "url("} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page contains %q", forbidden)
		}
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	p := recordtest.Several(2, 2)
	p.Targets[1].Name = evil
	a := analyse(t, p)
	run := a.Run
	run.ID, run.Version, run.Interrupted, run.Command = evil, evil, evil, []string{evil}
	run.Scenario.Name, run.Scenario.Description, run.Scenario.Text, run.Scenario.Payloads = evil, evil, evil, evil
	run.Scenario.Phases[0].Name, run.Scenario.Phases[0].Arrivals = evil, evil
	run.Environment = []record.Fact{{Name: evil, Value: evil}}
	run.Targets[0].Facts = []record.Fact{{Name: evil, Value: evil, Unequal: true}}
	run.Targets[0].Deployments[0].Failed = evil
	run.Targets[0].Deployments[0].Stages[0].Name = evil
	run.Targets = append(run.Targets, record.Target{Name: "vm", Unavailable: evil})
	a.Diagnostics = []record.Diagnostic{{Rule: evil, Severity: record.SeverityError, Target: evil, Phase: evil, Text: evil, Figure: evil, Threshold: evil, Action: evil}}
	a.Validity = record.Invalid
	a.Gates[0].Unavailable, a.Gates[0].Metric, a.Gates[0].Missing = evil, evil, gate.Missing(evil)
	a.Rows[0].Errors = []record.ErrorCount{{Class: evil, Count: 3, Example: evil}}
	page := render(t, a)
	for _, tag := range []string{"<script", "<img"} {
		if strings.Contains(page, tag) {
			t.Errorf("the page contains %s", tag)
		}
	}
	// As an attribute's value, the text must not end the attribute.
	if strings.Contains(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(page, "><"), "onerror=alert(2)>") {
		t.Error("the text broke out of an attribute")
	}
	if got := strings.Count(words(page), "alert(1)"); got < 20 {
		t.Errorf("the text is shown %d times, want it wherever the run has it", got)
	}
}

func TestInvalidComesFirst(t *testing.T) {
	a := compare(t, 2, 2)
	a.Validity, a.Verdict = record.Invalid, record.InvalidInstrument
	a.Diagnostics = []record.Diagnostic{{Rule: "lag", Severity: record.SeverityError, Text: "requests left late", Figure: "lag p99 3 ms", Threshold: "1 ms", Action: "lower the rate"}}
	for i := range a.Gates {
		a.Gates[i].Verdict = record.InvalidInstrument
	}
	page := render(t, a)
	text := words(page)
	inOrder(t, text, "INVALID", "The figures below are not results", "ERROR Requests left late. lag: expected 1 ms Lower the rate.", "physical", "Results", "INVALID:", "They are not results", "Figures")
	if strings.Contains(text, "\nPASS") {
		t.Error("an invalid run shows PASS")
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg [^>]*role="img".*?</svg>`).FindAllString(page, -1) {
		if !strings.Contains(svg, "INVALID RUN") {
			t.Errorf("a figure without the mark: %.120s", svg)
		}
	}
}

// The commands are those of the program as it was called.
func TestCommandsCanBePasted(t *testing.T) {
	a := compare(t, 1, 1)
	a.Run.Command, a.Run.Dir = []string{"bin/servebench", "run", "my scenario.yaml"}, "my runs/1"
	inOrder(t, words(render(t, a)), "Reproduce", "bin/servebench report 'my runs/1'\n", "bin/servebench run 'my scenario.yaml'\n")
}

// unchecked makes a comparison of servers whose answers nobody could check.
func unchecked(t testing.TB) *analysis.Analysis {
	t.Helper()
	a := ordinary(t)
	for i := range a.Rows {
		a.Rows[i].Agreement = stat.Proportion{}
	}
	for i := range a.Cells {
		a.Cells[i].Agreement = stat.Proportion{}
	}
	return a
}

func TestUncheckedAnswersAreNotCalledCorrect(t *testing.T) {
	text := words(render(t, unchecked(t)))
	inOrder(t, text, "5,997 of 5,997 requests answered (not checked) at 199.9/s", "to the end of an answer (not checked)", "Requests answered (not checked), n:",
		"had an answer (not checked) within", "sent | OK (not checked) | failed", "for answers (not checked) only")
	for _, no := range []string{"answered correctly", "correct answer"} {
		if strings.Contains(text, no) {
			t.Errorf("the page says %q", no)
		}
	}
}

func TestMethodSaysWhatWasChecked(t *testing.T) {
	const all, none = "Every answer is checked", "No answer was checked"
	if text := words(render(t, compare(t, 2, 3))); !strings.Contains(text, all) || strings.Contains(text, none) {
		t.Error("the method does not say that every answer was checked")
	}
	if text := words(render(t, unchecked(t))); strings.Contains(text, all) || !strings.Contains(text, none) {
		t.Error("the method does not say that no answer was checked")
	}
	some := compare(t, 2, 3)
	some.Rows[1].Agreement = stat.Proportion{}
	inOrder(t, words(render(t, some)), "Method", "Where the table of answers has an agreement", "Elsewhere no answer was checked")
}

// What became of a server is said before whether the instrument can be believed.
func TestServersAreSaidFirst(t *testing.T) {
	a := ordinary(t)
	a.Validity, a.Verdict = record.Invalid, record.InvalidInstrument
	a.Diagnostics = append(a.Diagnostics, record.Diagnostic{Rule: "lag", Severity: record.SeverityError, Text: "requests left late"})
	a.Run.Targets[1].Deployments[2].Failed = "it exited with status 9; its output ends:\n\tout of memory"
	for i := range a.Rows {
		a.Rows[i].Usage = record.Usage{Known: true}
	}
	text := words(render(t, a))
	inOrder(t, text, "INVALID", "The server of container died in round 3. Also, the measurement is not valid", "physical",
		"container", "The server died in round 3: it exited with status 9.", "requests answered", "out of memory")
	for _, no := range []string{"0 B", "| 0 ms |"} {
		if strings.Contains(text, no) {
			t.Errorf("what is not known reads %q", no)
		}
	}
}

// A run whose cells hold no request has no figures.
func TestNothingMeasured(t *testing.T) {
	p := recordtest.Several(2, 2)
	p.Phases[1].Rate = 1e-6
	a := analyse(t, p)
	a.Validity, a.Run.Interrupted = record.Invalid, "stopped by a signal."
	a.Gates = []gate.Gate{{Target: "physical", Metric: "p99 response time", Verdict: record.InvalidInstrument}}
	for i := range a.Rows {
		a.Rows[i].Offered = 200
	}
	text := words(render(t, a))
	inOrder(t, text, "NO RESULT", "Nothing was measured: the run was interrupted: stopped by a signal.",
		"NOT MEASURED", "Ledger")
	if len(a.Rows) != 2 {
		t.Fatalf("%d rows", len(a.Rows))
	}
	text = text[:strings.LastIndex(text, "\nMethod\n")]
	for _, no := range []string{"VALID", "n too small", "| 0/s", "| 0 ms", "| 0 %", "What follows is"} {
		if strings.Contains(text, no) {
			t.Errorf("the page says %q:\n%s", no, text)
		}
	}
}

func TestMethodTellsTheLagThreshold(t *testing.T) {
	inOrder(t, words(render(t, compare(t, 1, 1))), "Method",
		"≤ 1 ms, or 5 % of the target's median service time where that is more, for all but 1 % of a round's requests")
}

func TestInterruptedIsSaidOnTop(t *testing.T) {
	a := compare(t, 2, 2)
	a.Run.Interrupted = "stopped by a signal."
	inOrder(t, words(render(t, a)), "PASS", "INTERRUPTED", "stopped by a signal.", "physical", "Results")
}

// inOrder fails the test when the page does not have the parts in this order.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		_, rest, found := strings.Cut(text, part)
		if !found {
			t.Fatalf("%q is not where it should be", part)
		}
		text = rest
	}
}

func TestVerdicts(t *testing.T) {
	for verdict, want := range map[record.Verdict]string{
		record.Pass: "All 2 limits are met", record.Fail: "1 of 2 limits not met: container p99 response time",
		record.Inconclusive: "1 of 2 limits undecided: container p99 response time", record.NoLimit: "the scenario sets no limits",
	} {
		a := compare(t, 2, 2)
		a.Verdict = verdict
		a.Gates[1].Verdict = verdict
		text := words(render(t, a))
		inOrder(t, text, want)
		if verdict == record.Fail {
			inOrder(t, text, "container", "FAIL", "Not met: p99 response time", "Limits", "The whole interval lies above the limit")
		}
	}
}

func TestNothingRan(t *testing.T) {
	a := compare(t, 2, 0)
	a.Run.Targets[0].Unavailable = "no runc in PATH; to make it available: apt-get install -y runc"
	a.Run.Targets[1].Deployments = []record.Deployment{{Round: 1, Failed: "exit status 1: address already in use"}}
	inOrder(t, words(render(t, a)), "Nothing was measured", "NOT MEASURED", "The server did not come up: exit status 1: address already in use.", "NOT RUN", "apt-get install -y runc",
		"Errors", "address already in use", "Reproduce")
}

func TestWhatRecursIsSaidOnce(t *testing.T) {
	a := compare(t, 2, 3)
	for i := range a.Run.Targets[1].Deployments {
		a.Run.Targets[1].Deployments[i].Failed = "exit status 3"
	}
	// Diagnostics come collapsed: each is an entry.
	a.Diagnostics = append(a.Diagnostics, record.Diagnostic{Rule: "deployment", Target: "container", Round: 2, Text: "p99 is one word"})
	a.Run.Targets[0].Deployments[1].FirstAnswerError = "status 404"
	text := words(render(t, a))
	inOrder(t, text, "Errors", "physical, round 2", "status 404",
		"container, rounds 1, 2 and 3", "exit status 3", "Diagnostics", "container, round 2", "p99 is one word.")
	for once, in := range map[string]string{"p99 is one word": text, "exit status 3": text[strings.LastIndex(text, "\nErrors\n"):]} {
		if n := strings.Count(in, once); n != 1 {
			t.Errorf("%q is said %d times", once, n)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	page := render(t, compare(t, 2, 1))
	for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if strings.Count(page, ` id="`+link[1]+`"`) != 1 {
			t.Errorf("the link to #%s does not lead to one place", link[1])
		}
	}
}

func TestSizeOfALargeComparison(t *testing.T) {
	const most = 1_500_000
	if n := len(render(t, compare(t, 4, 5))); n > most {
		t.Errorf("the report of five rounds on four targets has %d bytes, want at most %d", n, most)
	}
}

func TestFormat(t *testing.T) {
	a := compare(t, 1, 1)
	files := formattest.Render(t, html.Format(), a)
	if text := string(files["report.html"]); len(files) != 1 || !strings.HasSuffix(text, "</html>\n") {
		t.Errorf("%d files, report.html of %d bytes", len(files), len(text))
	}
	full := errors.New("no space left")
	if err := html.Format().Render(a, func(string, func(io.Writer) error) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func BenchmarkWrite(b *testing.B) {
	a := compare(b, 4, 5)
	for b.Loop() {
		if err := html.Write(io.Discard, a); err != nil {
			b.Fatal(err)
		}
	}
}
