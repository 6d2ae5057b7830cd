package main

import (
	"bytes"
	"fmt"
	"time"

	"servebench/targets/reference/null"
)

// load is what a tool is asked to do.
type load struct {
	kind        string // of loadKinds
	name        string // tells it from all others
	url         string // of the server; known once that runs
	body        []byte // of a POST; nil: a GET
	answer      string // body of the right answer
	connections int    // most requests at once
	rate        int    // per second, at constant gaps; 0: a closed loop
	poisson     bool   // the gaps are exponential
	duration    time.Duration
	stall       *stall // what the server does; nil: it answers at once
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

// loads returns every load of the kind.
func loads(kind string, duration time.Duration) []load {
	answer := string(bytes.Repeat([]byte("x"), null.Body))
	base := load{kind: kind, duration: duration, answer: answer}
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
			l.name, l.rate, l.connections = rateName(rate), rate, openConnections
			all = append(all, l)
			l.name, l.poisson = poissonName(rate), true
			all = append(all, l)
		}
		return all
	}
	design := standardStall()
	base.name, base.rate, base.duration, base.stall = stalled, design.rate, design.duration, &design
	base.connections = openConnections
	return []load{base}
}

func rateName(rate int) string    { return fmt.Sprintf("%d/s", rate) }
func poissonName(rate int) string { return rateName(rate) + " poisson" }
