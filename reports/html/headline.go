package html

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/stats"
)

// headline is the table that people look for.
func (b builder) headline() *table {
	t := &table{
		Caption: "Response time of " + answers(b.a) + ", from when a request was due; failures are counted under “answered”. In small print: the 95 % interval" + b.floorNote(),
		Head:    slices.Concat([]string{"target", "load", "answered", "goodput"}, b.within(), []string{"p50", "p90", "p99", "p99.9", "max", "accuracy", "cold start"}),
	}
	for _, r := range b.a.Rows {
		row := []cell{
			b.name(r.Target, r.Phase), loaded(r), answered(r), ofSent(r, format.Rate(r.Goodput)),
		}
		if len(b.within()) > 0 {
			row = append(row, attained(r))
		}
		row = append(row, floored(r)...)
		t.Rows = append(t.Rows, append(row, longest(r.Response), b.accuracy(r), b.coldStart(r)))
	}
	return t.unlessEmpty()
}

// within heads the column of the share of requests answered in time; none without a
// deadline.
func (b builder) within() []string {
	if deadline := b.a.Run.Scenario.SLO.Deadline(); deadline > 0 {
		return []string{"within " + format.Duration(deadline)}
	}
	return nil
}

// floorNote says, where it is shown, what the floor is.
func (b builder) floorNote() string {
	if b.a.Run.Calibration == nil {
		return ""
	}
	return ", and the floor, which is the instrument's own"
}

// attained is the share of requests scheduled that were answered within the SLO's
// deadline.
func attained(r stats.Row) cell {
	if r.Attained.N == 0 {
		return none()
	}
	return noted(format.Percent(r.Attained.Value), format.PercentInterval(r.Attained.Low, r.Attained.High))
}

// loaded is what was asked of the target, and by which loop.
func loaded(r stats.Row) cell {
	if r.Concurrency > 0 {
		return noted(r.Load(), "closed loop")
	}
	return noted(r.Load(), "open loop")
}

// floored are the quantiles of the response time with the instrument's own beside
// them.
func floored(r stats.Row) []cell {
	all := quantiles(r.Response)
	for i := range all {
		if r.Floor != nil && r.Floor.Quantiles[i] > 0 && r.Response.Quantiles[i].Known {
			all[i].Notes = append(all[i].Notes, "floor "+format.Duration(r.Floor.Quantiles[i]))
		}
	}
	return all
}

// answered is the share of requests sent that was answered, correctly if that
// was checked.
func answered(r stats.Row) cell {
	if r.Ledger.Sent == 0 {
		return weak("nothing sent")
	}
	c := noted(format.Percent(float64(r.Ledger.OK)/float64(r.Ledger.Sent)), "n "+format.Count(r.Ledger.OK))
	if r.Ledger.OK < r.Ledger.Sent {
		c.Class = "bad"
	}
	return c
}

// accuracy is that of the model's answers; nothing where there is no model.
func (b builder) accuracy(r stats.Row) cell {
	if b.a.ByStatus(r) {
		return none()
	}
	return proportion(r.Accuracy)
}

func proportion(p stat.Proportion) cell {
	if p.N == 0 {
		return weak("not checked")
	}
	return noted(format.Percent(p.Value), format.PercentInterval(p.Low, p.High))
}

// coldStart is the range of the starts of the rounds of load, unless the server
// ran already.
func (b builder) coldStart(r stats.Row) cell {
	if b.a.RunsAlready(r.Target) {
		return weak(alreadyRunning)
	}
	return coldStart(r)
}

// coldStart is the range of the starts: so few are not to be averaged.
func coldStart(r stats.Row) cell {
	starts := r.ColdStarts
	if len(r.Unanswered) > 0 {
		note := fmt.Sprintf("%s without a right first answer", plural(int64(len(r.Unanswered)), "start"))
		longer := "> " + format.Duration(slices.Min(r.Unanswered))
		if len(starts) == 0 {
			return cell{Text: longer, Notes: []string{note}, Class: "bad"}
		}
		c := coldStart(stats.Row{ColdStarts: starts})
		c.Notes, c.Class = append(c.Notes, note+": "+longer), "bad"
		return c
	}
	if len(starts) == 0 {
		return weak("not known")
	}
	low, high := slices.Min(starts), slices.Max(starts)
	text := format.Duration(low)
	if high > low {
		text = strings.NewReplacer("[", "", ", ", " – ", "]", "").Replace(format.Range(low, high))
	}
	return noted(text, plural(int64(len(starts)), "start"))
}

// beside holds what the headline leaves out.
func (b builder) beside() *table {
	t := &table{
		Caption: "Service time (from when a request was sent), answers per second, and what the whole target consumed",
		Head: []string{"target", "service p50", "service p90", "service p99", "service p99.9", "service max",
			"answers", "CPU time", "CPU per 1000 answers", "memory"},
	}
	for _, r := range b.a.Rows {
		row := []cell{b.name(r.Target, r.Phase)}
		row = append(row, quantiles(r.Service)...)
		row = append(row, longest(r.Service), ofSent(r, format.Rate(r.OKRate)))
		t.Rows = append(t.Rows, append(row, usage(r)...))
	}
	return t.unlessEmpty()
}

// usage is what the target spent. Nothing that runs spends no CPU or holds no
// memory: a zero is a reading that could not be taken.
func usage(r stats.Row) []cell {
	cpu, each, memory := none(), none(), none()
	if r.Usage.Known && r.Usage.CPU > 0 {
		cpu = text(format.Duration(r.Usage.CPU))
		if r.Ledger.OK > 0 {
			each = text(format.Duration(r.Usage.CPU * 1000 / time.Duration(r.Ledger.OK)))
		}
	}
	if r.Usage.Known && r.Usage.Resident > 0 {
		memory = text(format.Bytes(r.Usage.Resident))
	}
	return []cell{cpu, each, memory}
}

// rounds is the headline round by round.
func (b builder) rounds() *table {
	t := &table{
		Caption: "Each round alone; within a round, in the order they were run",
		Head:    []string{"target", "round", "answered", "goodput", "p50", "p90", "p99", "p99.9", "max", "lag p99", "accuracy"},
		Tall:    len(b.a.Cells) > 16,
	}
	for _, r := range b.a.Cells {
		row := []cell{b.name(r.Target, r.Phase), text(fmt.Sprint(r.Round)), answered(r), ofSent(r, format.Rate(r.Goodput))}
		row = append(row, quantiles(r.Response)...)
		lag := quantile(r.Lag, 2)
		lag.Notes = nil
		t.Rows = append(t.Rows, append(row, longest(r.Response), lag, b.accuracy(r)))
	}
	return t.unlessEmpty()
}
