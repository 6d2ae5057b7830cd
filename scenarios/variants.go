package scenarios

import (
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"servebench/scenarios/decode"
	"servebench/targets"
)

// A target may be in a scenario several times, with other options: kubernetes@inside is one
// more kubernetes, whose options stand under that name, and are those of kubernetes where they
// are left out.

// variantMark stands between the name of a target and what is added to it.
const variantMark = "@"

// variantName is the whole name of such a target. A sweep names its variants by values, as in
// lambda@memory=512+concurrency=10.
var variantName = regexp.MustCompile(`^[a-z0-9-]+` + variantMark + `[A-Za-z0-9][A-Za-z0-9_.=+-]{0,63}$`)

// Target finds a target by its name in a scenario.
func (cat Catalogue) Target(name string) (kind targets.Kind, ok bool) {
	of, _, variant := strings.Cut(name, variantMark)
	if variant && !variantName.MatchString(name) {
		return targets.Kind{}, false
	}
	kind, ok = Named(cat.Targets, of, func(k targets.Kind) string { return k.Name })
	kind.Name = name
	return kind, ok
}

// withVariants adds the targets that a list names to those that a scenario may name.
func (cat Catalogue) withVariants(list *decode.Node) Catalogue {
	if list == nil {
		return cat
	}
	all := slices.Clip(cat.Targets)
	list.Each("targets", func(value *decode.Node, _, _ string) {
		known := slices.ContainsFunc(all, func(k targets.Kind) bool { return k.Name == value.Text })
		if kind, ok := cat.Target(value.Text); ok && !known {
			all = append(all, kind)
		}
	})
	cat.Targets = all
	return cat
}

// inherit fills in the options that a variant leaves out: they are those of its target.
func (s *Scenario) inherit(target string) map[string]string {
	options := s.Options[target]
	of, _, variant := strings.Cut(target, variantMark)
	if !variant {
		return options
	}
	for name := range options {
		if value, there := s.Options[of][name]; there && !s.Source.Given(decode.Member(target, name)) {
			options[name] = value
		}
	}
	return options
}

// variantsSchema lets a scenario name variants, and set their options.
func variantsSchema(s *jsonschema.Schema, cat Catalogue) {
	list, _ := s.Properties.Get("targets")
	var kinds []string
	s.PatternProperties = map[string]*jsonschema.Schema{}
	for _, k := range cat.Targets {
		kinds = append(kinds, k.Name)
		if options, there := s.Properties.Get(k.Name); there {
			s.PatternProperties[variantsOf(k.Name)] = options
		}
	}
	list.Items = &jsonschema.Schema{Type: "string", AnyOf: []*jsonschema.Schema{{Enum: list.Items.Enum}, {Pattern: variantsOf(kinds...)}}}
}

// variantsOf is the pattern of the names of all variants of the targets.
func variantsOf(kinds ...string) string {
	return "^(" + strings.Join(kinds, "|") + ")" + strings.TrimPrefix(variantName.String(), "^[a-z0-9-]+")
}
