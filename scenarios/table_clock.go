package scenarios

import (
	"time"

	"servebench/targets/reference/clock"
)

// clockRow is the key that configures the reference server's model clock; a
// scenario without it is written without it.
func clockRow() row[Workload] {
	timed := leftOut(pointed(mappings("how the model clock takes its time", clockRows())), isNoPointer)
	return may("clock", timed, none, func(w *Workload) **clock.Config { return &w.Clock },
		"How the reference server's model clock takes its time, so that it is known in advance what its response times have to be.")
}

func clockRows() []row[clock.Config] {
	return []row[clock.Config]{
		may("distribution", choice("distribution", clock.Distributions()), "constant", func(c *clock.Config) *string { return &c.Distribution },
			"The distribution of the service times; uniform is from 0 to twice the mean, lognormal has a σ of 1."),
		may("service", durations(), "1ms", func(c *clock.Config) *time.Duration { return &c.Service },
			"The mean service time."),
		may("workers", wholes[int](0, clock.MostWorkers), "1", func(c *clock.Config) *int { return &c.Workers },
			"How many examples each queue serves at a time, first come first served; 0 is any number, so that none waits for another."),
		may("queues", wholes[int](1, clock.MostQueues), "1", func(c *clock.Config) *int { return &c.Queues },
			"How many queues there are, each with workers of its own. An example joins one of them at random, so that Poisson arrivals become as many independent streams of them."),
		may("stall", orNone(durations()), none, func(c *clock.Config) *time.Duration { return &c.Stall },
			"For how long nothing is answered, once in every: what would complete then does so when the stall ends."),
		may("every", orNone(durations()), none, func(c *clock.Config) *time.Duration { return &c.Every },
			"The time from the beginning of one stall to that of the next; the first comes so long after the server's start."),
		may("seed", wholes[uint64](0, 1<<64-1), "1", func(c *clock.Config) *uint64 { return &c.Seed },
			"What the service times and the choices of queues follow from."),
	}
}
