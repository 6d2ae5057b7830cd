package text_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/formattest"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
	"servebench/reports/text"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// plans are runs that read differently.
func plans() map[string]recordtest.Plan {
	invalid := recordtest.Compare()
	invalid.Targets[0].GeneratorCPU = 0.91
	invalid.Targets[1].Lag = 900 * time.Microsecond

	died := recordtest.Compare()
	died.Targets[1].DiesAt = 4 * time.Second

	slow := recordtest.Compare()
	slow.SLO.P99 = 2600 * time.Microsecond
	slow.SLO.P50 = 880 * time.Microsecond
	slow.Targets[1].Wrong = 0.002

	phases := recordtest.Compare()
	phases.Phases = append(phases.Phases, record.Phase{
		Name: "spike", Arrivals: "poisson", Rate: 800, Duration: 3 * time.Second, Measured: true, Open: true,
	})
	phases.Interrupted = "stopped before phase spike of container in round 3 of 3"

	alone := recordtest.Compare()
	alone.Targets, alone.SLO, alone.Rounds = alone.Targets[:1], record.SLO{}, 1
	alone.Phases[1].Rate = 60
	alone.Environment = append(alone.Environment,
		record.Fact{Name: "generator CPUs", Value: "0, shared with the target", Unequal: true})

	nothing := recordtest.Compare()
	nothing.Targets = nothing.Targets[2:]

	all := map[string]recordtest.Plan{
		"compare": recordtest.Compare(), "invalid": invalid, "died": died, "slow": slow,
		"phases": phases, "alone": alone, "nothing": nothing,
		"coldstart": recordtest.ColdStart(), "overhead": recordtest.Overhead(), "running": recordtest.Running(),
		"stress": recordtest.Stress(), "saturate": recordtest.Saturate(), "capacity": recordtest.Search(), "mixed": recordtest.Mixed(), "scale": recordtest.Scale(), "failover": recordtest.Failover(), "sizes": recordtest.Sizes(),
		"calibrated": recordtest.Calibrated(), "status": recordtest.ByStatus(), "refused": recordtest.Refused(),
		"monitored": recordtest.Monitored(), "retrained": recordtest.Retrained(),
	}
	maps.Copy(all, abTests())
	return all
}

func analyse(t *testing.T, p recordtest.Plan) *analysis.Analysis {
	t.Helper()
	a, err := analysis.Analyse(recordtest.Open(t, p))
	if err != nil {
		t.Fatal(err)
	}
	fixFolder(a)
	return a
}

func TestGolden(t *testing.T) {
	for name, p := range plans() {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			a := analyse(t, p)
			if err := text.Write(&got, document.New(a), text.Style{}); err != nil {
				t.Fatal(err)
			}
			checkColour(t, a, got.String())
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-golden +got)\n%s", diff)
			}
			for _, line := range strings.Split(got.String(), "\n") {
				if n := utf8.RuneCountInString(line); n > 100 {
					t.Errorf("a line of %d columns: %s", n, line)
				}
			}
		})
	}
}

// checkColour holds the coloured text against the plain one: colours change
// nothing but the colour.
func checkColour(t *testing.T, a *analysis.Analysis, plain string) {
	t.Helper()
	var coloured bytes.Buffer
	if err := text.Write(&coloured, document.New(a), text.Style{Colour: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain, "\x1b") {
		t.Error("colours without being asked for")
	}
	if !strings.Contains(coloured.String(), "\x1b") {
		t.Error("no colour")
	}
	bare := coloured.String()
	for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"} {
		bare = strings.ReplaceAll(bare, code, "")
	}
	if diff := cmp.Diff(plain, bare); diff != "" {
		t.Errorf("(-plain +coloured)\n%s", diff)
	}
}

// Text from outside must not move the cursor, colour the terminal or turn the
// direction of the text.
func TestHostileText(t *testing.T) {
	p := recordtest.Compare()
	const hostile = "\x1b[2J\x1b]0;owned\a\r\n\u202e\x00\xffend"
	p.Targets[1].Errors[0].Example = hostile
	p.Targets[2].Unavailable = hostile
	p.Interrupted = hostile
	var got bytes.Buffer
	if err := text.Write(&got, document.New(analyse(t, p)), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(got.String(), "\x1b\a\r\x00\u202e") || !utf8.Valid(got.Bytes()) {
		t.Errorf("%q", got.String())
	}
}

// An INVALID run says so in its first word.
func TestInvalidIsSaidFirst(t *testing.T) {
	var got bytes.Buffer
	if err := text.Write(&got, document.New(analyse(t, plans()["invalid"])), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.String(), "INVALID ") {
		t.Errorf("starts with %.60q", got.String())
	}
}

// The command that makes the reports again is the one that made the run.
func TestCommandCanBePasted(t *testing.T) {
	a := analyse(t, plans()["nothing"])
	a.Run.Command[0], a.Run.Dir = "bin/servebench", "my runs/1"
	var got bytes.Buffer
	if err := text.Write(&got, document.New(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "\n    bin/servebench report 'my runs/1'\n"; !strings.Contains(got.String(), want) {
		t.Errorf("no %q in\n%s", want, got.String())
	}
}

func TestFormatWritesItsFile(t *testing.T) {
	a := analyse(t, recordtest.Compare())
	files := formattest.Render(t, text.Format(), a)
	if len(files) != 1 || len(files["report.txt"]) == 0 {
		t.Errorf("files %v", files)
	}
}

// An answer that was wrong is shown with the one that was wanted, however long it is.
func TestWantedIsNeverCut(t *testing.T) {
	a, err := analysis.Analyse(recordtest.Open(t, recordtest.Compare()))
	if err != nil {
		t.Fatal(err)
	}
	const example = "applications.csv, record 18: answered 0.030682492746508038, want 0.5"
	a.Rows[0].Errors = []record.ErrorCount{{Class: "wrong answer", Count: 1, Example: example}}
	var b bytes.Buffer
	if err := text.Write(&b, document.New(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), example) {
		t.Errorf("not in the report: %s\n%s", example, b.String())
	}
}
