package figures

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
)

// conditions states what every figure of a phase has to say about its origin:
// load model, offered rate, warm-up, rounds, samples and the treatment of
// errors. The interval method is added by the figures that draw intervals.
func (v view) conditions() string {
	parts := []string{v.load(), warmUp(v.analysis.Run), v.samples()}
	return strings.Join(parts, " ")
}

func (v view) load() string {
	return fmt.Sprintf("%s, %s.", capital(stats.FormatLoad(v.phase)), plural(rounds(v), "round"))
}

func rounds(v view) int {
	most := 0
	for _, s := range v.series {
		most = max(most, s.row.Rounds)
	}
	return most
}

func warmUp(run *record.Run) string {
	var names []string
	for _, p := range run.Scenario.Phases {
		if !p.Measured {
			names = append(names, fmt.Sprintf("%s (%s)", label(p.Name), format.Duration(p.Duration)))
		}
	}
	if len(names) == 0 {
		return "No warm-up was run or removed."
	}
	return "Not measured and removed in each round: " + strings.Join(names, ", ") + "."
}

// samples gives n of each series and, where some requests have no latency,
// says so.
func (v view) samples() string {
	var parts []string
	lost := false
	for _, s := range v.series {
		l := s.row.Ledger
		text := fmt.Sprintf("%s %s", s.label, format.Count(l.OK))
		if l.OK != l.Sent {
			lost = true
			text += fmt.Sprintf(" of %s (%s failed, %s censored)",
				format.Count(l.Sent), format.Count(l.Failed), format.Count(l.Censored))
		}
		parts = append(parts, text)
	}
	text := "Requests " + v.answered() + ", n: " + strings.Join(parts, "; ") + "."
	if !lost {
		text += " No request failed or was censored."
	}
	return text
}

// answered says what an answered request is: one whose answer was right, unless
// nobody could check that.
func (v view) answered() string {
	if v.byStatus() {
		return "answered with the status expected"
	}
	if v.unchecked() {
		return "answered (not checked)"
	}
	return "answered correctly"
}

func (v view) unchecked() bool {
	return slices.ContainsFunc(v.series, func(s series) bool { return s.row.Unchecked() })
}

// byStatus says that answers were judged by their status alone.
func (v view) byStatus() bool {
	return slices.ContainsFunc(v.series, func(s series) bool { return v.analysis.ByStatus(s.row) })
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
