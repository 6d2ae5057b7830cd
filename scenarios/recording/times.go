package recording

import (
	"fmt"
	"slices"
	"time"

	"servebench/scenarios/decode"
)

// mostTimes bounds the requests whose times are held in memory, 8 bytes each.
const mostTimes = 50_000_000

// Times reads when the requests in an access log arrived, since 1970 and ascending, of whatever
// host and method; left is how many lines say nothing of a request. false: it is no access log.
// An error is a decode.Faults where the file is at fault.
func Times(path string) (times []time.Duration, left int, is bool, err error) {
	in, err := openInput(path, &Options{})
	if err != nil {
		return nil, 0, false, decode.Faults{(*decode.Source)(nil).FileFault("", path, err, "a trace of arrivals or an access log")}
	}
	defer in.close()
	head, _ := in.text.Peek(headLength) // what cannot be read shows later
	if !accessLog().starts(head) {
		return nil, 0, false, nil
	}
	err = in.lines(func(line []byte, number int, _ bool) error {
		entry, ok := parseAccess(string(line))
		switch {
		case !ok:
			left++
			return nil
		case len(times) == mostTimes:
			return in.fault(number, "", fmt.Sprintf("more than %d requests", mostTimes), "a shorter log, such as that of a day or a week")
		}
		times = append(times, time.Duration(entry.at.UnixNano()))
		return nil
	})
	slices.Sort(times) // a log has them in the order of their ends
	return times, left, true, err
}
