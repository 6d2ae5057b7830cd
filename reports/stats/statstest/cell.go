package statstest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// second is one slice with its histograms by tag.
type second struct {
	record.Slice
	histograms map[string]*hdrhistogram.Histogram
}

// load is one cell in the making.
type load struct {
	Target
	rng      *rand.Rand
	arrivals *rand.Rand
	phase    record.Phase
	median   time.Duration
	dies     time.Duration // 0: never
	stops    time.Duration // 0: never
	seconds  []second
	cell     record.Cell
	late     int64         // requests so far that were to leave late
	last     time.Duration // when the last request was done
}

func newLoad(t Target, phase record.Phase, rng, arrivals *rand.Rand, drift float64) *load {
	service := t.Service
	if phase.Model == noop {
		service = t.Noop
	}
	l := &load{Target: t, rng: rng, arrivals: arrivals, phase: phase,
		median: time.Duration(float64(service) * math.Exp(drift))}
	for start := time.Duration(0); start < phase.Duration; start += time.Second {
		l.seconds = append(l.seconds, second{record.Slice{Start: start}, make(map[string]*hdrhistogram.Histogram)})
	}
	return l
}

// write plays the cell and writes its log.
func (l *load) write(w *record.Writer, round int) (record.Cell, error) {
	l.cell = record.Cell{Target: l.Name, Phase: l.phase.Name, Round: round, Measured: l.phase.Measured, Span: l.phase.Duration}
	for due := l.gap(); due < l.phase.Duration; due += l.gap() {
		if err := l.request(due); err != nil {
			return record.Cell{}, err
		}
	}
	return l.finish(w)
}

func (l *load) gap() time.Duration {
	mean := float64(time.Second) / l.phase.Rate
	if l.phase.Law == "constant" {
		return time.Duration(mean)
	}
	return time.Duration(mean * l.arrivals.ExpFloat64())
}

// request plays one request that is due at this offset.
func (l *load) request(due time.Duration) error {
	s := &l.seconds[due/time.Second]
	lag := lognormal(l.rng, l.Lag, 0.5)
	if l.late < l.Late {
		l.late++
		lag += 20 * time.Millisecond
	}
	service := lognormal(l.rng, l.median, l.Spread)
	if stall := l.phase.Duration/2 + l.Stall - due; stall > 0 && stall < l.Stall {
		service += stall
	}
	s.Scheduled++
	if l.stops > 0 && due >= l.stops {
		return nil
	}
	s.Sent++
	s.InFlight = max(s.InFlight, 1+int64(l.phase.Rate*service.Seconds()))
	if err := s.record(record.TagLag, lag); err != nil {
		return err
	}
	if class, example, failed := l.failure(due); failed {
		return l.fail(s, class, example, lag+service)
	}
	s.OK++
	l.last = max(l.last, due+lag+service)
	l.cell.Answers.Checked++
	l.cell.Answers.Agreed++
	l.cell.Answers.Labelled++
	if l.rng.Float64() < 0.93 {
		l.cell.Answers.Correct++
	}
	inTime, good := due+lag+service <= l.window(), lag+service < 50*time.Millisecond
	if inTime {
		l.cell.InTime++
	}
	if good {
		l.cell.Good++
	}
	if inTime && good {
		l.cell.GoodInTime++
	}
	if err := s.record(record.TagService, service); err != nil {
		return err
	}
	return s.record(record.TagResponse, lag+service)
}

// window is how long the cell is sent.
func (l *load) window() time.Duration {
	if l.stops > 0 {
		return l.stops
	}
	return l.phase.Duration
}

// failure decides whether and how a request fails.
func (l *load) failure(due time.Duration) (class, example string, failed bool) {
	if l.dies > 0 && due >= l.dies {
		return "refused", "dial tcp 127.0.0.1:8080: connect: connection refused", true
	}
	u := l.rng.Float64()
	if u -= l.Wrong; u < 0 {
		l.cell.Answers.Checked++
		return "wrong answer", "label 1, want 0", true
	}
	for _, e := range l.Errors {
		if u -= e.Share; u < 0 {
			return e.Class, e.Example, true
		}
	}
	return "", "", false
}

func (l *load) fail(s *second, class, example string, after time.Duration) error {
	s.Failed++
	i := slices.IndexFunc(l.cell.Errors, func(e record.ErrorCount) bool { return e.Class == class })
	if i < 0 {
		i = len(l.cell.Errors)
		l.cell.Errors = append(l.cell.Errors, record.ErrorCount{Class: class, Example: example})
	}
	l.cell.Errors[i].Count++
	return s.record(record.TagFailed, after)
}

func (s *second) record(tag string, d time.Duration) error {
	if s.histograms[tag] == nil {
		s.histograms[tag] = record.NewHistogram()
	}
	return s.histograms[tag].RecordValue(int64(d))
}

// finish writes the log and sums up the cell.
func (l *load) finish(w *record.Writer) (record.Cell, error) {
	log, err := w.Log(l.cell.Visit(), l.cell.Phase)
	if err != nil {
		return record.Cell{}, err
	}
	c := &l.cell
	for _, s := range l.seconds {
		for _, tag := range []string{record.TagResponse, record.TagService, record.TagLag, record.TagFailed} {
			if h := s.histograms[tag]; h != nil {
				if err := log.Interval(tag, s.Start, min(s.Start+time.Second, c.Span), h); err != nil {
					return record.Cell{}, err
				}
			}
		}
		c.Slices = append(c.Slices, s.Slice)
		c.Ledger.Scheduled += s.Scheduled
		c.Ledger.Sent += s.Sent
		c.Ledger.OK += s.OK
		c.Ledger.Failed += s.Failed
		c.Instrument.Workers = max(c.Instrument.Workers, int(s.InFlight))
	}
	slices.SortFunc(c.Errors, func(a, b record.ErrorCount) int { return cmp.Compare(b.Count, a.Count) })
	c.Window, c.Stopped = l.window(), l.stops > 0
	c.Elapsed = max(c.Window, l.last)
	c.Offered = float64(c.Ledger.Scheduled) / c.Span.Seconds()
	c.Achieved = float64(c.Ledger.Sent) / c.Window.Seconds()
	c.Usage = record.Usage{CPU: time.Duration(c.Ledger.OK) * 200 * time.Microsecond, Resident: 41 << 20, Known: true}
	if l.Running {
		c.Usage = record.Usage{}
	}
	c.Usage.Meters = l.Meters
	c.Instrument.CPUs, c.Instrument.WorkerCap = 1, 4096
	c.Instrument.CPU = time.Duration(l.GeneratorCPU * float64(c.Elapsed))
	c.Instrument.SendingTime = c.Window
	c.Instrument.SendingCPU = time.Duration(l.GeneratorCPU * float64(c.Window))
	c.Instrument.GCCycles, c.Instrument.GCPause = 3, 400*time.Microsecond
	c.Instrument.Dials = int64(c.Instrument.Workers)
	c.Log = log.Name()
	return *c, log.Close()
}
