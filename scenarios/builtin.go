package scenarios

import _ "embed" // the files below

// Builtin is a scenario that comes with servebench.
type Builtin struct {
	Name string
	Doc  string // one sentence, the scenario's description
	Text []byte // the file, with comments that teach the format
}

//go:embed builtin/closed.yaml
var closedFile string

//go:embed builtin/coldstart.yaml
var coldstartFile string

//go:embed builtin/compare.yaml
var compareFile string

//go:embed builtin/ramp.yaml
var rampFile string

//go:embed builtin/saturate.yaml
var saturateFile string

//go:embed builtin/smoke.yaml
var smokeFile string

//go:embed builtin/soak.yaml
var soakFile string

//go:embed builtin/spike.yaml
var spikeFile string

//go:embed builtin/stress.yaml
var stressFile string

//go:embed builtin/tax.yaml
var taxFile string

// Builtins lists them by their names.
func Builtins() []Builtin {
	return []Builtin{
		{
			Name: "closed",
			Doc:  "A few callers that wait for each answer and think before they ask again, on every target that runs on this machine.",
			Text: []byte(closedFile),
		},
		{
			Name: "coldstart",
			Doc:  "How long a fresh server takes to its first answer, on every target that runs on this machine.",
			Text: []byte(coldstartFile),
		},
		{
			Name: "compare",
			Doc:  "Poisson traffic of single loan decisions on every target that runs on this machine.",
			Text: []byte(compareFile),
		},
		{
			Name: "ramp",
			Doc:  "How response times grow while the rate rises, on every target that runs on this machine.",
			Text: []byte(rampFile),
		},
		{
			Name: "saturate",
			Doc:  "The most answers per second of every target that runs on this machine, and how many callers it takes.",
			Text: []byte(saturateFile),
		},
		{
			Name: "smoke",
			Doc:  "A few seconds of light load: does everything work?",
			Text: []byte(smokeFile),
		},
		{
			Name: "soak",
			Doc:  "The same load for a long time: does anything drift?",
			Text: []byte(soakFile),
		},
		{
			Name: "spike",
			Doc:  "A sudden crowd of ten times the rate, and what is left of it afterwards.",
			Text: []byte(spikeFile),
		},
		{
			Name: "stress",
			Doc:  "How much load a target holds, in steps, until it breaks.",
			Text: []byte(stressFile),
		},
		{
			Name: "tax",
			Doc:  "What each place costs a request, told apart from what the model costs.",
			Text: []byte(taxFile),
		},
	}
}
