package recordtest

import (
	"time"

	"servebench/reports/record"
)

// Judged are runs of every verdict, by its name, and of those without one: "no limits"
// and "nothing".
func Judged() map[string]Plan {
	fail := Compare()
	fail.SLO.P99 = 2 * time.Millisecond
	inconclusive := Compare()
	inconclusive.SLO = record.SLO{P50: 880 * time.Microsecond}
	invalid := Compare()
	invalid.Targets[0].GeneratorCPU = 0.91
	free := Compare()
	free.SLO, free.Interrupted = record.SLO{}, "stopped by an interrupt"
	nothing := Compare()
	nothing.Targets = nothing.Targets[2:]
	return map[string]Plan{
		"pass": Compare(), "fail": fail, "inconclusive": inconclusive, "invalid": invalid,
		"no limits": free, "nothing": nothing,
	}
}

// Hostile is a run whose texts, names and phases hold what has a meaning in every
// format that there is.
func Hostile() Plan {
	const text = "a\"b'c<d>&e|f`g*h_i[j](k)\\l%m,n:o=p/q{r}\x1b[2J\r\n\u202e\x00\xff]]>::error::x -8"
	p := Compare()
	p.Name = text
	p.SLO.P99 = 2 * time.Millisecond
	p.Interrupted = text
	p.Phases[1].Name = text
	p.Targets[0].Name = text
	p.Targets[1].Errors[0].Example = text
	p.Server = text
	p.Targets[1].Facts[0] = record.Fact{Name: text, Value: text, Unequal: true}
	p.Targets[2].Unavailable = text
	p.Environment[0] = record.Fact{Name: text, Value: text}
	return p
}
