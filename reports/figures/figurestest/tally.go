package figurestest

import (
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally collects the requests of one target, of one round or of all.
type tally struct {
	target                         string
	round                          int
	ledger                         record.Ledger
	response, service, lag, failed *hdrhistogram.Histogram
	slices                         []sample.Slice
}

func newTally(target string, round int) *tally {
	return &tally{target: target, round: round,
		response: empty(3), service: empty(3), lag: empty(3), failed: empty(3)}
}

func empty(digits int) *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Hour), digits)
}

// request records one request; a value beyond an hour is cut to it.
func (t *tally) request(at, lag, service time.Duration, failed bool) {
	second := int(at / time.Second)
	for len(t.slices) <= second {
		start := time.Duration(len(t.slices)) * time.Second
		t.slices = append(t.slices, sample.Slice{Round: t.round, Slice: record.Slice{Start: start, Length: time.Second},
			Response: empty(2), Lag: empty(2)})
	}
	s := &t.slices[second]
	t.ledger.Scheduled++
	t.ledger.Sent++
	s.Scheduled++
	s.Sent++
	s.InFlight = max(s.InFlight, 1+int64(service/(5*time.Millisecond)))
	put(t.lag, lag)
	put(s.Lag, lag)
	if failed {
		t.ledger.Failed++
		s.Failed++
		put(t.failed, lag+service)
		return
	}
	t.ledger.OK++
	s.OK++
	put(t.service, service)
	put(t.response, lag+service)
	put(s.Response, lag+service)
}

func put(h *hdrhistogram.Histogram, d time.Duration) {
	// Bounded to the histogram's range, so that it cannot fail.
	_ = h.RecordValue(min(max(int64(d), 0), int64(time.Hour)))
}

func (t *tally) add(o *tally) {
	t.ledger.Scheduled += o.ledger.Scheduled
	t.ledger.Sent += o.ledger.Sent
	t.ledger.OK += o.ledger.OK
	t.ledger.Failed += o.ledger.Failed
	t.response.Merge(o.response)
	t.service.Merge(o.service)
	t.lag.Merge(o.lag)
	t.failed.Merge(o.failed)
	t.slices = append(t.slices, o.slices...)
}

func (t *tally) row(p Plan, rounds int) sample.Row {
	span := time.Duration(p.Seconds*rounds) * time.Second
	r := sample.Row{
		Target: t.target, Phase: phase, Round: t.round, Rounds: rounds,
		Offered: p.Rate, Achieved: float64(t.ledger.Sent) / span.Seconds(), Span: span, Elapsed: span,
		Ledger: t.ledger, OKRate: float64(t.ledger.OK) / span.Seconds(), Goodput: float64(t.ledger.OK) / span.Seconds(),
		Response: distribution(t.response), Service: distribution(t.service),
		Lag: distribution(t.lag), Failed: distribution(t.failed),
		Agreement:  proportion(t.ledger.OK, t.ledger.OK),
		Accuracy:   proportion(t.ledger.OK*9/10, t.ledger.OK),
		Usage:      record.Usage{CPU: span / 10, Resident: 34 << 20, Known: true},
		Instrument: record.Instrument{CPUs: 1, CPU: span / 5, SendingTime: span, SendingCPU: span / 5, GCPause: time.Millisecond, GCCycles: 4, Workers: 12, WorkerCap: 1000, Dials: 12},
		Slices:     t.slices,
	}
	if t.ledger.Failed > 0 {
		r.Errors = []record.ErrorCount{{Class: "status 503", Count: t.ledger.Failed, Example: "503 Service Unavailable: queue full"}}
	}
	for i := range r.Slices {
		if r.Slices[i].OK == 0 {
			r.Slices[i].Response = nil
		}
	}
	for round := 1; round <= rounds; round++ {
		r.ColdStarts = append(r.ColdStarts, time.Duration(30+3*round)*time.Millisecond)
	}
	return r
}

func distribution(h *hdrhistogram.Histogram) stat.Distribution {
	d := stat.NewDistribution(h)
	for i := range d.Quantiles {
		if q := &d.Quantiles[i]; q.Known {
			q.HasInterval, q.Low, q.High = true, q.Value-q.Value/40, q.Value+q.Value/30
		}
	}
	return d
}

func proportion(k, n int64) stat.Proportion {
	if n == 0 {
		return stat.Proportion{}
	}
	value := float64(k) / float64(n)
	return stat.Proportion{K: k, N: n, Value: value, Low: max(value-0.01, 0), High: min(value+0.01, 1)}
}
