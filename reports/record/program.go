package record

import ()

func Program(run *Run) string {
	if len(run.Command) > 0 {
		return run.Command[0]
	}
	return "servebench"
}
