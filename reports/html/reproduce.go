package html

import (
	"fmt"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
)

// reproduce is what it takes to make the run again.
type reproduce struct {
	Command  string
	Report   string // makes the reports again
	Scenario string
	Facts    *table
}

func newReproduce(run *record.Run) reproduce {
	t := &table{Caption: "What the run was made from", Head: []string{"fact", "value"}, Words: true}
	s := run.Scenario
	for _, f := range [][2]string{
		{"servebench", run.Version}, {"seed", fmt.Sprint(s.Seed)},
		{"payloads, SHA-256", s.Payloads},
		{"corpus", fmt.Sprintf("%s, %s each", plural(int64(s.Corpus), "request"), plural(int64(s.Batch), "example"))},
		{"rounds", unless(len(s.Phases) == 0, s.Rounds)}, {"phases", phaseList(s.Phases)},
		{"starts without load, of each target", unless(s.ColdStarts == 0, s.ColdStarts)}, {"run", run.ID}, {"format", run.Schema},
	} {
		if f[1] == "" {
			continue
		}
		t.Rows = append(t.Rows, []cell{text(f[0]), {Text: f[1], Code: true}})
	}
	return reproduce{
		Command: format.Command(run.Command...), Report: stats.ReportCommand(run),
		Scenario: s.Text, Facts: t,
	}
}

// unless is a number, or "" where it says nothing.
func unless(idle bool, n int) string {
	if idle {
		return ""
	}
	return fmt.Sprint(n)
}

func phaseList(phases []record.Phase) string {
	var list []string
	for _, p := range phases {
		name := p.Name
		if model := p.Model; model != "" {
			name += " (model " + model + ")"
		}
		text := fmt.Sprintf("%s: %s %s for %s", name, p.Arrivals, format.Rate(p.Rate), format.Duration(p.Duration))
		if !p.Measured {
			text += ", not measured"
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}
