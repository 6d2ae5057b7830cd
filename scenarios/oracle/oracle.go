// Package oracle holds servebench against servers whose response times are known
// in closed form: queues with one worker at several utilisations, and a server
// that stalls. Each Oracle is a scenario on the reference server's model clock,
// with what has to come out of it. It stands before the run, for which it makes
// the scenario, and behind it, where it judges what was measured.
package oracle

import (
	"fmt"
	"math"
	"strings"
	"time"

	"servebench/scenarios/oracle/queueing"
	"servebench/targets/reference/clock"
)

// Oracle is a load on a server of which it is known how long requests take.
type Oracle struct {
	Name        string  // on the command line: "mm1-0.9"
	Title       string  // "M/M/1 at utilisation 0.9"
	Kind        string  // "M/M/1", "M/D/1" or "stall"
	Utilisation float64 // of the workers; 0: nobody waits for a worker
	Arrivals    string  // of the arrivals
	Rate        float64 // of all queues, per second
	Clock       clock.Config
	// Settle is how long the load goes on until the queues, which begin empty, are
	// as they stay; what is due then is left out. Whole seconds.
	Settle time.Duration
	Span   time.Duration // of the load after that
}

// All lists the oracles. The queues get services that are long against what HTTP
// costs, yet short enough for them to settle in a few seconds, and are as many as
// make 2,500 requests per second, of which 60,000 and more are measured. At
// utilisation 0.5 they are longest: half of the requests to M/D/1 do not wait at
// all, so that its p50 is the slowest of those, with all that a busy machine adds.
func All() []Oracle {
	const ms = time.Millisecond
	list := []Oracle{newStalls(12*time.Second, 3)}
	for _, d := range []struct {
		utilisation float64
		service     time.Duration
		queues      int
		settle      time.Duration
	}{
		{0.5, 200 * ms, 1000, 10 * time.Second},
		{0.7, 20 * ms, 70, 4 * time.Second},
		{0.9, 5 * ms, 14, 8 * time.Second},
	} {
		for _, kind := range []string{deterministic, exponential} {
			list = append(list, newQueues(kind, d.utilisation, d.service, d.queues, d.settle, 25*time.Second))
		}
	}
	return list
}

// The kinds of queue.
const (
	deterministic = "M/D/1"
	exponential   = "M/M/1"
	stall         = "stall"
)

// newQueues is the oracle of so many queues, each with one worker.
func newQueues(kind string, utilisation float64, service time.Duration, number int, settle, span time.Duration) Oracle {
	o := Oracle{
		Name:  fmt.Sprintf("md1-%g", utilisation),
		Title: fmt.Sprintf("%s at utilisation %g", kind, utilisation),
		Kind:  kind, Utilisation: utilisation,
		Arrivals: "poisson", Rate: utilisation * float64(number) / service.Seconds(),
		Clock:  clock.Config{Distribution: "constant", Service: service, Workers: 1, Queues: number, Seed: 1},
		Settle: settle, Span: span,
	}
	if kind == exponential {
		o.Name, o.Clock.Distribution = fmt.Sprintf("mm1-%g", utilisation), "exponential"
	}
	return o
}

// newStalls is the oracle of a server that stalls for a second in every so many. The
// stalls are so seldom that only p99 and p99.9 are inside one, near its beginning:
// a server takes its time to answer all that a stall held up, those first that
// waited longest. The service is long, since 2 % of even an idle machine's answers
// are milliseconds late, and p90 is among them.
func newStalls(every time.Duration, periods int) Oracle {
	return Oracle{
		Name: stall, Title: fmt.Sprintf("a stall of 1 s in every %v", every), Kind: stall,
		Arrivals: "constant", Rate: 500,
		Clock: clock.Config{
			Distribution: "constant", Service: 500 * time.Millisecond, Queues: 1, Stall: time.Second, Every: every, Seed: 1,
		},
		Settle: time.Second, Span: time.Duration(periods) * every,
	}
}

// Short is the oracle in a few seconds, whose quantiles chance has more to do
// with.
func (o Oracle) Short() Oracle {
	if o.Kind == stall {
		return newStalls(12*time.Second, 2)
	}
	o.Settle, o.Span = min(o.Settle, 3*time.Second), 5*time.Second
	return o
}

// Again is the oracle with other seeds: of the arrivals and of the services.
func (o Oracle) Again() Oracle {
	o.Clock.Seed++
	return o
}

// Expected is the quantile q of the response time, in closed form.
func (o Oracle) Expected(q float64) time.Duration {
	switch c := o.Clock; o.Kind {
	case exponential:
		return queueing.MM1(q, c.Service, o.Utilisation)
	case deterministic:
		return queueing.MD1(q, c.Service, o.Utilisation)
	default:
		return queueing.Stall(q, c.Service, c.Stall, c.Every)
	}
}

// Phase is the name of the phase of load in the scenario.
const Phase = "steady"

// Scenario is the text of the scenario to run.
func (o Oracle) Scenario() []byte {
	c := o.Clock
	timing := fmt.Sprintf("distribution: %s, service: %v, workers: %d, queues: %d, seed: %d", c.Distribution, c.Service, c.Workers, c.Queues, c.Seed)
	if c.Stall > 0 {
		timing += fmt.Sprintf(", stall: %v, every: %v", c.Stall, c.Every)
	}
	return fmt.Appendf(nil, `name: oracle-%s
description: %s, whose response times are known in closed form.
targets: [physical]
workload: {server: reference, model: clock, clock: {%s}}
data: {generator: credit, corpus: 1000}
load: [{name: %s, arrivals: %s, rate: %g, duration: %v}]
rounds: 1
reruns: 0
seed: %d
`, strings.ReplaceAll(o.Name, ".", "-"), o.Title, timing, Phase, o.Arrivals, o.Rate, o.Settle+o.Span, c.Seed)
}

// Tolerance is the relative error at which a quantile is right whatever chance
// allows.
const Tolerance = 0.01

// Within says which bound a measured quantile keeps.
type Within string

// The bounds: Tolerance, the interval of chance where that is wider, or none.
const (
	WithinTolerance Within = "1%"
	WithinInterval  Within = "interval"
	WithinNeither   Within = "no"
)

// Quantile is what was measured of one quantile beside what it has to be.
type Quantile struct {
	Q                  float64
	Expected, Measured time.Duration
	Error              float64 // relative, of what was measured
	Chance             Interval
	Within             Within
}

// Judge compares a measured quantile with what it has to be.
func (o Oracle) Judge(q float64, measured time.Duration, chance Interval) Quantile {
	expected := o.Expected(q)
	j := Quantile{
		Q: q, Expected: expected, Measured: measured, Chance: chance,
		Error:  float64(measured)/float64(expected) - 1,
		Within: WithinNeither,
	}
	switch {
	case math.Abs(j.Error) <= Tolerance:
		j.Within = WithinTolerance
	case chance.Low <= measured && measured <= chance.High:
		j.Within = WithinInterval
	}
	return j
}
