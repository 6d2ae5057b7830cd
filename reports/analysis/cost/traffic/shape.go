package traffic

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shape is a kind of traffic that a few words describe.
type Shape struct {
	Name    string
	Doc     string // what it is, a sentence
	Example string
	params  []param
	rates   func(p map[string]float64) []float64 // relative to the mean
}

// param is a number that a shape takes.
type param struct {
	name, unit string // the unit ends its value: "3x"
	absent     float64
	least      float64
	most       func(p map[string]float64) float64
	why        string // the most
}

const (
	day      = int(24 * time.Hour / Step)
	week     = 7 * day
	mostPeak = 1000
)

func upTo(most float64) func(map[string]float64) float64 {
	return func(map[string]float64) float64 { return most }
}

// Shapes are those that there are.
func Shapes() []Shape {
	return []Shape{{
		Name: "constant", Doc: "The same rate at all times.", Example: "constant:50/s",
		rates: func(map[string]float64) []float64 { return slices.Repeat([]float64{1}, day) },
	}, {
		Name: "daily", Doc: "Rises and falls once a day, with its peak at 14:00. Up to 2x it is a sine, above that the nights are empty and the peak is narrower.",
		Example: "daily:50/s,peak=2x",
		params:  []param{{"peak", "x", 2, 1, upTo(mostPeak), ""}},
		rates:   func(p map[string]float64) []float64 { return daily(p["peak"]) },
	}, {
		Name: "business-hours", Doc: "High from 9:00 to 17:00 of five days a week, low otherwise.", Example: "business-hours:50/s,peak=4x",
		params: []param{{"peak", "x", 3, 1, upTo(float64(week) / businessMinutes), "when there are no requests outside business hours"}},
		rates:  func(p map[string]float64) []float64 { return businessHours(p["peak"]) },
	}, {
		Name: "spiky", Doc: "One burst a day, low otherwise.", Example: "spiky:5/s,peak=20x,minutes=10",
		params: []param{
			{"minutes", "", 10, 1, upTo(float64(day) / 2), ""},
			{"peak", "x", 10, 1, func(p map[string]float64) float64 { return float64(day) / p["minutes"] }, "when all requests are in the burst"},
		},
		rates: func(p map[string]float64) []float64 { return spiky(p["peak"], int(p["minutes"])) },
	}}
}

// IsShape says that a text names a shape, and no file.
func IsShape(text string) bool {
	name, _, _ := strings.Cut(text, ":")
	_, known := shapeNamed(name)
	return known
}

func shapeNamed(name string) (Shape, bool) {
	for _, s := range Shapes() {
		if s.Name == name {
			return s, true
		}
	}
	return Shape{}, false
}

// Parse reads a shape: its name, its mean rate and its parameters, such as
// "daily:50/s,peak=3x". A peak is that many times the mean. The error joins all that is wrong.
func Parse(text string) (Curve, error) {
	name, rest, _ := strings.Cut(text, ":")
	shape, known := shapeNamed(name)
	if !known {
		var examples []string
		for _, s := range Shapes() {
			examples = append(examples, s.Example)
		}
		return Curve{}, fmt.Errorf("traffic %q is no shape; want one such as %s", text, strings.Join(examples, ", "))
	}
	words := strings.Split(rest, ",")
	mean, err := parseRate(words[0])
	faults := []error{err}
	p := map[string]float64{}
	for _, word := range words[1:] {
		faults = append(faults, shape.set(p, word))
	}
	for _, known := range shape.params { // in their order: the most of one may depend on another
		faults = append(faults, known.check(p))
	}
	if err := errors.Join(faults...); err != nil {
		return Curve{}, fmt.Errorf("traffic %q: %w; want for instance %s", text, err, shape.Example)
	}
	c := Curve{Name: text, Rates: shape.rates(p)}.Times(mean)
	return c, c.check()
}

// parseRate reads "50/s", "3000/min", "1e6/day".
func parseRate(text string) (float64, error) {
	number, per, _ := strings.Cut(text, "/")
	seconds, known := map[string]float64{"s": 1, "min": 60, "h": 3600, "day": 86400}[per]
	rate, err := strconv.ParseFloat(number, 64)
	switch {
	case !known || err != nil || math.IsNaN(rate):
		return 0, fmt.Errorf("%q is no mean rate, which is a number followed by /s, /min, /h or /day", text)
	case !(rate/seconds >= minRate) || rate/seconds > maxRate:
		return 0, fmt.Errorf("the mean rate %s is not from %g/s to %g/s", text, minRate, maxRate)
	}
	return rate / seconds, nil
}

// set reads "peak=3x".
func (s Shape) set(all map[string]float64, text string) error {
	name, value, _ := strings.Cut(text, "=")
	for _, p := range s.params {
		if p.name != name {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSuffix(value, p.unit), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: %q is no number", name, value)
		}
		if _, twice := all[name]; twice {
			return fmt.Errorf("%s is there twice", name)
		}
		all[name] = v
		return nil
	}
	return fmt.Errorf("%s has no parameter %q", s.Name, name)
}

// check fills in what is absent, and finds what is out of range.
func (p param) check(all map[string]float64) error {
	v, given := all[p.name]
	if !given {
		v = p.absent
	}
	all[p.name] = v
	most := p.most(all)
	if v >= p.least && v <= most {
		return nil
	}
	all[p.name] = p.absent // what depends on it is not at fault
	why := ""
	if p.why != "" {
		why = ", " + p.why
	}
	return fmt.Errorf("%s=%g%s is not between %g%s and %.4g%s%s", p.name, v, p.unit, p.least, p.unit, most, p.unit, why)
}

// daily is a cosine, raised to a power where its peak is above twice the mean.
func daily(peak float64) []float64 {
	const busiest = 14 * int(time.Hour/Step)
	wave := make([]float64, day)
	for i := range wave {
		wave[i] = (1 + math.Cos(2*math.Pi*float64(i-busiest)/float64(day))) / 2
	}
	if peak <= 2 {
		for i, w := range wave {
			wave[i] = (2 - peak) + 2*(peak-1)*w
		}
		return wave
	}
	mean := func(power float64) (sum float64) {
		for _, w := range wave {
			sum += math.Pow(w, power) / float64(day)
		}
		return sum
	}
	low, high := 1.0, 1e7
	for range 200 {
		if middle := math.Sqrt(low * high); mean(middle) > 1/peak {
			low = middle
		} else {
			high = middle
		}
	}
	for i, w := range wave {
		wave[i] = peak * math.Pow(w, high)
	}
	return wave
}

const businessMinutes = 5 * 8 * 60.0

func businessHours(peak float64) []float64 {
	rest := max(0, (float64(week)-peak*businessMinutes)/(float64(week)-businessMinutes))
	rates := make([]float64, week)
	for i := range rates {
		rates[i] = rest
		if hour := i % day / 60; i/day < 5 && hour >= 9 && hour < 17 {
			rates[i] = peak
		}
	}
	return rates
}

func spiky(peak float64, minutes int) []float64 {
	const at = 12 * int(time.Hour/Step)
	rest := max(0, (float64(day)-peak*float64(minutes))/float64(day-minutes))
	rates := make([]float64, day)
	for i := range rates {
		rates[i] = rest
		if i >= at && i < at+minutes {
			rates[i] = peak
		}
	}
	return rates
}
