// Package tensorboard writes a run as event files, which TensorBoard reads: a folder
// tensorboard/TARGET/PHASE in the run's folder for each target and phase, with figures over time
// and those of the whole, latency histograms, and what the run was made with, so that
// "tensorboard --logdir runs" compares all runs. It stands at the end of the flow: everything in
// it is in the analysis.Analysis that it is given.
//
// What is not known is left out, and a run that is INVALID has what became of its requests and no
// other figures.
package tensorboard

import (
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"
	"time"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/tracking"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Format is the event files of a run.
func Format() reports.Format {
	return reports.Format{
		Name:      "tensorboard",
		Doc:       "event files for TensorBoard: figures over time, latency histograms, parameters (tensorboard/)",
		OnRequest: true,
		Render:    render,
	}
}

func render(a *analysis.Analysis, write reports.Write) error {
	for _, r := range a.Rows {
		err := write(fileName(a.Run, r), func(w io.Writer) error { return Write(w, a, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

// fileName is that of the event file of a target and phase. It is the same for every report of
// the run, so that the former one is replaced.
func fileName(run *record.Run, r sample.Row) string {
	return fmt.Sprintf("tensorboard/%s/%s/events.out.tfevents.%d.servebench", pathElement(r.Target), pathElement(r.Phase), run.Created.Unix())
}

// pathElement is a name that can be one folder's.
func pathElement(name string) string {
	if name == "." || name == ".." {
		return "%2E" + name[1:]
	}
	return url.PathEscape(name)
}

// Write writes the event file of a target in a phase.
func Write(w io.Writer, a *analysis.Analysis, r sample.Row) error {
	loads := rounds(a, r)
	f := newFile(w, a.Run.Created)
	writeHParams(f, a, r, end(a.Run, loads))
	for _, figure := range tracking.Figures(a, r) {
		f.summary(end(a.Run, loads), 0, scalar(figureTag(figure.Name), figure.Value))
	}
	if a.Validity != record.Invalid {
		writeSeries(f, a.Run, loads)
		writeAccuracy(f, a, loads)
	}
	if f.err != nil {
		return fmt.Errorf("write event file: %w", f.err)
	}
	return nil
}

func figureTag(name string) string { return "figures/" + name }

func seedText(seed uint64) string { return strconv.FormatUint(seed, 10) }

// rounds are the rounds of a row.
func rounds(a *analysis.Analysis, r sample.Row) (all []sample.Row) {
	for _, c := range a.Cells {
		if c.Target == r.Target && c.Phase == r.Phase {
			all = append(all, c)
		}
	}
	return all
}

// began is when the load of a round did.
func began(run *record.Run, r sample.Row) time.Time {
	for _, c := range run.Cells {
		if c.Target == r.Target && c.Phase == r.Phase && c.Round == r.Round && c.Discarded == "" {
			return c.Started
		}
	}
	return run.Created
}

// end is when the last of the loads ended.
func end(run *record.Run, loads []sample.Row) time.Time {
	last := run.Created
	for _, r := range loads {
		if at := began(run, r).Add(r.Elapsed); at.After(last) {
			last = at
		}
	}
	return last
}

// How many points a figure over time has at most, and how many histograms there are. A longer
// load has wider windows.
const (
	mostWindows    = 1000
	mostHistograms = 50
)

// writeSeries writes the load over time. Steps are the seconds of measured load, the rounds joined
// in a row; the wall time is when it was.
func writeSeries(f *file, run *record.Run, loads []sample.Row) {
	each(run, loads, mostWindows, func(at time.Time, w sample.Window) {
		values := []value{
			scalar("load/scheduled_per_second", w.PerSecond(w.Scheduled)),
			scalar("load/ok_per_second", w.PerSecond(w.OK)),
			scalar("load/failed_per_second", w.PerSecond(w.Failed)),
			scalar("load/in_flight", float64(w.InFlight)),
		}
		if ended := w.OK + w.Failed; ended > 0 {
			values = append(values, scalar("load/error_rate", float64(w.Failed)/float64(ended)))
		}
		f.summary(at, int64(w.From), append(values, quantiles(w.Response, 0.5, 0.9)...)...)
	})
	each(run, loads, windowsFor(0.99, loads), func(at time.Time, w sample.Window) {
		f.summary(at, int64(w.From), quantiles(w.Response, 0.99)...)
	})
	each(run, loads, mostHistograms, func(at time.Time, w sample.Window) {
		if w.Response != nil {
			f.summary(at, int64(w.From), distribution("latency/response_ms", w.Response))
		}
	})
}

// writeAccuracy writes how right the predictions of each window were whose outcome is known. Steps
// and wall times are those of the load over time, at the end of the window.
func writeAccuracy(f *file, a *analysis.Analysis, loads []sample.Row) {
	for _, round := range sample.Timelines([][]sample.Row{loads}, mostWindows)[0].Rounds {
		for _, t := range a.Monitor {
			if t.Target != round.Target || t.Phase != round.Phase || t.Round != round.Round {
				continue
			}
			for _, w := range t.Windows {
				if p := w.Accuracy; p.N > 0 {
					f.summary(began(a.Run, round.Row).Add(w.To), int64(round.From+w.To.Seconds()),
						scalar("monitor/accuracy", p.Value), scalar("monitor/accuracy.low", p.Low), scalar("monitor/accuracy.high", p.High), scalar("monitor/accuracy.n", float64(p.N)))
				}
			}
		}
	}
}

// each hands on the windows of some loads, of which there are at most so many, and when each
// began.
func each(run *record.Run, loads []sample.Row, most int, take func(time.Time, sample.Window)) {
	line := sample.Timelines([][]sample.Row{loads}, most)[0]
	for _, w := range line.Windows {
		for _, round := range line.Rounds {
			if round.Round == w.Round && w.To > w.From {
				take(began(run, round.Row).Add(time.Duration((w.From-round.From)*float64(time.Second))), w)
			}
		}
	}
}

// windowsFor is how many windows have enough answers each for a quantile, at an even rate.
func windowsFor(q float64, loads []sample.Row) int {
	var n int64
	for _, r := range loads {
		n += r.Ledger.OK
	}
	const reserve = 2
	return int(min(max(n/(reserve*stat.Needed(q)), 1), mostWindows))
}

// quantiles are those of the response times of a window that has enough of them.
func quantiles(h *hdrhistogram.Histogram, qs ...float64) (all []value) {
	for _, q := range qs {
		if h != nil && stat.Known(q, h.TotalCount()) {
			all = append(all, scalar("latency/"+format.Quantile(q)+"_ms", milliseconds(h.ValueAtQuantile(100*q))))
		}
	}
	return all
}

// distribution is a histogram of nanoseconds in milliseconds. Its moments are those of the
// buckets.
func distribution(tag string, h *hdrhistogram.Histogram) value {
	var buckets []bucket
	var sum, squares float64
	for _, b := range h.Distribution() {
		if b.Count == 0 {
			continue
		}
		from, to, n := milliseconds(b.From), math.Nextafter(milliseconds(b.To+1), 0), float64(b.Count)
		if len(buckets) == 0 || buckets[len(buckets)-1].limit < from {
			buckets = append(buckets, bucket{from, 0}) // what is between two buckets is empty
		}
		buckets = append(buckets, bucket{to, n})
		middle := (from + to) / 2
		sum, squares = sum+n*middle, squares+n*middle*middle
	}
	return histogram(tag, milliseconds(h.Min()), milliseconds(h.Max()), float64(h.TotalCount()), sum, squares, buckets)
}

func milliseconds(ns int64) float64 { return float64(ns) / 1e6 }
