package stats

import (
	"strings"

	"servebench/reports/record"
)

// FormatCommand writes an argument vector so that it can be pasted into a
// POSIX shell.
func FormatCommand(args ...string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@%+"
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if arg == "" || strings.ContainsFunc(arg, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// ReportCommand makes a run's reports again. The program's name is the one that
// the run was started with.
func ReportCommand(run *record.Run) string {
	return FormatCommand(program(run), "report", run.Dir)
}

func program(run *record.Run) string {
	if len(run.Command) > 0 {
		return run.Command[0]
	}
	return "servebench"
}
