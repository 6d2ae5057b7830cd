package shift

import (
	"fmt"
	"math"
)

// The shapes of a drift.
const (
	Sudden    = "sudden"    // from one example to the next
	Gradual   = "gradual"   // more and more examples are of the new kind
	Recurring = "recurring" // the new kind and the old one take turns
)

// Shape says when examples drift. Positions are times since the load began, in nanoseconds,
// or numbers of examples.
type Shape struct {
	Kind   string
	At     int64 // the position of the change; of a gradual one, of its middle
	Width  int64 // of a gradual change: it lasts for about so long
	Period int64 // of a recurring one: how long each kind lasts in turn
}

// Share is the share of the examples at a position that are of the new kind. Of a gradual
// change it is
//
//	1 / (1 + e^(−4(t−p)/w))
//
// at position t, for a change at p of width w: A. Bifet, G. Holmes, R. Kirkby, B. Pfahringer,
// "MOA: Massive Online Analysis", Journal of Machine Learning Research 11 (2010).
func (s Shape) Share(position int64) float64 {
	past := position - s.At
	switch {
	case s.Kind == Gradual:
		return 1 / (1 + math.Exp(-4*float64(past)/float64(s.Width)))
	case past < 0 || s.Kind == Recurring && past/s.Period%2 == 1:
		return 0
	}
	return 1
}

func (s Shape) check() (faults []Fault) {
	switch s.Kind {
	case Sudden, Gradual, Recurring:
	default:
		return []Fault{{"shape", fmt.Sprintf("unknown shape %q", s.Kind), "one of sudden, gradual, recurring"}}
	}
	if s.At < 0 {
		faults = append(faults, Fault{"at", "it is before the beginning", "a position from the beginning on"})
	}
	for _, c := range []struct {
		key, kind string
		value     int64
	}{{"width", Gradual, s.Width}, {"period", Recurring, s.Period}} {
		switch {
		case s.Kind == c.kind && c.value <= 0:
			faults = append(faults, Fault{c.key, "a " + c.kind + " drift needs one", "a " + c.key + " above 0"})
		case s.Kind != c.kind && c.value != 0:
			faults = append(faults, Fault{c.key, "a " + s.Kind + " drift has none", "none, or shape: " + c.kind})
		}
	}
	return faults
}
