package stats

import (
	"strconv"
	"strings"

	"servebench/reports/record"
)

// targetCPUs is how many CPUs the targets of a run were given; 0 when the record does
// not say, as of servers that ran already.
func targetCPUs(run *record.Run) int {
	for _, f := range run.Environment {
		if f.Name == "target CPUs" {
			return cpusIn(f.Value)
		}
	}
	return 0
}

// cpusIn counts the CPUs of a list like "0-2,5"; 0 of what is none.
func cpusIn(list string) int {
	n := 0
	for part := range strings.SplitSeq(list, ",") {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || last < first {
			return 0
		}
		n += last - first + 1
	}
	return n
}
