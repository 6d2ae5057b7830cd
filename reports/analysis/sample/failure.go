package sample

import (
	"cmp"
	"slices"
	"strings"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// ServerFailure is what went wrong with the server on one target. A report says it
// before anything else: figures of a server that was not there mean little.
type ServerFailure struct {
	Target string
	Kind   FailureKind
	// Rounds are those it failed in, ascending; none where there is no other start. Always
	// says that every start of several failed so.
	Rounds []int
	Always bool
	// Again says that it had come up before in each of the Rounds: it failed when they were rerun.
	Again  bool
	Phase  string          // whose load it was Overwhelmed by, or in which it fell Silent
	Failed stat.Proportion // of the requests, where it FailedMost
	Last   int64           // requests at the end of Phase, in the first of Rounds, none of which was answered rightly, where it fell Silent
	Cause  string          // the first line of what is known about it; "" when nothing is
}

// FailureKind says in what a server failed.
type FailureKind int

// The kinds, of which a target's first is told.
const (
	NotUp       FailureKind = iota // it did not come up
	NotRight                       // its first answer was not right
	Died                           // by itself
	Evicted                        // the platform ended it
	Removed                        // somebody removed it
	Overwhelmed                    // it did not bear a load
	FailedMost                     // it failed most of the requests of a phase
	Silent                         // from some moment on it answered nothing rightly
)

// most is the share of failed requests from which a server did not do its work.
const most = 0.5

// ServerFailures lists them in the targets' order, for each target the first of the kinds.
func (s *Set) ServerFailures() []ServerFailure {
	var all []ServerFailure
	for _, t := range s.Run.Targets {
		t.Deployments = slices.DeleteFunc(slices.Clone(t.Deployments), func(d record.Deployment) bool { return Replaced(s.Run, t.Name, d) && cameUpAgain(t, d) })
		found := cmp.Or(
			starts(t, Removed, func(d record.Deployment) string { // by which later starts may fail
				if !d.Removed {
					return ""
				}
				return d.Failed
			}),
			starts(t, NotUp, func(d record.Deployment) string {
				if len(d.Stages) > 0 {
					return ""
				}
				return d.Failed
			}),
			starts(t, NotRight, func(d record.Deployment) string { return d.FirstAnswerError }),
			starts(t, Died, func(d record.Deployment) string {
				if d.Evicted {
					return ""
				}
				return d.Failed
			}),
			starts(t, Evicted, func(d record.Deployment) string { return d.Failed }),
			s.overwhelmed(t), s.failedMost(t), s.silent(t))
		if found != nil {
			found.Target = t.Name
			all = append(all, *found)
		}
	}
	return all
}

// cameUpAgain says that the server came up when the trial of a deployment was rerun.
func cameUpAgain(t record.Target, d record.Deployment) bool {
	return slices.ContainsFunc(t.Deployments, func(e record.Deployment) bool {
		return e.Round == d.Round && e.Attempt > d.Attempt && len(e.Stages) > 0
	})
}

// starts looks for the starts of the server that a fault is found in; the first
// one's text tells the cause.
func starts(t record.Target, kind FailureKind, fault func(record.Deployment) string) *ServerFailure {
	f, again := &ServerFailure{Kind: kind}, true
	for _, d := range t.Deployments {
		if text := fault(d); text != "" {
			if len(f.Rounds) == 0 {
				f.Cause = FirstLine(text)
			}
			f.Rounds = append(f.Rounds, d.Round)
			again = again && slices.ContainsFunc(t.Deployments, func(e record.Deployment) bool {
				return e.Round == d.Round && e.Attempt < d.Attempt && len(e.Stages) > 0
			})
		}
	}
	if len(f.Rounds) == 0 {
		return nil
	}
	f.Again = kind == NotUp && again
	f.Always = len(f.Rounds) == len(t.Deployments)
	f.Rounds = Distinct(f.Rounds)
	if len(t.Deployments) == 1 {
		f.Rounds, f.Always = nil, false
	}
	return f
}

func (s *Set) failedMost(t record.Target) *ServerFailure {
	for _, row := range s.Rows {
		if rate := row.ErrorRate(); row.Target == t.Name && rate.Value > most {
			f := &ServerFailure{Kind: FailedMost, Failed: rate}
			if len(row.Errors) > 0 {
				f.Cause = FirstLine(row.Errors[0].Example)
			}
			return f
		}
	}
	return nil
}

// silence is how many requests have to fail, the last of a load and each of them, before a
// server counts as Silent.
const silence = 20

// silent looks for loads without steps that began well and were answered no more at the end:
// of a server that servebench did not start, nothing else shows that it died.
func (s *Set) silent(t record.Target) *ServerFailure {
	for _, p := range s.Run.Scenario.Phases {
		if !p.Measured || len(p.Steps) > 0 {
			continue
		}
		f := &ServerFailure{Kind: Silent, Phase: p.Name}
		cells := 0
		for i := range s.Run.Cells {
			c := &s.Run.Cells[i]
			if c.Target != t.Name || c.Phase != p.Name || c.Discarded != "" {
				continue
			}
			cells++
			if last := lastFailed(c.Slices); last >= silence {
				if len(f.Rounds) == 0 {
					f.Last = last
				}
				f.Rounds = append(f.Rounds, c.Round)
			}
		}
		switch {
		case len(f.Rounds) == 0:
			continue
		case cells == 1:
			f.Rounds = nil
		}
		return f
	}
	return nil
}

// lastFailed counts the requests of the last slices in which every request failed, where
// one before was answered rightly.
func lastFailed(slices []record.Slice) (n int64) {
	for i := len(slices) - 1; i >= 0; i-- {
		switch s := slices[i]; {
		case s.OK > 0:
			return n
		case s.Failed < s.Sent:
			return 0
		default:
			n += s.Failed
		}
	}
	return 0
}

// overwhelmed says that a load without steps was ended because of the server.
func (s *Set) overwhelmed(t record.Target) *ServerFailure {
	for _, e := range s.EndedLoads() {
		if e.Target == t.Name {
			return &ServerFailure{Kind: Overwhelmed, Phase: e.Phase, Rounds: AbortRounds(e.Aborts), Cause: FirstLine(e.Aborts[0].Text)}
		}
	}
	return nil
}

// Lost says that a server on this target did not come up or died.
func (s *Set) Lost(target string) bool {
	return slices.ContainsFunc(s.Run.Target(target).Deployments, func(d record.Deployment) bool { return d.Failed != "" })
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
