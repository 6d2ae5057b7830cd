package scenarios

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"

	"servebench/scenarios/arrivals"
)

// JSONSchema returns the schema of a scenario file (JSON Schema, draft
// 2020-12), for editors. It takes every file that Parse takes, and finds most
// faults that show in a single value; those across values are Parse's alone.
func JSONSchema(cat Catalogue) ([]byte, error) {
	s := cat.documented().Schema()
	s.AllOf = []*jsonschema.Schema{loadOrColdStarts(), writtenOrMade(cat), serverOrRunning(cat)}
	s.Version = jsonschema.Version
	s.Title = "servebench scenario"
	s.Description = "What servebench does: the server to run, the targets to run it on, and the load to put on it."
	variantsSchema(s, cat)
	load, _ := s.Properties.Get("load")
	load.Items.AllOf = arrivalsSchemas()
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return text, nil
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
		{Required: []string{"server"}}, {Required: []string{"command"}}, {Required: []string{"image"}}, {Required: []string{"build"}},
	}}
	either := []*jsonschema.Schema{withKey("workload", named)}
	var running []string
	for _, k := range cat.Targets {
		if k.Running {
			running = append(running, k.Name)
		}
	}
	if running != nil {
		named := []any{}
		for _, name := range running {
			named = append(named, name)
		}
		items := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Enum: named}, {Pattern: variantsOf(running...)}}}
		either = append(either, withKey("targets", &jsonschema.Schema{Items: items}))
	}
	return &jsonschema.Schema{AnyOf: either}
}

// writtenOrMade says that a request is written out, where the protocol asks for
// that, and otherwise made from data for a model, or for one in a file.
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
	file := withKey("workload", &jsonschema.Schema{Required: []string{"model_file"}})
	file.Required = []string{"workload"}
	file.Properties.Set("protocol", &jsonschema.Schema{Enum: made})
	if written == nil {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{model, file}}
	}
	template := withKey("protocol", &jsonschema.Schema{Enum: written})
	template.Required = []string{"protocol", "template"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{model, file, template}}
}

// withKey asks something more of one key of a mapping.
func withKey(name string, s *jsonschema.Schema) *jsonschema.Schema {
	all := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
	all.Properties.Set(name, s)
	return all
}

// arrivalsSchemas tie the keys of a phase to its arrival process, or to its concurrency.
func arrivalsSchemas() []*jsonschema.Schema {
	all := []*jsonschema.Schema{{
		If:   &jsonschema.Schema{Required: []string{"concurrency"}},
		Then: &jsonschema.Schema{Required: []string{"duration"}},
	}}
	for _, k := range arrivals.Kinds() {
		when := withKey("arrivals", &jsonschema.Schema{Const: k.Name})
		if k.Name == defaultArrivals {
			when.Not = &jsonschema.Schema{Required: []string{"concurrency"}}
		} else {
			when.Required = []string{"arrivals"}
		}
		then := &jsonschema.Schema{Properties: jsonschema.NewProperties()}
		for _, p := range k.Params {
			if !p.Optional {
				then.Required = append(then.Required, p.Name)
			}
		}
		if !k.Takes(arrivals.ParamTo) {
			then.Properties.Set(arrivals.ParamRate, &jsonschema.Schema{ExclusiveMinimum: "0"})
		}
		for _, param := range arrivalsParams() {
			if !k.Takes(param) {
				then.Properties.Set(param, jsonschema.FalseSchema)
			}
		}
		all = append(all, &jsonschema.Schema{If: when, Then: then})
	}
	return all
}
