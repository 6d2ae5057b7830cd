package main

import "time"

// punctuality is how a load at constant gaps arrived at the server.
type punctuality struct {
	// Held is the share of the rate asked for that arrived: requests ÷ what was due,
	// over the time planned or the time taken, whichever is longer.
	Held float64       `json:"held"`
	P50  time.Duration `json:"lag_p50_ns"` // arrival − due time
	P99  time.Duration `json:"lag_p99_ns"`
}

// punctual fits due times to the arrivals, which ascend: the k-th was due at
// t0 + k/rate, where t0 is such that the most punctual arrival is not late at all.
// No tool tells when a request was due, so that this is the same for all of them;
// it is what a request came later than the tool's own earliest.
func punctual(arrivals []time.Duration, rate int, planned time.Duration) punctuality {
	if len(arrivals) == 0 {
		return punctuality{}
	}
	late := make([]time.Duration, len(arrivals))
	least := arrivals[0]
	for k, arrival := range arrivals {
		late[k] = arrival - time.Duration(k)*time.Second/time.Duration(rate)
		least = min(least, late[k])
	}
	for k := range late {
		late[k] -= least
	}
	gap := time.Second / time.Duration(rate)
	taken := max(planned, arrivals[len(arrivals)-1]-arrivals[0]+gap)
	return punctuality{
		Held: float64(len(arrivals)) / (taken.Seconds() * float64(rate)),
		P50:  quantile(late, 0.5),
		P99:  quantile(late, 0.99),
	}
}
