package scenarios

import (
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"servebench/generators"
	"servebench/scenarios/secret"
	"servebench/targets"
	"servebench/targets/protocol"
)

// testCatalogue is a catalogue that does not change when servebench gets
// another target, so that messages and golden files stay as they are.
func testCatalogue() Catalogue {
	return Catalogue{
		Targets: []targets.Kind{
			{Name: "physical", Doc: "a process on this machine", Faults: []string{targets.ProcessKill, targets.ProcessStop}},
			{Name: "container", Doc: "a container on this machine", Faults: []string{targets.ProcessKill}, Options: []targets.Option{
				{Name: "network", Doc: "how the port is reached: host or bridge", Default: "host", Values: []string{"host", "bridge"}},
				{Name: "runtime", Doc: "the OCI runtime", Default: ""},
			}},
			{Name: "vm", Doc: "a machine within this one", Faults: []string{targets.ProcessKill}},
			{Name: "lambda", Doc: "a function", Scales: true, SizedBy: "memory", Options: []targets.Option{
				{Name: "memory", Doc: "how much of it, in MB", Default: "1769"},
			}, Faults: []string{targets.ProcessKill}},
			{Name: "kubernetes", Doc: "a cluster", Scales: true, Faults: []string{targets.ProcessKill, targets.PodKill}},
			{Name: "endpoint", Doc: "a server that runs already", Running: true, Options: []targets.Option{
				{Name: "url", Doc: "where it answers", Default: ""},
			}},
		},
		Generators: []generators.Kind{
			{Name: "credit", Doc: "loan applications", Params: []generators.Param{
				{Name: "noise", Doc: "fraction of labels that are flipped", Default: 0.05, Min: 0, Max: 0.5, LabelsOnly: true},
				{Name: "function", Doc: "which of the ten rules decides", Default: 2, Min: 1, Max: 10, Integer: true, LabelsOnly: true},
			}, Open: func(generators.Config) (generators.Generator, error) { return loans{}, nil }},
			{Name: "prompts", Doc: "short texts"},
		},
		Protocols: []protocol.Kind{
			{Name: "v2", Doc: "the Open Inference Protocol V2", Ready: "/v2/health/ready"},
			{Name: "openai", Doc: "the OpenAI API", Ready: "/v1/models"},
			{Name: "template", Doc: "one request, written out", Written: true},
		},
		Models: []Model{{Name: "credit"}, {Name: "noop"}},
	}
}

// difference says what two scenarios differ in, but for where their values stand.
func difference(want, got *Scenario) string {
	secrets := cmp.Comparer(func(a, b *secret.Keeper) bool {
		names := func(k *secret.Keeper) []string { return slices.Sorted(maps.Keys(k.Variables())) }
		return a.Empty() == b.Empty() && slices.Equal(names(a), names(b))
	})
	return cmp.Diff(want, got, secrets, cmpopts.IgnoreFields(Scenario{}, "Source"))
}

// loans is a generator of which nothing but the schema is asked.
type loans struct{ generators.Generator }

func (loans) Schema() generators.Schema {
	return generators.Schema{Features: []generators.Feature{{Name: "salary"}, {Name: "car", Categories: []string{"a", "b"}}}}
}
