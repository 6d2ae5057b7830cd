package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"servebench/targets/reference/null"
)

// load is what a tool is asked to do.
type load struct {
	kind        string // of loadKinds
	name        string // unique
	url         string // of the server; known once that runs
	body        []byte // of a POST; nil: a GET
	answer      string // body of the right answer
	connections int    // most requests in flight
	rate        int    // per second, at constant gaps; 0: a closed loop
	poisson     bool   // the gaps are exponential
	duration    time.Duration
	stall       *stall // what the server does; nil: it answers without delay
}

// The kinds of load.
const (
	closed  = "closed"
	open    = "open"
	stalled = "stall"
)

// loadKinds are the kinds of load, in the order of the table.
func loadKinds() []string { return []string{closed, open, stalled} }

// Sizes of the loads.
const (
	closedConnections = 16
	openConnections   = 64
	postBytes         = 600
)

// openRates are the rates of the open loops, per second.
func openRates() []int { return []int{1000, 5000, 10000, 20000} }

func rateName(rate int) string    { return fmt.Sprintf("%d/s", rate) }
func poissonName(rate int) string { return rateName(rate) + " poisson" }

// loads returns every load of the kind.
func loads(kind string, duration time.Duration) []load {
	base := load{
		kind: kind, duration: duration, connections: openConnections,
		answer: string(bytes.Repeat([]byte("x"), null.Body)),
	}
	switch kind {
	case closed:
		get, post := base, base
		get.name, get.connections = "GET", closedConnections
		post.name, post.connections, post.body = "POST", closedConnections, bytes.Repeat([]byte("a"), postBytes)
		return []load{get, post}
	case open:
		var all []load
		for _, rate := range openRates() {
			l := base
			l.name, l.rate = rateName(rate), rate
			all = append(all, l)
			l.name, l.poisson = poissonName(rate), true
			all = append(all, l)
		}
		return all
	}
	design := standardStall()
	base.name, base.rate, base.duration, base.stall = stalled, design.rate, design.duration, &design
	return []load{base}
}

// stall is the design of the stall oracle: requests at constant gaps to a server
// that takes its time for each and, for a while, finishes none.
type stall struct {
	rate     int           // per second
	duration time.Duration // of the load
	service  time.Duration // of a request, out of the stall
	at       time.Duration // when the stall begins, from the first request
	length   time.Duration // what would be done in it is done at its end
}

// standardStall is a second's stall in ten seconds at 1,000 requests a second: one
// request in ten falls into it, so that the 99th percentile is deep inside.
func standardStall() stall {
	return stall{
		rate: 1000, duration: 10 * time.Second, service: time.Millisecond,
		at: 4500 * time.Millisecond, length: time.Second,
	}
}

// held returns how long a request that arrived at that time, from the first one on,
// is kept.
func (s stall) held(arrived time.Duration) time.Duration {
	done := arrived + s.service
	if done >= s.at && done < s.at+s.length {
		done = s.at + s.length
	}
	return done - arrived
}

// truth is the q quantile, by nearest rank, of the response times of requests that
// arrive when they are due: the closed form, summed over the design's own requests.
func (s stall) truth(q float64) time.Duration {
	n := int(s.duration.Seconds() * float64(s.rate))
	times := make([]time.Duration, n)
	for k := range times {
		times[k] = s.held(time.Duration(k) * time.Second / time.Duration(s.rate))
	}
	return quantile(times, q)
}

// quantile returns the q quantile of the values by nearest rank; 0 of none.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(q*float64(len(sorted)) + 1 - 1e-9)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
