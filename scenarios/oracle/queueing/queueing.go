// Package queueing knows in closed form how long requests take in systems simple
// enough for that: what an instrument has to measure when it is held against a
// server that behaves like one. Response times are from a request's arrival to
// its answer. All of it is pure functions; scenarios/oracle is made from them.
package queueing

import (
	"math"
	"time"
)

// MM1 returns the quantile q of the response time in a queue with one worker,
// Poisson arrivals, and exponential service with that mean, at a utilisation
// below 1. The response time is exponential with the rate µ − λ (L. Kleinrock,
// Queueing Systems I, 1975, section 5.12).
func MM1(q float64, service time.Duration, utilisation float64) time.Duration {
	return scale(service, -math.Log1p(-q)/(1-utilisation))
}

// MD1 is MM1 with a service that always takes the same: the waiting time, whose
// distribution is that of Erlang (1909), and the service after it.
func MD1(q float64, service time.Duration, utilisation float64) time.Duration {
	return scale(service, 1+newMD1(utilisation).quantile(q))
}

// Stall returns the quantile q of the response time of a server in which no
// request waits for another, each takes the service time, and what would complete
// in a stall, one of which begins every so often, completes at its end. Requests
// arrive at a constant rate over whole periods: a share stall/every of them is
// held, for a time spread evenly from 0 to the stall.
func Stall(q float64, service, stall, every time.Duration) time.Duration {
	longer := time.Duration(math.Round((1 - q) * float64(every))) // of each period's requests, those that are to take longer
	return service + max(stall-longer, 0)
}

// scale is a multiple of a time.
func scale(d time.Duration, by float64) time.Duration {
	return time.Duration(math.Round(by * float64(d)))
}
