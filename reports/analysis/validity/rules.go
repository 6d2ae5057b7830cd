package validity

import (
	"fmt"
	"strings"
	"syscall"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

const leastSent = 0.999 // of what was scheduled

const rateBand = 0.01 // around the offered rate

const MostLate = 0.01 // of the requests sent may lag by more

// muchStolen is the share of CPU time taken by a hypervisor that explains
// late requests: a request is late if its CPU is away when it is due.
const muchStolen = 0.01

// rule looks for one fault of the instrument in one measured cell, whose figures
// are in row.
type rule func(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool)

// cellRule is a rule with what it means: behind an error the figures would
// tell of the generator, not of the server.
type cellRule struct {
	find     rule
	severity record.Severity
}

func cellRules() []cellRule {
	return []cellRule{
		{incomplete, record.SeverityError},
		{unsent, record.SeverityError}, {offRate, record.SeverityError}, {late, record.SeverityError}, {busyGenerator, record.SeverityError},
		{workerCap, record.SeverityError}, {exhausted, record.SeverityError}, {outOfRange, record.SeverityError},
		{cutOff, record.SeverityError}, {contradicts, record.SeverityError}, {misscheduled, record.SeverityError},
		{fellBehind, record.SeverityWarning}, {clumped, record.SeverityWarning}, {starved, record.SeverityWarning},
		{paused, record.SeverityWarning}, {retried, record.SeverityWarning}, {stalled, record.SeverityWarning},
	}
}

func unsent(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	share := row.SentShare()
	if share >= leastSent || c.CutShort() || !isOpen(a, c) {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("sent/scheduled %s", format.Percent(share))
	return cellDiagnostic{record.Diagnostic{
		Rule: "sent", Figure: figure, Threshold: "≥ " + format.Percent(leastSent),
		Text: fmt.Sprintf("the generator sent only %s of %s scheduled requests: %s",
			format.Count(row.Ledger.Sent), format.Count(row.Ledger.Scheduled), figure),
		Action: "lower the rate or give the generator more CPUs",
	}, 1 - share}, true
}

func offRate(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	off := sample.Distance(row.RateShare())
	if off <= rateBand || c.CutShort() || !isOpen(a, c) {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("achieved/offered %s", format.Percent(row.RateShare()))
	return cellDiagnostic{record.Diagnostic{
		Rule: "rate", Figure: figure, Threshold: "within ±" + format.Percent(rateBand),
		Text: fmt.Sprintf("the generator sent %s where %s were due: %s",
			format.Rate(row.Achieved), format.Rate(row.Offered), figure),
		Action: "lower the rate or give the generator more CPUs",
	}, off}, true
}

// late judges the share of late requests by the lower end of its interval, so
// that one late request of a few condemns nothing. In a closed loop, lag is what
// the generator kept a worker waiting that had thought enough.
func late(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	share := row.Late()
	if share.Low <= MostLate {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s of requests left more than %s late", format.Percent(share.Value), format.Duration(row.LagLimit()))
	d := record.Diagnostic{
		Rule: "lag", Figure: figure, Threshold: "≤ " + format.Percent(MostLate) + ", chance apart",
		Text:   "the generator was late by more than the response times allow: " + figure,
		Action: "stop what else runs on this machine, lower the load, or give the generator CPUs of its own",
	}
	if why := a.unprivileged(); why != "" {
		d.Action += "; or run servebench as root, or with CAP_SYS_NICE, for real-time priority: it was not allowed (" + why + ")"
	}
	if c.Machine.Known && c.Machine.Stolen >= muchStolen {
		d.Text += fmt.Sprintf("; meanwhile a hypervisor kept %s of the CPU time from this machine", format.Percent(c.Machine.Stolen))
		d.Action = "measure on a machine whose CPUs no other guest shares, or at a quieter hour: nothing inside this one helps"
	}
	return cellDiagnostic{d, share.Low}, true
}

// unprivileged says what became of the generator's priority where it is an ordinary one
// for want of rights; else "".
func (a *Subject) unprivileged() string {
	for _, f := range a.Run.Environment {
		for _, denied := range []string{syscall.EPERM.Error(), syscall.EACCES.Error()} {
			if f.Name == "generator priority" && strings.Contains(f.Value, denied) {
				return f.Name + " " + f.Value
			}
		}
	}
	return ""
}

func busyGenerator(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	share, known := row.GeneratorCPU()
	if !known || share <= sample.MostCPU {
		return cellDiagnostic{}, false
	}
	figure := "generator CPU " + format.Percent(share)
	d := record.Diagnostic{
		Rule: "generator-cpu", Figure: figure, Threshold: "≤ " + format.Percent(sample.MostCPU),
		Text:   fmt.Sprintf("the generator was near the end of its own strength: %s of what it was given, while it sent, without its polling for due times", figure),
		Action: "lower the rate or give the generator more CPUs",
	}
	if !isOpen(a, c) {
		d.Text += ": the throughput is the generator's, not the server's"
		d.Action = "lower the concurrency or give the generator more CPUs"
	}
	return cellDiagnostic{d, share}, true
}

func workerCap(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	in := row.Instrument
	if in.WorkerCap == 0 || in.Workers < in.WorkerCap || !isOpen(a, c) {
		return cellDiagnostic{}, false
	}
	return cellDiagnostic{record.Diagnostic{
		Rule:      "worker-cap",
		Figure:    fmt.Sprintf("%d requests in flight", in.Workers),
		Threshold: fmt.Sprintf("< %d", in.WorkerCap),
		Text:      fmt.Sprintf("the cap of %d requests in flight was reached: from there on arrivals waited for answers", in.WorkerCap),
		Action:    "lower the rate to what the target can serve, or shorten the request timeout",
	}, float64(in.Workers)}, true
}

// exhausted looks for the errors of a machine that ran out of descriptors or
// ports: they are the generator's, not the server's.
func exhausted(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	for _, e := range row.Errors {
		switch e.Class {
		case record.ErrorDescriptors:
			return exhaustion(e.Class, e.Count, "raise the limit of open files (ulimit -n) or lower the rate"), true
		case record.ErrorPorts:
			return exhaustion(e.Class, e.Count, "widen net.ipv4.ip_local_port_range or lower the rate"), true
		}
	}
	return cellDiagnostic{}, false
}

func exhaustion(what string, n int64, action string) cellDiagnostic {
	figure := fmt.Sprintf("%s requests failed", format.Count(n))
	return cellDiagnostic{record.Diagnostic{
		Rule: what, Figure: figure, Threshold: "none",
		Text:   fmt.Sprintf("the generator ran out of %s: %s without reaching the server", what, figure),
		Action: action,
	}, float64(n)}
}

func outOfRange(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	n := row.Instrument.OutOfRange
	if n == 0 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s values out of range", format.Count(n))
	return cellDiagnostic{record.Diagnostic{
		Rule: "out-of-range", Figure: figure, Threshold: "none",
		Text:   fmt.Sprintf("latencies beyond an hour, or below zero, are missing from every quantile: %s", figure),
		Action: "check the machine's clock, and set a request timeout",
	}, float64(n)}, true
}

// retried tells of requests that went over a second connection: the server had closed
// the first while it was idle, and they never reached it. One that died closes its
// connections too, and that is told already.
func retried(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	n := row.Instrument.Retries
	if n == 0 || a.Lost(c.Target) {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s retries", format.Count(n))
	return cellDiagnostic{record.Diagnostic{
		Rule: "retries", Figure: figure, Threshold: "none",
		Text:   fmt.Sprintf("the server closed idle connections just as requests were sent on them, which went over new ones: %s. Its keep-alive timeout is shorter than the gaps between requests on a connection; clients that do not retry see failures", figure),
		Action: "give the server a keep-alive timeout longer than those gaps",
	}, float64(n)}, true
}

// stalled tells of a record that could not be written as fast as it came. If it
// held the sending up, the lag shows it and the rule late decides.
func stalled(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	n := row.Instrument.Stalls
	if n == 0 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s stalls", format.Count(n))
	return cellDiagnostic{record.Diagnostic{
		Rule: "disk", Figure: figure, Threshold: "none",
		Text:   fmt.Sprintf("the recording waited for the disk: %s", figure),
		Action: "write to a faster disk with --out, or leave out --raw",
	}, float64(n)}, true
}
