package monitoring

import (
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Retraining is one training of the model under load. Times are from the start of the phase; nil:
// it did not come to that.
type Retraining struct {
	Reason  string // what it began with
	At      time.Duration
	Began   *time.Duration // it waits for enough outcomes
	Trained *time.Duration
	Swapped *time.Duration // the server said that it serves the new model
	Rows    int            // trained on
	CPU     *time.Duration // of the training's processes; nil: not known
	Failed  string         // why the model before it is served on
	// Accuracy is that of the windows from its swap to the next one, or to the end.
	Accuracy stat.Proportion
	// Training is the load while it trained, BeforeTraining that of up to 10 s before, since the
	// training before it ended. Swap is the load of the seconds from the end of the training until
	// the new model was served, BeforeSwap that of the second before; of a load of hours of longer
	// slices. nil: there was none.
	Training, BeforeTraining *Stretch
	Swap, BeforeSwap         *Stretch
}

// Took is how long the training itself took; false: it did not end.
func (r Retraining) Took() (time.Duration, bool) {
	if r.Began == nil || r.Trained == nil {
		return 0, false
	}
	return *r.Trained - *r.Began, true
}

// Stretch is a part of the load, to whole slices of the record, by when requests were due.
type Stretch struct {
	From, To time.Duration
	Failed   int64
	Response stat.Distribution // of the correct answers; without a histogram
}

// compared is how long before a training the load is that it is compared with.
const compared = 10 * time.Second

func retrainingsOf(c *sample.Cell, distinct int64, seed uint64) []Retraining {
	var all []Retraining
	var over time.Duration // when the one before ended
	for i, recorded := range c.Monitor.Retrainings {
		r := Retraining{
			Reason: recorded.Reason, At: recorded.At, Began: reached(recorded.Began), Trained: reached(recorded.Trained), Swapped: reached(recorded.Swapped),
			Rows: recorded.Rows, CPU: reached(recorded.CPU), Failed: recorded.Failed,
		}
		if _, ended := r.Took(); ended {
			if r.Training = stretchOf(c, *r.Began, *r.Trained, seed); r.Training != nil {
				r.BeforeTraining = wholeSlices(c, max(over, r.Training.From-compared), r.Training.From, seed)
			}
		}
		if r.Swapped != nil {
			r.Accuracy = accuracyIn(c, *r.Swapped, nextSwap(c.Monitor.Retrainings[i+1:]), distinct)
			from := *r.Swapped
			if r.Trained != nil {
				from = min(from, *r.Trained)
			}
			if r.Swap = stretchOf(c, from, *r.Swapped+1, seed); r.Swap != nil {
				r.BeforeSwap = stretchOf(c, r.Swap.From-1, r.Swap.From, seed)
			}
		}
		over = max(over, recorded.At, recorded.Trained, recorded.Swapped)
		all = append(all, r)
	}
	return all
}

// reached is nil of 0, which is a time that was not reached.
func reached(d time.Duration) *time.Duration {
	if d == 0 {
		return nil
	}
	return &d
}

func nextSwap(later []record.Retraining) time.Duration {
	for _, r := range later {
		if r.Swapped > 0 {
			return r.Swapped
		}
	}
	return forever
}

// stretchOf has the slices in which a part of a time lies; nil: there are none.
func stretchOf(c *sample.Cell, from, to time.Duration, seed uint64) *Stretch {
	return newStretch(c, func(s sample.LoggedSlice) bool { return s.Start < to && s.End() > from }, seed)
}

// wholeSlices has the slices that lie within a time; nil: there are none.
func wholeSlices(c *sample.Cell, from, to time.Duration, seed uint64) *Stretch {
	return newStretch(c, func(s sample.LoggedSlice) bool { return s.Start >= from && s.End() <= to }, seed)
}

func newStretch(c *sample.Cell, in func(sample.LoggedSlice) bool, seed uint64) *Stretch {
	var out *Stretch
	var tallies []stat.Tally
	for _, s := range c.Seconds {
		if !in(s) {
			continue
		}
		if out == nil {
			out = &Stretch{From: s.Start}
		}
		out.To = s.End()
		out.Failed += s.Failed
		tallies = append(tallies, s.Responses)
	}
	if out != nil {
		out.Response = stat.NewSample([][]stat.Tally{tallies}).Distribution(seed)
	}
	return out
}
