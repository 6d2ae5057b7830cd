package validity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// The limits beyond which the instrument is not believed.
const (
	leastSent = 0.999 // of what was scheduled
	rateBand  = 0.01  // around the offered rate
	// MostLate is the share of the requests sent that may lag by more than Row.LagLimit.
	MostLate = 0.01
)

// RuleSamples is that of a quantile that too few answers are known for.
const RuleSamples = "samples"

// ruleCap is that of a generator that may have no more requests in flight.
const ruleCap = "worker-cap"

// Rule is one check of a run.
type Rule struct {
	ID       string // stable: "lag", "generator-cpu"
	Severity record.Severity
	Words
	// cases are what reads otherwise where a finding is of that case.
	cases map[string]Words

	// One of these looks for it: in each measured cell, in each pooled row, or in the run
	// as a whole. What is looked for before any load is sent, in a run's Preflight, has none.
	cell func(*Subject, *sample.Cell, sample.Row) (finding, bool)
	row  func(*Subject, sample.Row) (finding, bool)
	run  func(*Subject) []finding
	// curable says that rerunning the trial may cure it; generator that the load generator
	// reached one of its limits.
	curable, generator bool
}

// Words are what a rule says. Names in braces stand for what was found: {figure} for the
// figure that broke the limit. In a case, what is "" reads as ever, and a Fix that begins
// with a semicolon goes on with the one before.
type Words struct {
	Limit string // what is allowed: "≤ 1 %"
	Text  string // what is wrong, one sentence
	Fix   string // what to do next
}

// finding is where a rule is broken and by what.
type finding struct {
	record.Diagnostic          // its Figure and where it is
	badness           float64  // of several of one rule, target and phase, the worst speaks for all
	values            []string // "{sent}", "980", …: what names in the rule's words stand for
	cases             []string // of the rule's, each of which may change its words
}

// diagnose makes the diagnostic of a finding.
func (r Rule) diagnose(f finding) record.Diagnostic {
	w := r.Words
	for _, c := range f.cases {
		other := r.cases[c]
		w.Limit, w.Text = cmp.Or(other.Limit, w.Limit), cmp.Or(other.Text, w.Text)
		if strings.HasPrefix(other.Fix, ";") {
			w.Fix += other.Fix
		} else {
			w.Fix = cmp.Or(other.Fix, w.Fix)
		}
	}
	fill := strings.NewReplacer(append(f.values, "{figure}", f.Figure)...).Replace
	d := f.Diagnostic
	d.Rule, d.Threshold, d.Text, d.Action = r.ID, fill(w.Limit), fill(w.Text), fill(w.Fix)
	if d.Severity == record.SeverityWarning {
		d.Severity = r.Severity
	}
	return d
}

const (
	none       = "none"
	moreCPUs   = "lower the rate, or give the load generator more CPUs"
	again      = "run it again; if it comes again, this is a fault of servebench: keep the run's folder and report it"
	elsewhere  = "see the other errors of this run"
	inPart     = "treat these figures as partial, or run it again to its end"
	asReported = "fix the error reported, and run it again"
)

// Rules are all checks, in the order in which their diagnostics are told: those that make
// a run INVALID come first, whatever their order here. An error is a fault behind which the
// figures tell of the generator and not of the server.
func Rules() []Rule { return slices.Concat(generatorRules(), recordRules(), loadRules(), runRules()) }

// generatorRules look for a generator that did not send what it was to send.
func generatorRules() []Rule {
	const severity = record.SeverityError
	return []Rule{
		{ID: "record", Severity: severity, cell: incomplete, Words: Words{Limit: none,
			Text: "the record of a phase is incomplete: {why}",
			Fix:  "fix the error reported, such as a full disk, and run it again"}},
		{ID: "sent", Severity: severity, cell: sent, curable: true, Words: Words{Limit: "≥ " + format.Percent(leastSent),
			Text: "the generator sent only {sent} of {scheduled} scheduled requests: {figure}",
			Fix:  moreCPUs}},
		{ID: "rate", Severity: severity, cell: offRate, curable: true, Words: Words{Limit: "within ±" + format.Percent(rateBand),
			Text: "the generator sent {achieved} where {offered} were due: {figure}",
			Fix:  moreCPUs}},
		{ID: "lag", Severity: severity, cell: late, curable: true, Words: Words{Limit: "≤ " + format.Percent(MostLate),
			Text: "the load generator sent requests late by more than the response times allow: {figure}",
			Fix:  "stop other programs on this machine, lower the load, or give the generator dedicated CPUs"}, cases: map[string]Words{
			"stolen": {Text: "the load generator sent requests late by more than the response times allow: {figure}; meanwhile a hypervisor kept {stolen} of the CPU time from this machine",
				Fix: "; if the hypervisor still withholds CPU time, measure on a machine whose CPUs no other guest shares, or at a quieter hour"},
			"elsewhere":    {Fix: "stop other programs on the node of the load generator, which is {from}, or lower the load; a node with CPUs for both the server and the load generator has room for it (kubernetes.load_cpu)"},
			"unprivileged": {Fix: "; or run servebench as root, or with CAP_SYS_NICE, for real-time priority: it was not allowed ({priority})"},
		}},
		{ID: "generator-cpu", Severity: severity, cell: busyGenerator, curable: true, Words: Words{Limit: "≤ " + format.Percent(sample.MostCPU),
			Text: "the generator was CPU-bound: {figure} of what it was given, while it sent, without its polling for due times",
			Fix:  moreCPUs}, cases: map[string]Words{
			"closed": {Text: "the generator was CPU-bound: {figure} of what it was given, while it sent, without its polling for due times: the throughput is the generator's, not the server's",
				Fix: "lower the concurrency, or give the load generator more CPUs"},
		}},
		{ID: ruleCap, Severity: severity, cell: workerCap, generator: true, Words: Words{Limit: "< {cap}",
			Text: "the cap of {cap} requests in flight was reached: from there on arrivals waited for answers",
			Fix:  "lower the rate to what the target can serve, or shorten the request timeout"}},
		{ID: record.ErrorDescriptors, Severity: severity, cell: exhausted(record.ErrorDescriptors), generator: true, Words: Words{Limit: none,
			Text: "the generator ran out of " + record.ErrorDescriptors + ": {figure} without reaching the server",
			Fix:  "raise the limit of open files (ulimit -n) or lower the rate"}},
		{ID: record.ErrorPorts, Severity: severity, cell: exhausted(record.ErrorPorts), generator: true, Words: Words{Limit: none,
			Text: "the generator ran out of " + record.ErrorPorts + ": {figure} without reaching the server",
			Fix:  "widen net.ipv4.ip_local_port_range or lower the rate"}},
		{ID: "cpu-set", Severity: severity, Words: Words{Limit: "a CPU for each attacker",
			Text: "the load generator has fewer CPUs to itself than it has attackers",
			Fix:  "set attackers to fewer, or run it on a machine, or in a CPU set (taskset), with more CPUs"}},
		{ID: "out-of-range", Severity: severity, cell: outOfRange, Words: Words{Limit: none,
			Text: "latencies beyond an hour, or below zero, are missing from every quantile: {figure}",
			Fix:  "check the machine's clock, and set a request timeout"}},
	}
}

// recordRules look for a record that contradicts itself.
func recordRules() []Rule {
	const severity = record.SeverityError
	return []Rule{
		{ID: "log", Severity: severity, cell: cutOff, Words: Words{Limit: "all",
			Text: "{log} is cut off, or lost lines: {figure}",
			Fix:  "put back the file as the run wrote it, such as from a copy of the run's folder, or run it again"}},
		{ID: "ledger", Severity: severity, cell: contradicts, Words: Words{Limit: none,
			Text: "the record contradicts itself between ledger, seconds and interval log: {figure}",
			Fix:  again}},
		{ID: "schedule", Severity: severity, cell: misscheduled, Words: Words{Limit: "about {due}",
			Text: "the record holds another load than the scenario's: {figure}",
			Fix:  again}},
	}
}

// loadRules look for what happened under load and leaves the figures valid.
func loadRules() []Rule {
	return []Rule{
		{ID: "behind", cell: fellBehind, Words: Words{Limit: "within " + format.Percent(sample.LeastBehind),
			Text: "the server fell behind, and response times grew as long as requests were due: {figure}",
			Fix:  "lower the rate to what the server can answer: at this one the latencies depend on the phase's length"}},
		{ID: "stall", cell: piledUp, Words: Words{Limit: fmt.Sprintf("< %d × the usual", leastPiled),
			Text: "the server stalled, for the longest time between {from} and {to} of the phase, and then caught up: {figure}",
			Fix:  "see when in the timeline, and what the server did then: a garbage collection, a lock, a reload, a pause of its machine"}},
		{ID: "memory", cell: grew, Words: Words{Limit: "within " + format.Percent(mostGrowth) + " and " + format.Bytes(leastGrowth),
			Text: "the server's memory grew during the phase: {figure}",
			Fix:  "run it longer, with the scenario soak: a cache or a heap fills up and stays, a leak goes on"}, cases: map[string]Words{
			"limited": {Text: "the server's memory grew during the phase: {figure}. If that goes on, it reaches its limit of {limit} after {left} more requests"},
		}},
		{ID: "gaps", cell: clumped, Words: Words{Limit: "within ±" + format.Number(mostClumped),
			Text: "the requests left more {evenly} than planned, so that they queue differently: {figure}",
			Fix:  "lower the rate, stop other programs on this machine, or give the generator dedicated CPUs"}},
		{ID: "scheduler", cell: starved, Words: Words{Limit: "p99 ≤ {lag}",
			Text: "the generator's goroutines were ready and waited for a CPU: {figure}",
			Fix:  "stop other programs on this machine, or give the generator more CPUs"}},
		{ID: "gc", cell: paused, Words: Words{Limit: "≤ {lag}",
			Text: "the garbage collector stopped the generator for longer than a request may be late: {figure}",
			Fix:  "give the generator dedicated CPUs; requests that were delayed by it are in the lag"}},
		{ID: "retries", cell: retried, Words: Words{Limit: none,
			Text: "the server closed idle connections just as requests were sent on them, which went over new ones: {figure}. Its keep-alive timeout is shorter than the gaps between requests on a connection; clients that do not retry see failures",
			Fix:  "give the server a keep-alive timeout longer than those gaps"}},
		{ID: "connect", cell: resent, Words: Words{Limit: none,
			Text: "the first packet (SYN) of connections was lost, and sent again a second or more later: {figure}. A listen backlog that is full drops it; requests that waited for such a connection have this time in their response time",
			Fix:  "raise the server's listen backlog and its machine's net.core.somaxconn, or open fewer connections (http.keep_alive, a lower concurrency)"}, cases: map[string]Words{
			"ended": {Text: "the first packet (SYN) of connections was lost, and sent again a second or more later: {figure}. Servers ended in this phase, and what is sent to the address of one that is gone is lost; requests that waited for such a connection have this time in their response time",
				Fix: "nothing if the faults are the reason; a shorter connect timeout and a retry save a client this wait"},
			"either": {Text: "the first packet (SYN) of connections was lost, and sent again a second or more later: {figure}. The cause is not known: a listen backlog that is full under overload drops it, and what is sent to the address of a server that is gone is lost, and servers ended in this phase; requests that waited for such a connection have this time in their response time",
				Fix: "see in the timeline whether requests took a second before the first server ended: if so, raise the server's listen backlog, or lower the load; otherwise a shorter connect timeout and a retry save a client this wait"},
		}},
		{ID: "disk", cell: stalled, Words: Words{Limit: none,
			Text: "the recording waited for the disk: {figure}",
			Fix:  "write to a faster disk with --out, or leave out --raw"}},
		{ID: "look-ahead", cell: unprepared, Words: Words{Limit: none,
			Text: "requests of the data file were due before they were read and encoded: {figure}",
			Fix:  "lower the rate, give the load generator more CPUs, or use a smaller file, whose requests are made before the load"}},
		{ID: "credentials", cell: unrenewed, Words: Words{Limit: none,
			Text: "the credentials of requests could not be renewed while the load was sent ({figure}), so that later ones went out with those that they had: {why}",
			Fix:  "see whether the errors of this run are status 401 or 403, and use credentials that last longer than the load"}},
		{ID: "renewals", Severity: record.SeverityNote, row: renewed, Words: Words{Limit: none,
			Text: "credentials were renewed beside the sending, since they are good for some minutes only: {figure}, which took {took} of the load generator's time",
			Fix:  "nothing as long as the other checks pass: this time is part of the generator's CPU, and of no latency"}},
		{ID: "stationarity", row: nonstationary, Words: Words{Limit: "within ±" + format.Percent(mostDrift),
			Text: "the last quarter of the phase was {figure} than the rest: median p50 of {slice} {end}, before {rest}",
			Fix:  "run it longer to see where that ends, with the scenario soak: until then the figures depend on the phase's length"}, cases: map[string]Words{
			"faster": {Fix: "give it a longer warm-up, until the first seconds are like the last"},
		}},
	}
}

// runRules look at the run as a whole and its targets. All but the first leave it VALID:
// they narrow what can be concluded.
func runRules() []Rule {
	return []Rule{
		{ID: "empty", Severity: record.SeverityError, run: empty, Words: Words{Limit: "at least one",
			Text: "nothing was measured: {figure}",
			Fix:  "see the targets for what is missing"}, cases: map[string]Words{
			"server":     {Text: "nothing was measured: {figure}; {why}", Fix: "fix the error of the server, and run it again"},
			"unended":    {Fix: "run it again to its end"},
			"unmeasured": {Fix: "leave measure: false out of at least one phase"},
		}},
		{ID: sample.RuleInterrupted, run: unended(sample.RuleInterrupted), Words: Words{Limit: "the whole plan",
			Text: "the run ended before its plan did: {why}",
			Fix:  inPart}, cases: map[string]Words{
			"held":    {Fix: "wait for its end"},
			"goes on": {Fix: "go on with it: {command}"},
		}},
		{ID: sample.RuleUnfinished, run: unended(sample.RuleUnfinished), Words: Words{Limit: "the whole plan",
			Text: "the run is unfinished: it is still going on, or servebench was killed",
			Fix:  inPart}, cases: map[string]Words{
			"held":    {Fix: "wait for its end"},
			"goes on": {Fix: "go on with it: {command}"},
		}},
		{ID: "server-died", run: died, Words: Words{Limit: none,
			Text: "the server did not last: {why}",
			Fix:  "see its output; its CPU and memory limits are in the scenario"}},
		{ID: "server-removed", Severity: record.SeverityError, run: removed, Words: Words{Limit: none,
			Text: "somebody removed the server during the load: {why}",
			Fix:  "find out who deletes its namespace or its pods, have them leave the run alone, and run it again"}},
		{ID: "not-ready", run: notReady, Words: Words{Limit: none,
			Text: "the server did not come up: {why}",
			Fix:  asReported}},
		{ID: "first-answer", run: unanswered, Words: Words{Limit: "a right one",
			Text: "there was no right first answer: {why}",
			Fix:  "see whether the server speaks the scenario's protocol and serves its model; its cold start is not known"}, cases: map[string]Words{
			"template": {Fix: "see whether template is a request that the server takes, and template.expect what it answers"},
		}},
		{ID: "first-answer-retried", Severity: record.SeverityNote, run: answeredLate, Words: Words{Limit: none,
			Text: "the first answer was not right until asked again: {why}",
			Fix:  "no action if the server may fail requests after it is ready; otherwise let its readiness wait. Its cold start includes these requests"}},
		{ID: "aborted", run: aborted, Words: Words{Limit: none,
			Text: "the load was ended in {rounds}, first after {after}: {figure}",
			Fix:  "fix the server, or lower the rate (the scenario stress finds the one it sustains); the figures are of a part of the load"}, cases: map[string]Words{
			"warm-up": {Fix: "fix the server, or lower the rate (the scenario stress finds the one it sustains); the phases after it were left out"},
		}},
		{ID: RuleIdleFault, run: idleFaults, Words: Words{Limit: none,
			Text: "{fault} hit a replica without load in {rounds}, so that it tells nothing of what a failure costs: {figure}",
			Fix:  "have the load spread over all replicas, with more connections than replicas and a bounded lifetime of each (http.connection_lifetime: 1s), and run it again"}},
		{ID: "left-out", run: leftOut, Words: Words{Limit: none,
			Text: "{phases} left out in {rounds}, because phase {ended} was ended before: {why}",
			Fix:  "fix the server, lower the rate of that phase, put it last, or loosen abort_on"}},
		{ID: "fault", run: faults, Words: Words{Limit: none,
			Text: "the run had errors: {why}",
			Fix:  asReported}},
		{ID: "left-behind", run: leftBehind, Words: Words{Limit: none,
			Text: "something of the run is left behind: {why}",
			Fix:  "remove it with servebench clean; the figures do not depend on it"}},
		{ID: "discarded", Severity: record.SeverityNote, run: rerunTrials, Words: Words{Limit: none,
			Text: "this trial was discarded and rerun, because the load generator was disturbed: {figure}",
			Fix:  "no action if this is rare; otherwise measure on a quieter machine. Its cells are kept in run.json"}, cases: map[string]Words{
			"server": {Text: "this trial was discarded and rerun, because its server was ended from outside: {figure}",
				Fix: "find out who or what ends the servers of the run; no figure has this trial. Its cells are kept in run.json"},
		}},
		{ID: "discarded", run: manyRerunTrials, Words: Words{Limit: none,
			Text: "{discarded} of {trials} trials were discarded and rerun, because the load generator was disturbed ({where}); the worst: {worst}: {figure}",
			Fix:  "measure on a quieter machine. Their cells are kept in run.json"}, cases: map[string]Words{
			"server": {Text: "{discarded} of {trials} trials were discarded and rerun, because the load generator was disturbed or the server was ended from outside ({where}); the worst: {worst}: {figure}",
				Fix: "measure on a quieter machine, and find out who or what ends the servers of the run. Their cells are kept in run.json"},
		}},
		{ID: "missing-rounds", run: missingRounds, Words: Words{Limit: "{planned}",
			Text: "only a part was measured: {figure}",
			Fix:  elsewhere}, cases: map[string]Words{
			"lost": {Fix: "see the failed deployments of this target"},
		}},
		{ID: "lost-pairs", run: lostPairs, Words: Words{Limit: none,
			Text: "{figure} have no pair, since not both variants were measured in them to the end: {rounds}",
			Fix:  "see what went wrong in them: what is lost at random only costs power, what one variant loses is in its errors"}},
		{ID: "few-pairs", run: fewPairs, Words: Words{Limit: "all",
			Text: "{metric} can be compared in {pairs} only: the others have too few requests in a round, or no answers there",
			Fix:  "make the phase longer or its rate higher, or compare another metric"}},
		{ID: "missing-starts", run: missingStarts, Words: Words{Limit: "{planned}",
			Text: "it was started less often than planned: {figure}",
			Fix:  elsewhere}},
		{ID: "few-starts", run: fewStarts, Words: Words{Limit: "≥ 6",
			Text: "{figure} is too small for an interval of the median start",
			Fix:  "deploy more often: --set cold_starts=20"}},
		{ID: "generator-alone", run: unequalMachine(true), Words: Words{
			Text: "the generator had no CPUs to itself ({figure}), so it and the server disturb each other",
			Fix:  "use a machine with at least two CPUs and let servebench pin the generator"}},
		{ID: "environment", run: unequalMachine(false), Words: Words{
			Text: "the machine could not give what a fair measurement needs: {figure}",
			Fix:  "measure on a machine that can, or allow for it when reading the figures"}},
		{ID: "emulated", run: emulated, Words: Words{Limit: record.KVM,
			Text: "its guest ran under {figure}: its figures are those of software emulation, not of a virtual machine on hardware",
			Fix:  "measure on a machine whose /dev/kvm boots a guest; until then these figures say nothing of virtual machines"}},
		{ID: "injected", run: injected, Words: Words{Limit: none,
			Text: "the server failed on purpose, as the scenario asked it to: {figure}",
			Fix:  "read these figures as those of a server that fails so; leave out inject to measure the server itself"}, cases: map[string]Words{
			"always": {Text: "the server fails on purpose, as its answers say: {figure}",
				Fix: "read these figures as those of a server that fails so; start it without --fault to measure the server itself"},
		}},
		{ID: "running", run: ranAlready, Words: Words{Limit: "started here, under the scenario's limits",
			Text: "the server ran already: the scenario's limits were not applied to it, and it has no cold start",
			Fix:  "compare it with other targets only if it is held to the same CPUs and memory by other means"}, cases: map[string]Words{
			"ab": {Limit: "a fresh one in each",
				Text: "the server ran already, so that one process serves all rounds: what it has by chance, such as where its memory lies, counts as its variant's, and false alarms are more frequent",
				Fix:  "let servebench start the server, or take a FAIL for what it is: two processes differ"},
		}},
		{ID: "unverified", run: unverified, Words: Words{Limit: "verified",
			Text: "the server's certificate was not verified (endpoint.insecure): whoever is between here and the server could have answered",
			Fix:  "give its authority's certificate as endpoint.ca_file, and leave endpoint.insecure out"}},
		{ID: "expiry", run: unexpired, Words: Words{Limit: "a Job in the cluster",
			Text: "nothing in the cluster would have removed this run if servebench had been killed: {figure}",
			Fix:  "let the namespace take the Job's pod; after a kill, run servebench clean"}},
		{ID: "unequal", run: unequalFacts, Words: Words{Limit: "the same on every target",
			Text: "{fact} could not be made equal between the targets: {figure}",
			Fix:  "allow for it when comparing them"}, cases: map[string]Words{
			"one": {Limit: "as the scenario asks",
				Text: "{fact} is not what the scenario asks for: {figure}",
				Fix:  "allow for it when comparing with other runs"},
		}},
		{ID: "idle-replicas", Severity: record.SeverityNote, run: idleReplicas, Words: Words{Limit: "every replica",
			Text: "new replicas were ready and got no request, because the connections that were open stayed with the old ones: {figure}",
			Fix:  "give connections a lifetime, as the clients of the service have one (http.connection_lifetime=10s), or send the load to the replicas themselves (kubernetes.path=pod)"}},
		{ID: "none-ready", run: noneReady, Words: Words{Limit: "at least 1 replica",
			Text: "no replica was ready for {figure}, so that no request could be answered",
			Fix:  "see the events of the replicas; give the server more CPUs (limits.cpus) or more replicas (scaling.min)"}, cases: map[string]Words{
			"probe": {Text: "readiness failed under load, and no replica was ready for {figure}: the platform sent no request to any",
				Fix: "give the server more CPUs (limits.cpus) or more replicas (scaling.min), lower the rate, or have the readiness path answer while the server is busy"},
		}},
		{ID: "init-cpu", row: sharedInit, Words: Words{Limit: "≤ " + format.Percent(mostInitWait) + " of it",
			Text: "environments waited for a CPU before and while they were initialised, because all share {cpus}, where Lambda gives each its own: {figure}. The cold starts, and what failed for them, are worse than at AWS",
			Fix:  "give the target more CPUs (limits.cpus), lower the rate, start the environments in a phase that is not measured (measure: false), or bound them with lambda.concurrency, beyond which requests get status 429"}},
		{ID: "health-check", run: healthChecked, Words: Words{Limit: "a request for the model",
			Text: "every request is a health check without a body ({figure}), so these figures are of the HTTP server and not of the model",
			Fix:  "write a request that the model answers into template: method, path and body"}},
		{ID: "one-round", run: oneRound, Words: Words{Limit: "≥ 3",
			Text: "with a single round, the intervals do not include variation between server starts",
			Fix:  "run it with --rounds 3 or more"}},
		{ID: RuleSamples, run: fewSamples, Words: Words{Limit: "≥ {needed}",
			Text: "{quantile} is not shown: it takes {needed} answers, and {answers}",
			Fix:  "run it longer, at a higher rate, or with more rounds"}},
		{ID: "floor", row: nearFloor, Words: Words{Limit: fmt.Sprintf("≥ %d × floor", tooNear),
			Text: "much of the response time is the load generator's own: {figure}",
			Fix:  "compare targets by their differences, not by their ratios: the floor is in all of them"}, cases: map[string]Words{
			"ab": {Fix: "choose a load that the server takes longer for: the floor is in both variants, and hides a part of any difference"},
		}},
		{ID: "max-rate", row: overRated, Words: Words{Limit: "≤ {most}",
			Text: "the load is higher than what this generator was found to be able to send: {figure}, calibrated up to {most}",
			Fix:  "see whether the other rules hold; else lower the rate, or give the load generator more CPUs and calibrate again"}},
		{ID: "labels", cell: unlike, Words: Words{Limit: "at least one",
			Text: "no answer equals any label of the data, so the accuracy says nothing of the model: the server answered {answer}, the label column has {label}",
			Fix:  "make the column hold what the server answers, letter case and spaces included, or take another place for the answer"}, cases: map[string]Words{
			"numbered": {Fix: "name the classes in the order of their numbers (data.classes, such as [no, yes])"},
			"several":  {Fix: "select a single value for the answer, such as template.answer.json=$.predictions[0]"},
		}},
		{ID: "agreement-unknown", row: unchecked, Words: Words{Limit: "all",
			Text: "no answer was compared with a right one, so wrong answers count as right",
			Fix:  "name the column of right answers (data.expect), or check the answers by other means: they are predicted only with `server: reference`"}},
	}
}
