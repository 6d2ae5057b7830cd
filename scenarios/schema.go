package scenarios

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"
)

// JSONSchema returns the schema of a scenario file (JSON Schema, draft
// 2020-12), for editors. It takes every file that Parse takes, and finds most
// faults that show in a single value; those across values are Parse's alone.
func JSONSchema(cat Catalogue) ([]byte, error) {
	s := objectSchema(scenarioRows(cat))
	s.AllOf = []*jsonschema.Schema{loadOrColdStarts(), writtenOrMade(cat), serverOrRunning(cat)}
	s.Version = jsonschema.Version
	s.Title = "servebench scenario"
	s.Description = "What servebench does: the server to run, the targets to run it on, and the load to put on it."
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return text, nil
}

// objectSchema describes a mapping by its rows.
func objectSchema[T any](rows []row[T]) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           jsonschema.NewProperties(),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	for _, r := range rows {
		s.Properties.Set(r.name, rowSchema(r))
		if r.required {
			s.Required = append(s.Required, r.name)
		}
	}
	return s
}

func rowSchema[T any](r row[T]) *jsonschema.Schema {
	s := r.schema()
	s.Description = r.doc
	switch {
	case r.fallback == "{}": // the defaults inside say more
	case r.fallback != "":
		s.Default = fallbackNode(r.fallback, origin{}).value()
	case r.absent != "" && r.absent != none:
		s.Description += " Default: " + r.absent + "."
	}
	return s
}

// loadOrColdStarts says that there has to be something to do.
func loadOrColdStarts() *jsonschema.Schema {
	one := uint64(1)
	load, starts := withKey("load", &jsonschema.Schema{MinItems: &one}), withKey("cold_starts", &jsonschema.Schema{Minimum: "1"})
	load.Required, starts.Required = []string{"load"}, []string{"cold_starts"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{load, starts}}
}

// serverOrRunning says that the server has to be named, in one way or another,
// where not every target uses one that runs already.
func serverOrRunning(cat Catalogue) *jsonschema.Schema {
	named := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Required: []string{"server"}}, {Required: []string{"command"}}, {Required: []string{"image"}},
	}}
	either := []*jsonschema.Schema{withKey("workload", named)}
	var running []any
	for _, k := range cat.Targets {
		if k.Running {
			running = append(running, k.Name)
		}
	}
	if running != nil {
		either = append(either, withKey("targets", &jsonschema.Schema{Items: &jsonschema.Schema{Enum: running}}))
	}
	return &jsonschema.Schema{AnyOf: either}
}

// writtenOrMade says that a request is written out, where the protocol asks for
// that, and otherwise made from data for a model.
func writtenOrMade(cat Catalogue) *jsonschema.Schema {
	var written, made []any
	for _, k := range cat.Protocols {
		if k.Written {
			written = append(written, k.Name)
		} else {
			made = append(made, k.Name)
		}
	}
	model := withKey("workload", &jsonschema.Schema{Required: []string{"model"}})
	model.Required = []string{"workload", "data"}
	model.Properties.Set("protocol", &jsonschema.Schema{Enum: made})
	if written == nil {
		return model
	}
	template := withKey("protocol", &jsonschema.Schema{Enum: written})
	template.Required = []string{"protocol", "template"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{model, template}}
}

// withKey asks something more of one key of a mapping.
func withKey(name string, s *jsonschema.Schema) *jsonschema.Schema {
	all := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	all.Properties.Set(name, s)
	return all
}

// dataSchema allows the parameters of all generators. Where two share a name,
// the description holds both and the range is open, since a schema that ties
// them to the generator is beyond most editors.
func dataSchema(cat Catalogue) *jsonschema.Schema {
	s := objectSchema(dataRows(cat))
	for _, g := range cat.Generators {
		for _, r := range paramRows(g) {
			param := rowSchema(r)
			if known, ok := s.Properties.Get(r.name); ok {
				param = &jsonschema.Schema{Type: "number", Description: known.Description + " " + param.Description}
			}
			s.Properties.Set(r.name, param)
		}
	}
	return s
}
