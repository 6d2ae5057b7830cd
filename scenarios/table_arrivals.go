package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"servebench/scenarios/arrivals"
)

// arrivalsRows are the keys of a phase that some arrival processes take and others do not.
func arrivalsRows() []row[Phase] {
	return []row[Phase]{
		fromZero(arrivalsRow(arrivals.ParamTo, ratesFromZero(), func(p *Phase) *Rate { return &p.To },
			"The requests per second at the end of a ramp and in the last one of steps, 0 or more; of a spike, at its height."),
			func(p *Phase) any { return writeNumber(float64(p.To)) }),
		arrivalsRow(arrivals.ParamSteps, wholes[int](2, 1000), func(p *Phase) *int { return &p.Steps },
			"How many steps there are, as long as each other and of whole seconds; the first one has the rate rate, the last one the rate to."),
		fromZero(arrivalsRow(arrivals.ParamAt, durationsFromZero(), func(p *Phase) *time.Duration { return &p.At },
			"When the spike begins, from the start of the phase; 0s is its start."),
			func(p *Phase) any { return formatDuration(p.At) }),
		arrivalsRow(arrivals.ParamFor, durations(), func(p *Phase) *time.Duration { return &p.For },
			"How long the spike lasts. Where it begins and ends at a whole second, the reports tell it apart from what is before and after it."),
		arrivalsRow(arrivals.ParamAmplitude, rates(), func(p *Phase) *Rate { return &p.Amplitude },
			"By how many requests per second the rate swings to either side; at most rate."),
		arrivalsRow(arrivals.ParamPeriod, durations(), func(p *Phase) *time.Duration { return &p.Period },
			"How long one swing takes."),
		arrivalsRow(arrivals.ParamBurstiness, numbers(0.01, 1000, false), func(p *Phase) *float64 { return &p.Burstiness },
			"The shape of the gaps' gamma distribution, whose squared coefficient of variation is 1/burstiness: 1 as of independent users, below 1 in bursts, above 1 more evenly spread."),
		arrivalsRow(arrivals.ParamTrace, pointed(mappings("a file of arrivals, such as {file: arrivals.txt}", traceRows())), func(p *Phase) **Trace { return &p.Trace },
			"The recording to replay."),
		arrivalsRow(arrivals.ParamGaps, choice("gaps", []string{arrivals.PoissonGaps, arrivals.ConstantGaps}), func(p *Phase) *string { return &p.Gaps },
			"How arrivals are spread at a rate that changes, and within the counts of a trace: poisson, as of independent users, or constant; poisson unless given."),
	}
}

// fromZero writes the value of a parameter also where it is 0, if the phase's arrival process does
// not do without it.
func fromZero(r row[Phase], write func(*Phase) any) row[Phase] {
	leftOut := r.encode
	r.encode = func(p *Phase) any {
		if kind, ok := arrivalsOf(*p); ok && kind.Needs(r.name) {
			return write(p)
		}
		return leftOut(p)
	}
	return r
}

// arrivalsRow makes the row of a parameter of arrival processes, and says which ones.
func arrivalsRow[V comparable](param string, k kind[V], field func(*Phase) *V, doc string) row[Phase] {
	return otherwise(param, absent(k), none, field, doc+" "+takenBy(param))
}

// takenBy says which arrival processes take a parameter.
func takenBy(param string) string {
	takers := arrivals.TakenBy(param)
	noun, need, take := "arrival process ", " needs", " takes"
	if len(takers) > 1 {
		noun, need, take = "arrival processes ", " need", " take"
	}
	names := noun + together(takers)
	kind, _ := arrivalsOf(Phase{Arrivals: takers[0]})
	if kind.Needs(param) {
		return "The " + names + need + " it; no other takes it."
	}
	return "The " + names + take + " it; no other does."
}

// together lists names in a sentence: "ramp, steps and spike".
func together(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func traceRows() []row[Trace] {
	return []row[Trace]{
		must("file", filePaths("the path of a file"), func(t *Trace) *string { return &t.File },
			"The file, relative to the scenario file, with one entry on each line: the time of one arrival, or with counts the number of arrivals in one interval. Times are seconds as decimals, or dates as in RFC 3339; they begin anywhere and must not fall. Empty lines and lines with a # in front are left out."),
		otherwise("counts", absent(durations()), "times", func(t *Trace) *time.Duration { return &t.Counts },
			"How long the interval is that each line of the file counts the arrivals of."),
		may("speed", numbers(0.001, 1000, false), "1", func(t *Trace) *float64 { return &t.Speed },
			"How many times faster than recorded it is replayed; it takes as much less time, at as much higher a rate."),
		may("scale", numbers(0.001, 1000, false), "1", func(t *Trace) *float64 { return &t.Scale },
			"What the number of arrivals is multiplied by, everywhere alike: below 1 some are left out at random, above 1 others come between them. With a rate beside the trace, that decides it."),
	}
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
		for _, r := range arrivalsRows() {
			if !k.Takes(r.name) {
				then.Properties.Set(r.name, jsonschema.FalseSchema)
			}
		}
		all = append(all, &jsonschema.Schema{If: when, Then: then})
	}
	return all
}

// arrivalsKeys are the names of all parameters of arrival processes.
func arrivalsKeys() []string {
	keys := []string{arrivals.ParamRate, arrivals.ParamDuration}
	return slices.Concat(keys, rowNames(arrivalsRows()))
}
