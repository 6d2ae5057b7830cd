package monitor

import (
	"slices"
	"time"

	"servebench/reports/record"
)

// mostWindows bounds what is kept of a load, however long it is.
const mostWindows = 2000

// windows counts answers by window. Windows are numbered from 0; from mostWindows on, neighbours
// are put together.
type windows struct {
	size   record.Window
	kept   []record.MonitorWindow // each of spread windows
	spread int64
	most   int64 // the number of the last window of the phase, where it is of a time
	number int64 // of the latest window
	filled int64 // answers in it, where it is of so many
}

// newWindows takes the length of the phase: what is answered after its end is of the last window.
func newWindows(size record.Window, span time.Duration) windows {
	w := windows{size: size, spread: 1}
	if size.Answers == 0 {
		w.most = int64((span - 1) / size.Time)
	}
	return w
}

// ends reports whether the next answer, which comes at a moment, is the first of another window.
func (w *windows) ends(at time.Duration) bool {
	if w.size.Answers > 0 {
		return w.filled == int64(w.size.Answers)
	}
	return len(w.kept) > 0 && min(int64(at/w.size.Time), w.most) > w.number
}

// answer counts an answer that came at a moment, and returns the number of its window. One that is
// told of after others that came later is of their window.
func (w *windows) answer(at time.Duration) (number int64) {
	if w.size.Answers > 0 && w.filled == int64(w.size.Answers) {
		w.number, w.filled = w.number+1, 0
	}
	w.filled++
	w.add(at, record.MonitorWindow{Answers: 1})
	return w.number
}

// failure counts a request without an answer.
func (w *windows) failure(at time.Duration) { w.add(at, record.MonitorWindow{Unanswered: 1}) }

func (w *windows) add(at time.Duration, what record.MonitorWindow) {
	if w.size.Answers == 0 {
		w.number = max(w.number, min(int64(at/w.size.Time), w.most))
	}
	what.Start, what.End = at, at
	kept := w.holding(w.number)
	*kept = kept.Plus(what)
}

// outcome counts what became known of an answer in a window.
func (w *windows) outcome(number int64, correct bool) {
	kept := w.holding(number)
	kept.Labelled++
	if correct {
		kept.Correct++
	}
}

// holding is what is kept of a window.
func (w *windows) holding(number int64) *record.MonitorWindow {
	for number/w.spread >= mostWindows {
		w.putTogether()
	}
	for int64(len(w.kept)) <= number/w.spread {
		w.kept = append(w.kept, record.MonitorWindow{})
	}
	return &w.kept[number/w.spread]
}

func (w *windows) putTogether() {
	var halved []record.MonitorWindow
	for pair := range slices.Chunk(w.kept, 2) {
		both := pair[0]
		if len(pair) > 1 {
			both = both.Plus(pair[1])
		}
		halved = append(halved, both)
	}
	w.kept, w.spread = halved, 2*w.spread
}

// all returns the windows in which something came.
func (w *windows) all() []record.MonitorWindow {
	var all []record.MonitorWindow
	for i, kept := range w.kept {
		if kept.Empty() {
			continue
		}
		if w.size.Answers == 0 {
			length := time.Duration(w.spread) * w.size.Time
			kept.Start = time.Duration(i) * length
			kept.End = kept.Start + length
		}
		all = append(all, kept)
	}
	return all
}
