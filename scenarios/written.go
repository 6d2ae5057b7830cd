package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
)

// YAML writes the scenario as a file with every default filled in. What came from
// variables of the environment is written as the file has it, and of secrets there is a
// mark. Parse reads it back to an equal scenario, unless there are such marks: these it
// refuses, and says what to fill in.
func (s *Scenario) YAML() ([]byte, error) {
	text, err := decode.Marshal(s.written())
	if err != nil {
		return nil, fmt.Errorf("write scenario %s as YAML: %w", s.Name, err)
	}
	return text, nil
}

// Clear writes the scenario as YAML does, but with its secrets, for a process that is to play
// it: never for a file. What came from variables of the environment is written as the file has
// it, and the values of these are returned beside it, by name, as lookUp finds them.
func (s *Scenario) Clear(lookUp func(name string) (value string, there bool)) (text []byte, variables map[string]string, err error) {
	text, err = decode.Marshal(s.unhidden("", Catalogue{}.format(nil).Encode(*s)).(yaml.MapSlice))
	if err != nil {
		return nil, nil, fmt.Errorf("write scenario %s as YAML: %w", s.Name, err)
	}
	variables = map[string]string{}
	for _, form := range dollars.FindAllString(string(text), -1) {
		if name := strings.Trim(form, "${}"); name != "" && lookUp != nil {
			if value, there := lookUp(name); there {
				variables[name] = value
			}
		}
	}
	return text, variables, nil
}

// unhidden is a part of the scenario as Clear writes it.
func (s *Scenario) unhidden(path string, v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		all := slices.Clone(v)
		for i, item := range all {
			all[i].Value = s.unhidden(decode.Member(path, fmt.Sprint(item.Key)), item.Value)
		}
		return all
	case []any:
		all := slices.Clone(v)
		for i, thing := range all {
			all[i] = s.unhidden(decode.Element(path, i), thing)
		}
		return all
	}
	if written, there := s.Written[path]; there {
		return decode.WriteText(written)
	}
	if text, ok := decode.TextOf(v); ok && (strings.Contains(text, "$$") || strings.Contains(text, "${")) {
		return decode.WriteText(strings.ReplaceAll(text, "$", "$$"))
	}
	return v
}

// written is the scenario as it may be written down.
func (s *Scenario) written() yaml.MapSlice {
	return s.hide("", Catalogue{}.format(nil).Encode(*s), "").(yaml.MapSlice)
}

// Differences lists what two scenarios differ in, in the order of their keys: what is about
// the server, where it runs and whom it lets in (workload, targets, their options, limits,
// http.headers, http.auth), and the rest.
func Differences(one, other *Scenario) (ofServer, ofLoad []decode.Difference) {
	server := slices.Concat([]string{"targets", "workload", "limits"}, one.Targets, other.Targets)
	for _, d := range decode.Differences(one.written(), other.written()) {
		if key, _, _ := strings.Cut(d.Key, "."); slices.Contains(server, key) || strings.HasPrefix(d.Key, "http.headers") || strings.HasPrefix(d.Key, "http.auth") {
			ofServer = append(ofServer, d)
		} else {
			ofLoad = append(ofLoad, d)
		}
	}
	return ofServer, ofLoad
}

// hide is a part of the scenario as it may be written down: what came from variables as
// the file has it, and marks in the place of secrets. v is what its row or kind writes.
func (s *Scenario) hide(path string, v any, before string) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		hidden := make(yaml.MapSlice, len(v))
		for i, item := range v {
			hidden[i] = item
			hidden[i].Value = s.hide(decode.Member(path, fmt.Sprint(item.Key)), item.Value, "")
		}
		return hidden
	case []any:
		hidden := make([]any, len(v))
		for i, thing := range v {
			last := ""
			if i > 0 {
				last, _ = decode.TextOf(v[i-1])
			}
			hidden[i] = s.hide(decode.Element(path, i), thing, last)
		}
		return hidden
	}
	if written, there := s.Written[path]; there {
		return decode.WriteText(s.hideText(path, written, before, true))
	}
	if text, ok := decode.TextOf(v); ok {
		if hidden := s.hideText(path, text, before, false); hidden != text {
			return decode.WriteText(hidden)
		}
	}
	return v
}

// hideText is a text of a field as it may be written down. One that is as the user wrote
// it holds variables.
func (s *Scenario) hideText(path, text, before string, written bool) string {
	var b strings.Builder
	from := 0
	for _, span := range secretsAt(path, text, before) {
		part := text[span.From:span.To]
		if written && secret.OnlyVariables(part) || span.From < from {
			continue
		}
		mark := s.Secrets.RedactWhole(part)
		if !secret.OnlyVariables(mark) { // of a value that is another's default
			mark = s.Secrets.Mark(span.Name, part)
		}
		b.WriteString(s.plain(text[from:span.From], written) + mark)
		from = span.To
	}
	b.WriteString(s.plain(text[from:], written))
	return b.String()
}

// plain is a part of a text with no secret of its own; others may be in it.
func (s *Scenario) plain(text string, written bool) string {
	if written {
		return s.Secrets.RedactWhole(text)
	}
	escaped := strings.ReplaceAll(text, "$", "$$")
	if hidden := s.Secrets.RedactWhole(escaped); hidden != escaped || strings.Contains(text, "$$") || strings.Contains(text, "${") {
		return hidden
	}
	return text
}
