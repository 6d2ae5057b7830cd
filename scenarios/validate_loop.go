package scenarios

import (
	"fmt"
	"time"
)

// validateLoop holds a phase to one of the two ways in which load is made.
func (d *decoder) validateLoop(p Phase, field string) {
	rate, concurrency := d.given[field+".rate"], d.given[field+".concurrency"]
	if !concurrency {
		d.senseless(field+".think", p.Think != nil, "no closed loop thinks here", "concurrency beside it")
		d.validateArrivals(p, field)
		return
	}
	d.need(field+".duration", durations().want)
	const either = "either a rate, with its arrivals, or concurrency"
	d.senseless(field+".concurrency", rate, "there is a rate, and a closed loop sends no faster than it is answered", either)
	for _, key := range append([]string{"arrivals"}, rowNames(arrivalsRows())...) {
		d.senseless(field+"."+key, !rate && d.given[field+"."+key], "a closed loop has no arrival process: each worker asks when it has its answer", either)
	}
}

// leastFor is the least time that conditions are looked at over.
const leastFor = time.Second

func (d *decoder) validateAbort(s *Scenario) {
	a := s.AbortOn
	if a == nil || !d.sound("abort_on") {
		return
	}
	if a.Errors == nil && a.P99 == 0 && a.InFlight == 0 {
		d.fault("abort_on", "no condition in it", "errors, p99 or in_flight")
	}
	d.senseless("abort_on.errors", a.Errors != nil && (*a.Errors == 0 || *a.Errors == 1), "no load would go on, or none would ever end", "more than 0% and less than 100%")
	d.senseless("abort_on.for", a.For < leastFor, fmt.Sprintf("%s is too short to judge by", formatDuration(a.For)), "1s or more")
}
