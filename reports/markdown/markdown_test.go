package markdown_test

import (
	"bytes"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/gate"
	"servebench/reports/document"
	"servebench/reports/formattest"
	"servebench/reports/markdown"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func annotate(t *testing.T, a *analysis.Analysis) string {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Annotate(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	plans := recordtest.Judged()
	plans["ab slower"], plans["ab undecided"] = recordtest.Slower(), recordtest.Undecided()
	early := recordtest.Slower()
	early.Rounds = 3
	plans["ab early"] = early
	for name, p := range plans {
		t.Run(name, func(t *testing.T) {
			a := formattest.Analyse(t, p)
			formattest.Golden(t, *update, name+".md", formattest.Render(t, markdown.Format(), a)[markdown.File])
			formattest.Golden(t, *update, name+".annotations.txt", []byte(annotate(t, a)))
		})
	}
}

// The verdict is the first word, and an INVALID run's figures are called none.
func TestVerdictFirst(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Judged()["invalid"])
	text := string(formattest.Render(t, markdown.Format(), a)[markdown.File])
	if !strings.HasPrefix(text, "## INVALID: compare\n") || !strings.Contains(text, "The figures below are not results") {
		t.Errorf("%s", text)
	}
}

// Whatever is in a run, its summary stays within the limit, and says the verdict while
// it can.
func TestLimit(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	for i := range 5000 {
		a.Run.Environment = append(a.Run.Environment, record.Fact{Name: fmt.Sprint(i), Value: strings.Repeat("|", 10000)})
		a.Gates = append(a.Gates, gate.Gate{Target: "physical", Phase: "steady", Metric: strings.Repeat("<", 10000), Verdict: record.Fail})
	}
	for _, limit := range []int{-1, 0, 40, 1000, 20_000, 300_000, markdown.Limit} {
		var b bytes.Buffer
		if err := markdown.Write(&b, document.New(a), limit); err != nil {
			t.Fatal(err)
		}
		if b.Len() > max(limit, 0) {
			t.Errorf("%d bytes of at most %d", b.Len(), limit)
		}
		if limit >= 1000 && !strings.HasPrefix(b.String(), "## PASS") {
			t.Errorf("limit %d: %.60q", limit, b.String())
		}
		if limit == 20_000 && !strings.Contains(b.String(), "More is in the run's report") {
			t.Errorf("limit %d: what is left out is not said", limit)
		}
	}
}

func TestAtMostTenAnnotations(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Judged()["fail"])
	for range 30 {
		a.Gates = append(a.Gates, a.Gates...)
		if len(a.Gates) > 30 {
			break
		}
	}
	lines := strings.Split(strings.TrimSpace(annotate(t, a)), "\n")
	if len(lines) > 10 {
		t.Errorf("%d annotations", len(lines))
	}
}

// A limit on the starts is of no phase, and none is named.
func TestAnnotateStarts(t *testing.T) {
	p := recordtest.Compare()
	p.SLO.ColdStart = 10 * time.Millisecond
	text := annotate(t, formattest.Analyse(t, p))
	if want := "::error title=FAIL%3A physical::cold start "; !strings.Contains(text, "\n"+want) {
		t.Errorf("no %q in %s", want, text)
	}
}

// Text from outside makes no command, no line, no markup and no cell of its own.
func TestHostileText(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Hostile())
	for _, line := range strings.Split(strings.TrimSuffix(annotate(t, a), "\n"), "\n") {
		title, text, ok := strings.Cut(strings.TrimPrefix(line, "::error title="), "::")
		if !ok || !strings.HasPrefix(line, "::error title=") || strings.ContainsAny(title, ":,\r\x1b\x00") || text == "" {
			t.Errorf("%q", line)
		}
	}
	text := string(formattest.Render(t, markdown.Format(), a)[markdown.File])
	code := regexp.MustCompile(`(?m)^      .*$`) // in which nothing is a mark
	if strings.ContainsAny(text, "\x1b\x00\r\u202e") || strings.Contains(code.ReplaceAllString(text, ""), "<d>") {
		t.Errorf("%q", text)
	}
	columns := 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "| ") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns == 0 {
			columns = n
		}
		if n != columns {
			t.Errorf("%d cells in a table of %d: %s", n, columns, line)
		}
	}
}
