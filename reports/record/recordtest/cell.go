package recordtest

import (
	"cmp"
	"fmt"
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
	rng       *rand.Rand
	arrivals  *rand.Rand
	phase     record.Phase
	median    time.Duration
	dies      time.Duration // 0: never
	hiccup    int64         // requests that are still to fail, see Target.Hiccup
	stops     time.Duration // 0: never
	seconds   []second
	cell      record.Cell
	late      int64         // requests so far that were to leave late
	last      time.Duration // when the last request was done
	free      time.Duration // when the server is free again; of a Capacity
	answers   int           // by replicas
	aborted   string
	abort     time.Duration // see Plan.AbortAt
	faults    []record.Injection
	between   int64         // answers since the last failure
	deadline  time.Duration // of good answers; 0: none
	overtime  time.Duration // see record.Cell, of all workers
	firstByte bool          // the time to first byte is recorded: half of the service time
}

func newLoad(p Plan, t Target, phase record.Phase, rng, arrivals *rand.Rand, drift float64) *load {
	service := t.Service
	if phase.Model == noop {
		service = t.Noop
	}
	l := &load{Target: t, rng: rng, arrivals: arrivals, phase: phase, abort: p.AbortAt, faults: p.Faults, deadline: p.SLO.Deadline(), firstByte: p.SLO.FirstByte != record.Quantiles{},
		median: time.Duration(float64(service) * math.Exp(drift))}
	for start := time.Duration(0); start < phase.Duration; start += time.Second {
		l.seconds = append(l.seconds, second{record.Slice{Start: start, Length: min(time.Second, l.phase.Duration-start)}, make(map[string]*hdrhistogram.Histogram)})
	}
	return l
}

// write plays the cell and writes its log.
func (l *load) write(w *record.Writer, round int) (record.Cell, error) {
	l.cell = record.Cell{Target: l.Name, Phase: l.phase.Name, Round: round, Measured: l.phase.Measured, Span: l.phase.Duration}
	for _, class := range l.phase.Mix {
		l.cell.Classes = append(l.cell.Classes, record.ClassCount{Name: class.Name})
	}
	play := l.playOpen
	if !l.phase.Open {
		play = l.playClosed
	}
	if err := play(); err != nil {
		return record.Cell{}, err
	}
	return l.finish(w)
}

func (l *load) playOpen() error {
	for due := l.gap(0); due < l.phase.Duration; due += l.gap(due) {
		if _, err := l.request(due); err != nil {
			return err
		}
	}
	return nil
}

// playClosed has workers that ask again as soon as they are answered.
func (l *load) playClosed() error {
	due := make([]time.Duration, l.phase.Concurrency)
	for {
		i := slices.Index(due, slices.Min(due))
		if due[i] >= l.phase.Duration {
			return nil
		}
		done, err := l.request(due[i])
		if err != nil {
			return err
		}
		due[i] = done
		l.overtime += max(done-l.window(), 0)
	}
}

// rate is that of the step, where there are steps.
func (l *load) rate(at time.Duration) float64 {
	for _, step := range l.phase.Steps {
		if at >= step.Start && at < step.Start+step.Duration {
			return step.Rate
		}
	}
	return l.phase.Rate
}

func (l *load) gap(at time.Duration) time.Duration {
	for _, step := range l.phase.Steps {
		if end := step.Start + step.Duration; step.Rate == 0 && at >= step.Start && at < end {
			return end - at
		}
	}
	mean := float64(time.Second) / l.rate(at)
	if l.phase.Arrivals == "constant" {
		return time.Duration(mean)
	}
	return time.Duration(mean * l.arrivals.ExpFloat64())
}

// request plays one request that is due at this offset, and returns when it was
// done.
func (l *load) request(due time.Duration) (time.Duration, error) {
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
	if 4*due >= 3*l.phase.Duration {
		service += time.Duration(l.Slows * float64(service))
	}
	if l.Capacity > 0 {
		service += l.queue(due)
	}
	s.Scheduled++
	if l.stops > 0 && due >= l.stops {
		return due, nil
	}
	done := due + lag + service
	s.Sent++
	s.InFlight = max(s.InFlight, 1+int64(l.rate(due)*service.Seconds()), int64(l.phase.Concurrency))
	if err := s.record(record.TagLag, lag); err != nil {
		return done, err
	}
	if class, example, failed := l.failure(due); failed {
		l.failed(due, class)
		return done, l.fail(s, class, example, lag+service)
	}
	if err := l.class(s, lag+service); err != nil {
		return done, err
	}
	s.OK++
	l.answeredBy(done)
	l.recovered(done)
	l.last = max(l.last, due+lag+service)
	l.check()
	if l.deadline == 0 || lag+service <= l.deadline {
		l.cell.Good++
	}
	if err := s.record(record.TagService, service); err != nil {
		return done, err
	}
	if l.firstByte {
		if err := s.record(record.TagFirstByte, lag+service/2); err != nil {
			return done, err
		}
	}
	return done, s.record(record.TagResponse, lag+service)
}

// check compares an answer, which is right, with the prediction and the label.
func (l *load) check() {
	if l.Unchecked {
		return
	}
	l.cell.Answers.Checked++
	l.cell.Answers.Agreed++
	l.cell.Answers.Labelled++
	if l.rng.Float64() < 0.93 {
		l.cell.Answers.Correct++
	}
}

// queue is how long a request waits for a server that answers Capacity requests
// per second, one after the other. The load is ended where that is longer than the
// plan bears.
func (l *load) queue(due time.Duration) time.Duration {
	wait := max(l.free-due, 0)
	l.free = due + wait + time.Duration(float64(time.Second)/l.Capacity/float64(l.replicas(due+wait)))
	if l.abort > 0 && wait > l.abort && l.stops == 0 {
		l.stops = due
		l.aborted = fmt.Sprintf("abort_on: 2.4 %% of the requests due in the last 3 s took longer than %v", l.abort)
	}
	return wait
}

// class books an answer in the class of a mix: every tenth is of the last one.
func (l *load) class(s *second, response time.Duration) error {
	if len(l.cell.Classes) == 0 {
		return nil
	}
	i := 0
	if (s.OK+1)%10 == 0 {
		i = len(l.cell.Classes) - 1
	}
	count := &l.cell.Classes[i]
	count.Ledger.Scheduled++
	count.Ledger.Sent++
	count.Ledger.OK++
	return s.record(record.TagOfClass(count.Name), response)
}

func (l *load) tags() []string {
	tags := []string{record.TagResponse, record.TagService, record.TagLag, record.TagFirstByte, record.TagFailed}
	for _, class := range l.cell.Classes {
		tags = append(tags, record.TagOfClass(class.Name))
	}
	return tags
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
	if l.dies > 0 && due >= l.dies || l.isDown(due) {
		return "refused", "dial tcp 127.0.0.1:8080: connect: connection refused", true
	}
	if l.hiccup > 0 && due >= l.phase.Duration/2 {
		l.hiccup--
		return "reset", "read: connection reset by peer", true
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
	log, err := w.Log(l.cell.Trial(), l.cell.Phase)
	if err != nil {
		return record.Cell{}, err
	}
	c := &l.cell
	for _, s := range l.seconds {
		for _, tag := range l.tags() {
			if h := s.histograms[tag]; h != nil {
				if err := log.Interval(tag, s.Start, min(s.Start+time.Second, c.Span), h); err != nil {
					return record.Cell{}, err
				}
			}
		}
		if s.Start < l.window() {
			c.Slices = append(c.Slices, s.Slice)
		}
		c.Ledger.Scheduled += s.Scheduled
		c.Ledger.Sent += s.Sent
		c.Ledger.OK += s.OK
		c.Ledger.Failed += s.Failed
		c.Instrument.Workers = max(c.Instrument.Workers, int(s.InFlight))
	}
	slices.SortFunc(c.Errors, func(a, b record.ErrorCount) int { return cmp.Compare(b.Count, a.Count) })
	c.Window, c.Aborted, c.Stopped = l.window(), l.aborted, l.stops > 0 && l.aborted == ""
	c.Elapsed = max(c.Window, l.last)
	if l.phase.Measured {
		c.Monitor = l.Monitored
	}
	if !l.phase.Open {
		c.Overtime = l.overtime / time.Duration(l.phase.Concurrency)
	} else {
		c.Offered = float64(c.Ledger.Scheduled) / c.Span.Seconds()
	}
	c.Achieved = float64(c.Ledger.Sent) / c.Window.Seconds()
	c.Usage = record.Usage{CPU: time.Duration(c.Ledger.OK) * 200 * time.Microsecond, Resident: 41 << 20, Known: true}
	if l.Running {
		c.Usage = record.Usage{}
	}
	c.Usage.Meters = l.Meters
	c.RequestBytes, c.AnswerBytes = l.Asks*c.Ledger.Sent, l.Answers*c.Ledger.OK
	c.Instrument.CPUs, c.Instrument.WorkerCap = 1, 4096
	c.Instrument.CPU = time.Duration(l.GeneratorCPU * float64(c.Elapsed))
	c.Instrument.SendingTime = c.Window
	c.Instrument.SendingCPU = time.Duration(l.GeneratorCPU * float64(c.Window))
	c.Instrument.GCCycles, c.Instrument.GCPause = 3, 400*time.Microsecond
	c.Instrument.Dials = int64(c.Instrument.Workers)
	c.Log = log.Name()
	return *c, log.Close()
}
