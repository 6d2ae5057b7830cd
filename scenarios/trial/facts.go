package trial

import (
	"fmt"
	"strings"

	"servebench/reports/record"
	"servebench/targets"
)

// redacted are facts without secrets, as those in the record are.
func (s *session) redacted(facts []targets.Fact) []targets.Fact {
	for i := range facts {
		facts[i].Value = s.secrets.Redact(facts[i].Value)
	}
	return facts
}

// addFacts records what a deployment found to be so. Of the deployments after the
// first it adds what makes the target unequal anew, such as a limit that was lost,
// or makes it no longer so: the figures are those of both states then. Other facts
// may differ from one deployment to the next, such as what a preparation took.
func addFacts(entry *record.Target, found []targets.Fact, round int) {
	if len(entry.Facts) == 0 {
		for _, f := range found {
			entry.Facts = append(entry.Facts, record.Fact(f))
		}
		return
	}
	for _, f := range found {
		if news(entry.Facts, f) {
			entry.Facts = append(entry.Facts, record.Fact{Name: f.Name, Value: fmt.Sprintf("%s%d: %s", fromRound, round, f.Value), Unequal: true})
		}
	}
}

// fromRound begins the value of a fact that was not so before, with the round
// behind it.
const fromRound = "from round "

// news says that a fact is or was Unequal, and was not recorded with this value.
func news(known []record.Fact, f targets.Fact) bool {
	unequal := f.Unequal
	for _, k := range known {
		if k.Name != f.Name {
			continue
		}
		value := k.Value
		if since, later, found := strings.Cut(value, ": "); found && strings.HasPrefix(since, fromRound) {
			value = later
		}
		if value == f.Value && (k.Unequal || !f.Unequal) {
			return false
		}
		unequal = unequal || k.Unequal
	}
	return unequal
}
