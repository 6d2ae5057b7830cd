package stats

import (
	"servebench/reports/format"
	"servebench/reports/record"
)

// ReportCommand makes a run's reports again. The program's name is the one that
// the run was started with.
func ReportCommand(run *record.Run) string {
	return format.Command(program(run), "report", run.Dir)
}

func program(run *record.Run) string {
	if len(run.Command) > 0 {
		return run.Command[0]
	}
	return "servebench"
}
