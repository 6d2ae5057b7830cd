package html

import (
	"fmt"
	"strings"
)

// doubt is a reason not to believe a figure, with what to do about it.
type doubt struct {
	Fatal                         bool
	Where, Text, Measured, Action string
}

func (b builder) doubts() []doubt {
	var all []doubt
	for _, d := range b.a.Doubts {
		shown := doubt{Fatal: d.Fatal, Text: sentenceCase(d.Text), Action: sentenceCase(d.Action), Where: place(d.Target, d.Phase, d.Round)}
		if d.Figure != "" && d.Threshold != "" {
			shown.Measured = fmt.Sprintf("%s; threshold %s", d.Figure, d.Threshold)
		}
		all = append(all, shown)
	}
	return all
}

func place(target, phase string, round int) string {
	var parts []string
	for _, part := range []string{target, phase} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if round > 0 {
		parts = append(parts, fmt.Sprintf("round %d", round))
	}
	if len(parts) == 0 {
		return "whole run"
	}
	return strings.Join(parts, ", ")
}

// sentenceCase makes a sentence of a clause.
func sentenceCase(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	runes := []rune(s)
	s = strings.ToUpper(string(runes[:1])) + string(runes[1:])
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
