package recorded

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/reports/formattest"
	"servebench/reports/markdown"
	"servebench/reports/record/recordtest"
)

// GitHub Actions is told beside what the step said before; nothing else is.
func TestTellCI(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Judged()["fail"])
	summary := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(summary, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	for _, on := range []string{"", "true"} {
		t.Setenv("GITHUB_ACTIONS", on)
		var stderr bytes.Buffer
		if err := TellCI(&stderr, a); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(summary)
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.HasPrefix(stderr.String(), "::error title=FAIL") && strings.HasPrefix(string(text), "before\n## FAIL"); told != (on == "true") {
			t.Errorf("GITHUB_ACTIONS=%s: %q\n%s", on, stderr.String(), text)
		}
	}
}

// GitHub takes nothing of a summary that is too long: what does not fit is not written.
func TestStepSummaryIsBounded(t *testing.T) {
	a := formattest.Analyse(t, recordtest.Compare())
	path := filepath.Join(t.TempDir(), "summary.md")
	for _, before := range []int{markdown.Limit - 300, markdown.Limit, markdown.Limit + 5} {
		if err := os.WriteFile(path, make([]byte, before), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := addStepSummary(path, a); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > int64(max(before, markdown.Limit)) {
			t.Errorf("%d bytes after %d", info.Size(), before)
		}
	}
}
