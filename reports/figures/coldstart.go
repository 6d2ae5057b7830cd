package figures

import (
	"fmt"
	"slices"

	"servebench/reports/record"
	"servebench/reports/stats"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// coldStarts draws every start of the server on every target.
func coldStarts(a *stats.Analysis) Figure {
	f := Figure{
		Name:  "coldstarts",
		Title: "Cold starts",
		Caption: "One line for each start, one for every round of each target: the time from the start, when the executable or the image was in place, until each stage was " +
			"reached, up to the first model answer. A red star marks a start that failed, one whose first answer was not right, or a server that ended on its own. No start is left out.",
		Conditions: "Cold starts are no part of the latency figures. Each one is drawn; none is averaged.",
	}
	starts := startsOf(a.Run)
	var s span
	for _, st := range starts {
		for _, stage := range st.deployment.Stages {
			s.add(stage.At.Seconds())
		}
	}
	if s.empty() {
		f.Missing = "no target got as far as to start a server"
		return f
	}
	s = s.padded(2)
	f.Height = 64 + vg.Length(startLines(starts))*startLine
	f.Data = startTable(starts)
	f.paint = func(c draw.Canvas, p Palette) { drawStarts(c, p, starts, s) }
	return f
}

const startLine vg.Length = 11

// start is one line of the figure.
type start struct {
	target     string
	first      bool // of its target
	look       look
	deployment record.Deployment
}

func startsOf(run *record.Run) []start {
	looks := looksOf(run)
	var all []start
	for _, t := range run.Targets {
		for i, d := range t.Deployments {
			all = append(all, start{label(t.Name), i == 0, looks[t.Name], d})
		}
	}
	return all
}

// failed says that something went wrong with the start or its server.
func (s start) failed() bool { return s.deployment.Failed != "" || s.deployment.FirstAnswerError != "" }

// startLines counts the lines with the gaps between targets.
func startLines(starts []start) int {
	n := len(starts)
	for _, s := range starts {
		if s.first {
			n++
		}
	}
	return n
}

// stageNames lists the stages of all starts as they came up.
func stageNames(starts []start) []string {
	var names []string
	for _, s := range starts {
		for _, stage := range s.deployment.Stages {
			if !slices.Contains(names, stage.Name) {
				names = append(names, stage.Name)
			}
		}
	}
	return names
}

func startTable(starts []start) Table {
	stages := stageNames(starts)
	t := Table{Head: []string{"target", "round"}}
	for _, name := range stages {
		t.Head = append(t.Head, label(name)+", ms")
	}
	t.Head = append(t.Head, "outcome")
	for _, s := range starts {
		row := []string{s.target, fmt.Sprint(s.deployment.Round)}
		for _, name := range stages {
			row = append(row, stageTime(s.deployment, name))
		}
		outcome := "answered"
		switch {
		case s.deployment.Failed != "":
			outcome = "failed"
		case s.deployment.FirstAnswerError != "":
			outcome = "no right first answer"
		}
		t.Rows = append(t.Rows, append(row, outcome))
	}
	return t
}

func stageTime(d record.Deployment, name string) string {
	for _, stage := range d.Stages {
		if stage.Name == name {
			return stats.FormatMilliseconds(stage.At)
		}
	}
	return "–"
}
