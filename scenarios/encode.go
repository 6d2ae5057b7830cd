package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"
)

// YAML writes the scenario as a file with every default filled in. Parse reads
// it back to an equal scenario.
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
	text, err := yaml.MarshalWithOptions(all, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("write scenario %s as YAML: %w", s.Name, err)
	}
	return text, nil
}
