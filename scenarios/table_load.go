package scenarios

import (
	"slices"
	"time"

	"github.com/invopop/jsonschema"

	"servebench/scenarios/arrivals"
)

// phases are mappings that say how much load there is in one way or the other.
func phases() kind[Phase] {
	k := mappings("a phase", phaseRows())
	k.schema = func() *jsonschema.Schema {
		s := objectSchema(phaseRows())
		s.AllOf = arrivalsSchemas()
		return s
	}
	return k
}

func phaseRows() []row[Phase] {
	rows := []row[Phase]{
		must("name", names(), func(p *Phase) *string { return &p.Name },
			"What the reports and --set load.NAME.rate=… call the phase; no two have the same."),
		otherwise("model", absent(words("a model's name")), "workload.model", func(p *Phase) *string { return &p.Model },
			"The model to ask in this phase, by its name on the server. The reference server also has the model noop, which answers without computing."),
		otherwise("mix", list("list of mappings", "a list of classes, such as [{name: small, weight: 9}, {name: big, batch: 100}]", 1, mappings("a class of request", classRows())), "no mix: all requests are alike",
			func(p *Phase) *[]Class { return &p.Mix },
			"The classes of request that are sent among each other, each as often as its weight says: exactly in every hundred or so, shuffled. The reports show each by itself."),
		otherwise("arrivals", absent(choice("arrival process", namesOf(arrivals.Kinds(), anArrivalProcess))), "poisson; none beside concurrency", func(p *Phase) *string { return &p.Arrivals },
			"How arrivals are spread over time."+docsOf(arrivals.Kinds(), anArrivalProcess)),
		fromZero(otherwise("rate", absent(ratesFromZero()), "no rate, for which concurrency or a trace has to be given", func(p *Phase) *Rate { return &p.Rate },
			"Mean number of requests per second; of a ramp the one at its start, of steps the first one, of a spike the one around it, which may be 0. A trace has its own, and is scaled to one that is given."),
			func(p *Phase) any { return writeNumber(float64(p.Rate)) }),
	}
	rest := []row[Phase]{
		otherwise("concurrency", absent(wholes[int](1, maxConcurrency)), "no concurrency, for which a rate or a trace has to be given", func(p *Phase) *int { return &p.Concurrency },
			"How many workers there are, each of which sends a request, waits for its answer, thinks, and sends the next one. It measures how much the server can do for so many, and says little of response times: a slow server is asked less often."),
		may("think", leftOut(pointed(mappings("the keys mean and distribution", thinkRows())), isNoPointer), none, func(p *Phase) **Think { return &p.Think },
			"How long a worker thinks after an answer before it asks again."),
		otherwise("duration", absent(durations()), "that of a trace, else required", func(p *Phase) *time.Duration { return &p.Duration },
			"How long the phase is. A trace is cut there."),
		may("measure", booleans(), "true", func(p *Phase) *bool { return &p.Measure },
			"Whether the figures count. false makes a warm-up: it is recorded, but kept apart from every figure."),
	}
	return slices.Concat(rows, arrivalsRows(), rest)
}

func classRows() []row[Class] {
	return []row[Class]{
		must("name", names(), func(c *Class) *string { return &c.Name },
			"What the reports call the class; no two of a phase have the same."),
		may("weight", wholes[int](1, 1000), "1", func(c *Class) *int { return &c.Weight },
			"How many of the requests are of this class, in relation to the other weights."),
		otherwise("model", absent(words("a model's name")), "the phase's", func(c *Class) *string { return &c.Model },
			"The model that the class asks."),
		otherwise("batch", absent(wholes[int](1, 10_000)), "data.batch", func(c *Class) *int { return &c.Batch },
			"How many examples one request of the class holds."),
	}
}

// maxConcurrency is more than one machine has connections for.
const maxConcurrency = 100_000

func thinkRows() []row[Think] {
	return []row[Think]{
		must("mean", durations(), func(t *Think) *time.Duration { return &t.Mean },
			"How long it is on average."),
		may("distribution", choice("distribution", []string{ExponentialThink, ConstantThink}), ExponentialThink, func(t *Think) *string { return &t.Distribution },
			"How it is spread: exponential, as of independent people, or constant."),
	}
}
