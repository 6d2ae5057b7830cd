package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
)

// YAML writes the scenario as a file with every default filled in. What came from
// variables of the environment is written as the file has it, and of secrets there is a
// mark. Parse reads it back to an equal scenario, unless there are such marks: these it
// refuses, and says what to fill in.
func (s *Scenario) YAML() ([]byte, error) {
	all := encode(scenarioRows(Catalogue{}), s)
	for _, target := range s.Targets {
		var options yaml.MapSlice
		for _, name := range slices.Sorted(maps.Keys(s.Options[target])) {
			options = append(options, yaml.MapItem{Key: name, Value: writeText(s.Options[target][name])})
		}
		if options != nil {
			all = append(all, yaml.MapItem{Key: target, Value: options})
		}
	}
	text, err := yaml.MarshalWithOptions(s.hide("", all, ""), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("write scenario %s as YAML: %w", s.Name, err)
	}
	return text, nil
}
