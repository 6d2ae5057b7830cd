package sample

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
)

// ServerFailure is what went wrong with the server on one target. A report says it
// before anything else: figures of a server that was not there mean little.
type ServerFailure struct {
	Target string
	Text   string // "died in round 3", "did not come up in any round", "failed 96 % of 4,000 requests"
	Cause  string // the first line of what is known about it; "" when nothing is
}

// most is the share of failed requests from which a server did not do its work.
const most = 0.5

// ServerFailures lists them in the targets' order, for each target the first of: it
// did not come up, its first answer was not right, it died, it did not bear a
// load, it failed most of the requests of a phase.
func (s *Set) ServerFailures() []ServerFailure {
	var all []ServerFailure
	for _, t := range s.Run.Targets {
		for _, find := range []func(record.Target) (ServerFailure, bool){s.notUp, s.notUnderstood, s.ended, s.overwhelmed, s.failedMost} {
			if found, is := find(t); is {
				found.Target = t.Name
				all = append(all, found)
				break
			}
		}
	}
	return all
}

// Says is the failure as a clause, without its cause: "the server of container
// died in round 3".
func (t ServerFailure) Says() string { return fmt.Sprintf("the server of %s %s", t.Target, t.Text) }

func (s *Set) notUp(t record.Target) (ServerFailure, bool) {
	return starts(t, "did not come up", "in any round", func(d record.Deployment) string {
		if len(d.Stages) > 0 {
			return ""
		}
		return d.Failed
	})
}

func (s *Set) notUnderstood(t record.Target) (ServerFailure, bool) {
	return starts(t, "did not give a right first answer", "in any round",
		func(d record.Deployment) string { return d.FirstAnswerError })
}

func (s *Set) ended(t record.Target) (ServerFailure, bool) {
	return starts(t, "died", "in every round", func(d record.Deployment) string { return d.Failed })
}

// starts looks for the starts of the server that a fault is found in; the first
// one's text tells the cause.
func starts(t record.Target, what, always string, fault func(record.Deployment) string) (ServerFailure, bool) {
	var found []int
	cause := ""
	for _, d := range t.Deployments {
		text := fault(d)
		if text == "" {
			continue
		}
		if len(found) == 0 {
			cause = FirstLine(text)
		}
		found = append(found, d.Round)
	}
	switch rounds := Distinct(found); {
	case len(rounds) == 0:
		return ServerFailure{}, false
	case len(t.Deployments) == 1:
	case len(found) == len(t.Deployments):
		what += " " + always
	case len(rounds) == 1:
		what += " in round " + fmt.Sprint(rounds[0])
	default:
		last := len(rounds) - 1
		what += fmt.Sprintf(" in rounds %s and %d", format.List(rounds[:last]), rounds[last])
	}
	return ServerFailure{Text: what, Cause: cause}, true
}

func (s *Set) failedMost(t record.Target) (ServerFailure, bool) {
	for _, row := range s.Rows {
		rate := row.ErrorRate()
		if row.Target != t.Name || rate.Value <= most {
			continue
		}
		cause := ""
		if len(row.Errors) > 0 {
			cause = FirstLine(row.Errors[0].Example)
		}
		return ServerFailure{
			Text:  fmt.Sprintf("failed %s of %s requests", format.Percent(rate.Value), format.Count(rate.N)),
			Cause: cause,
		}, true
	}
	return ServerFailure{}, false
}

// Lost says that a server on this target did not come up or died.
func (s *Set) Lost(target string) bool {
	return slices.ContainsFunc(s.Run.Targets, func(t record.Target) bool {
		return t.Name == target && slices.ContainsFunc(t.Deployments, func(d record.Deployment) bool { return d.Failed != "" })
	})
}

// overwhelmed says that a load without steps was ended because of the server.
func (s *Set) overwhelmed(t record.Target) (ServerFailure, bool) {
	for _, e := range s.EndedLoads() {
		if e.Target == t.Name {
			return ServerFailure{
				Text:  fmt.Sprintf("could not sustain the load of phase %s in %s", e.Phase, AbortRounds(e.Aborts)),
				Cause: FirstLine(e.Aborts[0].Text),
			}, true
		}
	}
	return ServerFailure{}, false
}

// FirstLine is the first line of a text, cut to what a headline holds.
func FirstLine(text string) string {
	const longest = 160
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	// What follows is the server's output, on lines of its own.
	line = strings.TrimSuffix(strings.TrimRight(line, " :.\r"), "; its output ends")
	if runes := []rune(line); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return line
}

// Distinct are the rounds in ascending order, each once: of a trial that was
// rerun there may be several diagnostics.
func Distinct(rounds []int) []int {
	return slices.Compact(slices.Sorted(slices.Values(rounds)))
}
