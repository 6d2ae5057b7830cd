package figures

import "math"

// span is the range of a logarithmic axis: 0 < low < high. The zero value is
// empty.
type span struct{ low, high float64 }

// add widens the span to hold v. Values that a logarithm has no place for are
// left out.
func (s *span) add(v float64) {
	if !(v > 0) || math.IsInf(v, 0) {
		return
	}
	if s.high == 0 {
		s.low, s.high = v, v
		return
	}
	s.low, s.high = math.Min(s.low, v), math.Max(s.high, v)
}

func (s span) empty() bool { return s.high == 0 }

// padded returns the span with some air on both sides, and at least as wide as
// the given factor, so that data without spread has an axis too.
func (s span) padded(least float64) span {
	if s.empty() {
		return span{0.1, 10}
	}
	if ratio := s.high / s.low; ratio < least {
		grow := math.Sqrt(least / ratio)
		s.low, s.high = s.low/grow, s.high*grow
	}
	air := math.Pow(s.high/s.low, 0.04)
	return span{s.low / air, s.high * air}
}
