package main

import (
	"slices"
	"time"
)

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
