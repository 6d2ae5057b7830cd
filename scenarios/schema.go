package scenarios

import "github.com/invopop/jsonschema"

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
