package attack

import (
	"math/rand/v2"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
)

// TestOutages finds runs of failures in requests that are due every 100 ms, whose results
// come in disorder: . is a correct answer, T and C fail, x was never sent, ? was given up.
func TestOutages(t *testing.T) {
	const every = 100 * time.Millisecond
	at := func(k int) time.Duration { return time.Duration(k) * every }
	took := func(k int) time.Duration { return at(k) + time.Millisecond }
	failed := func(class string, n int64) record.ErrorCount { return record.ErrorCount{Class: class, Count: n} }
	timeout, closed := record.ErrorTimeout, record.ErrorClosed
	for name, c := range map[string]struct {
		results string
		want    []record.Outage
		faults  []time.Duration
	}{
		"none":            {results: "......x?..", faults: []time.Duration{at(3)}},
		"one failure":     {results: "...T......", want: []record.Outage{{First: at(3), Last: at(3), Recovered: took(4), Errors: []record.ErrorCount{failed(timeout, 1)}}}},
		"one of replicas": {results: "..C.C.T...", want: []record.Outage{{First: at(2), Last: at(6), Recovered: took(7), OK: 2, Errors: []record.ErrorCount{failed(closed, 2), failed(timeout, 1)}}}},
		"never over":      {results: "..CCC", want: []record.Outage{{First: at(2), Last: at(4), Errors: []record.ErrorCount{failed(closed, 3)}}}},
		"two apart by more than a second": {results: ".C............C.", want: []record.Outage{
			{First: at(1), Last: at(1), Recovered: took(2), Errors: []record.ErrorCount{failed(closed, 1)}},
			{First: at(14), Last: at(14), Recovered: took(15), Errors: []record.ErrorCount{failed(closed, 1)}},
		}},
		"apart, but nothing correct in between": {results: ".Cxxxxxxxxxx?C.", want: []record.Outage{
			{First: at(1), Last: at(13), Recovered: took(14), Errors: []record.ErrorCount{failed(closed, 2)}},
		}},
		"failing already when a fault is injected": {results: "..T.TCCC..", faults: []time.Duration{at(5)}, want: []record.Outage{
			{First: at(2), Last: at(4), Recovered: took(8), OK: 1, Errors: []record.ErrorCount{failed(timeout, 2)}},
			{First: at(5), Last: at(7), Recovered: took(8), Errors: []record.ErrorCount{failed(closed, 3)}},
		}},
		"two faults while nothing is answered": {results: "..TTTTTT", faults: []time.Duration{at(3), at(5)}, want: []record.Outage{
			{First: at(2), Last: at(2), Errors: []record.ErrorCount{failed(timeout, 1)}},
			{First: at(3), Last: at(4), Errors: []record.ErrorCount{failed(timeout, 2)}},
			{First: at(5), Last: at(7), Errors: []record.ErrorCount{failed(timeout, 3)}},
		}},
	} {
		order := inOrder{ring: newRing[stamps](0), outages: outages{faults: c.faults}}
		for _, k := range rand.New(rand.NewPCG(1, 0)).Perm(len(c.results)) {
			s := stamps{due: at(k), sent: at(k), done: took(k)}
			switch c.results[k] {
			case '.':
				s.state = right
			case 'T':
				s.state, s.class = wrong, timeout
			case 'C':
				s.state, s.class = wrong, closed
			case 'x':
				s.state = skipped
			case '?':
				s.state = abandoned
			}
			order.add(uint64(k), s)
		}
		order.end()
		if diff := cmp.Diff(c.want, order.outages.runs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestOutagesAreBounded has the last one take what is beyond, and loses no failure.
func TestOutagesAreBounded(t *testing.T) {
	var o outages
	const n = 3 * mostOutages
	for k := range n {
		due := time.Duration(k) * 2 * outageGap
		o.add(stamps{due: due, state: wrong, class: record.ErrorOther})
		o.add(stamps{due: due + outageGap/2, done: due + outageGap, state: right})
		o.add(stamps{due: due + outageGap + 1, done: due + outageGap + 2, state: right})
	}
	var failed int64
	for _, run := range o.runs {
		failed += run.Failed()
	}
	if len(o.runs) != mostOutages || failed != n {
		t.Errorf("%d runs with %d failures, want %d with %d", len(o.runs), failed, mostOutages, n)
	}
}
