package record

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The geometry of every histogram in a run. One geometry for all means that
// merging them loses nothing.
const (
	Lowest  = time.Nanosecond
	Highest = time.Hour // longer ones do not fit: count them in Instrument.OutOfRange
	Digits  = 3         // significant decimal digits: 0.1 % of the value
)

// NewHistogram is an empty histogram of nanoseconds from Lowest to Highest with
// Digits significant digits; about 270 KB.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(Lowest), int64(Highest), Digits)
}

// Interval is one line of a cell's interval log.
type Interval struct {
	Tag        string // TagResponse …
	Start, End time.Duration
	Histogram  *hdrhistogram.Histogram // values in nanoseconds
}
