package compare

import (
	"fmt"
	"maps"

	"servebench/reports/format"
	"servebench/reports/record"
)

// shownSum is how many characters of a checksum tell two apart for a reader.
const shownSum = 12

// payloads compares what is sent, and the seed that it follows from. Bytes that
// differ because of the seed alone are a difference of the seed.
func payloads(base, fresh *record.Run) []Difference {
	b, n := base.Scenario, fresh.Scenario
	kind := Payloads
	if b.Seed != n.Seed && b.Corpus == n.Corpus && b.Batch == n.Batch && maps.Equal(dataOf(base), dataOf(fresh)) {
		kind = Seed
	}
	all := differ(Seed, "", "seed", fmt.Sprint(b.Seed), fmt.Sprint(n.Seed))
	if b.Payloads != n.Payloads {
		all = append(all, Difference{Kind: kind, What: "requests, SHA-256", Base: sum(b.Payloads), New: sum(n.Payloads)})
	}
	all = append(all, differ(Payloads, "", "distinct requests", format.Count(int64(b.Corpus)), format.Count(int64(n.Corpus)))...)
	return append(all, differ(Payloads, "", "examples per request", fmt.Sprint(b.Batch), fmt.Sprint(n.Batch))...)
}

// dataOf are the settings that the requests are made from, beside the seed.
func dataOf(run *record.Run) map[string]string {
	all := settingsOf(run.Scenario.Text)
	maps.DeleteFunc(all, func(key, _ string) bool { return !below(key, "data") })
	return all
}

// sum shortens a checksum, or several one after the other, of which the last may be
// the one that differs.
func sum(s string) string {
	if len(s) <= 2*shownSum {
		return s
	}
	return s[:shownSum] + "…" + s[len(s)-shownSum:]
}
