package scenarios

import (
	"slices"

	"servebench/targets"
)

// optionRows are the keys named after targets, which hold their options.
func optionRows(cat Catalogue) []row[Scenario] {
	var rows []row[Scenario]
	for _, t := range cat.Targets {
		if len(t.Options) == 0 {
			continue
		}
		k := mappings("options", optionsOf(t))
		r := newRow(t.Name, k,
			func(s *Scenario, v map[string]string) { s.Options[t.Name] = v },
			func(s *Scenario) map[string]string { return s.Options[t.Name] })
		r.doc = "Options of the target " + t.Name + "."
		r.fallback = "{}"
		rows = append(rows, r)
	}
	return rows
}

// optionMap holds a target's options by their names.
type optionMap = map[string]string

func optionsOf(t targets.Kind) []row[optionMap] {
	var rows []row[optionMap]
	for _, o := range t.Options {
		k := anyTexts()
		if o.Path {
			k = orEmpty(filePaths("the path of a file"))
		}
		if len(o.Values) > 0 {
			values := o.Values
			if !slices.Contains(values, o.Default) {
				values = append(slices.Clip(values), o.Default)
			}
			k = choice(o.Name, values)
		}
		r := newRow(o.Name, k,
			func(m *optionMap, v string) {
				if *m == nil {
					*m = optionMap{}
				}
				(*m)[o.Name] = v
			},
			func(m *optionMap) string { return (*m)[o.Name] })
		r.doc = sentence(o.Doc)
		r.fallback = o.Default
		if o.Default == "" {
			r.fallback = emptyText
		}
		rows = append(rows, r)
	}
	return rows
}
