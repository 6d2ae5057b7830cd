package analysis_test

import (
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/format"
	"servebench/reports/record"
)

func TestCommands(t *testing.T) {
	if got, want := format.Command("bin/servebench", "run", "my scenario.yaml", "", "it's", "--set", "a=b"),
		`bin/servebench run 'my scenario.yaml' '' 'it'\''s' --set a=b`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	run := &record.Run{Dir: "my runs/1"}
	if got, want := analysis.ReportCommand(run), `servebench report 'my runs/1'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	run.Command = []string{"bin/servebench", "run", "compare"}
	if got, want := analysis.ReportCommand(run), `bin/servebench report 'my runs/1'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
