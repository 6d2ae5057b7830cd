package stats_test

import (
	"testing"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
)

func TestCommands(t *testing.T) {
	if got, want := format.Command("bin/servebench", "run", "my scenario.yaml", "", "it's", "--set", "a=b"),
		`bin/servebench run 'my scenario.yaml' '' 'it'\''s' --set a=b`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	run := &record.Run{Dir: "my runs/1"}
	if got, want := stats.ReportCommand(run), `servebench report 'my runs/1'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	run.Command = []string{"bin/servebench", "run", "compare"}
	if got, want := stats.ReportCommand(run), `bin/servebench report 'my runs/1'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
