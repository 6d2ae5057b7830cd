package benchfmt

import (
	"slices"
	"strings"
	"unicode"

	"servebench/reports/analysis"
	"servebench/reports/format"

	"golang.org/x/perf/benchfmt"
)

// configuration is what two runs have to have in common for their lines to be
// compared.
func configuration(a *analysis.Analysis) []benchfmt.Config {
	config := []benchfmt.Config{}
	add := func(name, value string) {
		if value = format.Plain(value); value != "" {
			config = append(config, benchfmt.Config{Key: key(name), Value: []byte(value), File: true})
		}
	}
	add("scenario", a.Run.Scenario.Name)
	add("payloads", a.Run.Scenario.Payloads)
	for _, f := range a.Run.Environment {
		if f.Name == "CPU" {
			f.Value = analysis.ProcessorModel(f.Value)
		}
		if slices.Contains([]string{"CPU", "CPUs", "machine", "kernel", "generator CPUs", "target CPUs"}, f.Name) {
			add(f.Name, f.Value)
		}
	}
	return config
}

// key is a name as the format takes keys: without capitals and spaces.
func key(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '-'
		}
		return unicode.ToLower(r)
	}, name)
}
