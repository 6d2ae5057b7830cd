// Package traffic is how many requests come, over a cycle that repeats: a shape that the user
// describes in a few words, or the times of arrival of a recording. It is what a capacity is
// multiplied with to find how many servers are needed when. Nothing here reads files or clocks.
package traffic

import (
	"fmt"
	"math"
	"time"
)

// Step is how long each rate of a Curve lasts.
const Step = time.Minute

const (
	maxCycle = 366 * 24 * time.Hour
	maxRate  = 1e9  // requests per second
	minRate  = 1e-9 // of a shape, on average: less makes costs of a request that no number holds
)

// Curve is the traffic over one cycle, which repeats.
type Curve struct {
	Name  string    // the shape as text, or the file that it was read from
	Rates []float64 // requests per second, the mean of each Step
	// Recorded says that it comes from a recording, so that other cycles may differ from it.
	Recorded bool
}

// Cycle is how long the curve takes until it repeats.
func (c Curve) Cycle() time.Duration { return time.Duration(len(c.Rates)) * Step }

// Mean is the mean rate, requests per second.
func (c Curve) Mean() float64 {
	sum := 0.0
	for _, r := range c.Rates {
		sum += r
	}
	return sum / float64(len(c.Rates))
}

// Peak is the highest rate of a Step, requests per second.
func (c Curve) Peak() float64 {
	peak := 0.0
	for _, r := range c.Rates {
		peak = max(peak, r)
	}
	return peak
}

// Times is the curve with all rates multiplied.
func (c Curve) Times(factor float64) Curve {
	rates := make([]float64, len(c.Rates))
	for i, r := range c.Rates {
		rates[i] = r * factor
	}
	c.Rates = rates
	return c
}

// Sharpened is the curve with the same mean and another ratio of peak to mean: the distance of
// each rate from the mean is multiplied, and what would be below 0 is 0, which raises the ratio
// a little less. A ratio below 1, and that of a constant curve, changes nothing.
func (c Curve) Sharpened(factor float64) Curve {
	mean := c.Mean()
	rates := make([]float64, len(c.Rates))
	for i, r := range c.Rates {
		rates[i] = max(0, mean+factor*(r-mean))
	}
	c.Rates = rates
	if now := c.Mean(); now > 0 {
		return c.Times(mean / now)
	}
	return c
}

// Hour is a part of the cycle in which the number of servers stays the same: an hour, or less
// where the cycle ends before.
type Hour struct {
	Length time.Duration
	Mean   float64 // requests per second
	// Peak is the highest rate within it, and within the time after it that it takes to add a
	// server: those that will be needed by then have to be started now.
	Peak float64
}

// Hours are those of a cycle, with peaks that look ahead by the time that it takes to add a
// server.
func (c Curve) Hours(ahead time.Duration) []Hour {
	const perHour = int(time.Hour / Step)
	n := len(c.Rates)
	reach := int(min((max(ahead, 0)+Step-1)/Step, c.Cycle())) // whole steps
	var hours []Hour
	for start := 0; start < n; start += perHour {
		end := min(start+perHour, n)
		h := Hour{Length: time.Duration(end-start) * Step}
		for i := start; i < min(end+reach, start+n); i++ {
			h.Peak = max(h.Peak, c.Rates[i%n])
			if i < end {
				h.Mean += c.Rates[i]
			}
		}
		h.Mean /= float64(end - start)
		hours = append(hours, h)
	}
	return hours
}

// FromTimes is the traffic of recorded arrivals, which ascend: the cycle is the whole minutes
// that they cover. The name says where they are from.
func FromTimes(name string, times []time.Duration) (Curve, error) {
	if len(times) < 2 {
		return Curve{}, fmt.Errorf("%s: %d of the 2 arrivals that traffic takes at least; want times over a minute or more", name, len(times))
	}
	first, last := times[0], times[len(times)-1]
	// The last arrival stands for one gap more, as a trace is replayed.
	length := float64(last) - float64(first)
	length *= float64(len(times)) / float64(len(times)-1)
	switch {
	case length < float64(Step):
		return Curve{}, fmt.Errorf("%s: the arrivals cover %v; want at least a minute, better a day or a week", name, time.Duration(length).Round(time.Millisecond))
	case length > float64(maxCycle):
		return Curve{}, fmt.Errorf("%s: the arrivals cover %.0f days, which is no cycle that repeats; want at most a year, better a day or a week", name, length/float64(24*time.Hour))
	}
	const slack = 0.02 // the part of the last minute that may be missing
	c := Curve{Name: name, Rates: make([]float64, int(length/float64(Step)+slack)), Recorded: true}
	for _, at := range times {
		if i := int((at - first) / Step); i < len(c.Rates) {
			c.Rates[i]++
		}
	}
	c = c.Times(1 / Step.Seconds())
	return c, c.check()
}

// check finds what makes a curve no traffic.
func (c Curve) check() error {
	for i, r := range c.Rates {
		if math.IsNaN(r) || r < 0 || r > maxRate {
			return fmt.Errorf("%s: minute %d has %g requests per second; want at most %g", c.Name, i, r, maxRate)
		}
	}
	if c.Peak() == 0 {
		return fmt.Errorf("%s: no requests", c.Name)
	}
	return nil
}
