package html

import (
	"fmt"
	"strings"
	"unicode"

	"servebench/reports/stats"
)

// diagnostic is a reason not to believe a figure, with what to do about it.
type diagnostic struct {
	Severity, Where, Text, Measured, Action string
}

// diagnostics lists the diagnostics.
func (b builder) diagnostics() []diagnostic {
	var all []diagnostic
	for _, d := range b.a.Diagnostics {
		all = append(all, diagnostic{Severity: d.Severity.String(), Text: sentenceCase(d.Text), Action: sentenceCase(d.Action),
			Where: location(d.Target, d.Phase, d.Round), Measured: measured(d)})
	}
	return all
}

func measured(d stats.Diagnostic) string {
	const none = "none" // the fact itself is the reason
	if d.Figure == "" || d.Threshold == "" || d.Threshold == none {
		return d.Figure
	}
	return d.Figure + "; threshold " + d.Threshold
}

// location says where a diagnostic belongs; round 0 is all of them.
func location(target, phase string, round int) string {
	var parts []string
	for _, part := range []string{target, phase} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if round > 0 {
		parts = append(parts, roundList([]int{round}))
	}
	if len(parts) == 0 {
		return "whole run"
	}
	return strings.Join(parts, ", ")
}

// roundList is "round 2" or "rounds 1, 2 and 3".
func roundList(rounds []int) string {
	names := make([]string, len(rounds))
	for i, r := range rounds {
		names[i] = fmt.Sprint(r)
	}
	if len(names) == 1 {
		return "round " + names[0]
	}
	return "rounds " + join(names)
}

// sentenceCase makes a sentence of a clause; "" of none.
func sentenceCase(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	s = capital(s)
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// capital begins a clause like a sentence, unless it begins with a name like p99.
func capital(s string) string {
	runes := []rune(s)
	if len(runes) < 2 || !unicode.IsDigit(runes[1]) {
		runes[0] = unicode.ToUpper(runes[0])
	}
	return string(runes)
}
