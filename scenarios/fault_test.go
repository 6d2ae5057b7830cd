package scenarios

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// faulty is one mistake in an otherwise good scenario.
type faulty struct {
	name     string
	old, new string   // what to change in minimal; old "" adds new at the end
	want     []string // the faults, without the file's name
	// beyond says that a schema cannot find it.
	beyond bool
}

func (f faulty) text() string {
	if f.old == "" {
		return minimal + f.new
	}
	return strings.Replace(minimal, f.old, f.new, 1)
}

// faults holds one case for each kind of mistake.
func faults() []faulty {
	const (
		workload = "{server: reference, model: credit}"
		phase    = "  - {name: steady, rate: 100, duration: 10s}\n"
		twin     = "  - {name: noop, model: noop, rate: 100, duration: 10s}\n"
		fraction = "a fraction such as 0.01 or 1%"
		name     = "a name of letters, digits, - and _, at most 64 of them"
		server   = "server: reference, or a command, an image, or a folder to build one from"
		duration = "a duration with its unit, such as 10s or 250ms"
		size     = "a size with its unit, such as 512MiB or 2GB"
	)
	return []faulty{
		{name: "missing key", old: "name: mine\n", new: "", want: []string{`1:1: name: missing; want ` + name}},
		{name: "missing key of a phase", old: ", rate: 100", new: "", want: []string{`6:5: load[0].rate: missing; want a rate per second, such as 200, or concurrency`}},
		{name: "unknown key", new: "xyz: 1\n", want: []string{`7:1: xyz: unknown key; want one of name, description, targets, workload, protocol, template, http, data, load, faults, abort_on, overhead, rounds, reruns, cold_starts, attackers, awake, seed, timeout, limits, sweep, scaling, monitor, retrain, slo, cost, regression, container, lambda, endpoint`}},
		{name: "unknown key of a phase", old: "rate: 100", new: "rate: 100, arivals: poisson", want: []string{`6:31: load[0].arivals: unknown key (did you mean "arrivals"?); want one of name, model, mix, arrivals, rate, duration, to, steps, at, for, amplitude, period, burstiness, gaps, trace, concurrency, think, inject, measure`}},
		{name: "unknown parameter", old: "{generator: credit}", new: "{generator: credit, nois: 0.1}", want: []string{`4:27: data.nois: unknown key (did you mean "noise"?); want one of generator, file, features, tensors, variables, label, expect, classes, tolerance, order, batch, corpus, drift, noise, function`}},
		{name: "parameter of another generator", old: "{generator: credit}", new: "{generator: prompts, noise: 0.1}", beyond: true, want: []string{`4:28: data.noise: unknown key; want one of generator, file, features, tensors, variables, label, expect, classes, tolerance, order, batch, corpus, drift`}},
		{name: "key twice", new: "name: other\n", beyond: true, want: []string{`7:1: name: given twice, first on line 1; want it once`}},

		{name: "fewer replicas at most than at least", new: "scaling: {min: 3, max: 2}\n", old: "", beyond: true, want: []string{
			`2:11: targets[0]: physical runs one replica, and scaling.min asks for 3; want a target that runs several, such as kubernetes, or scaling.min: 1`,
			`7:24: scaling.max: 2 is below scaling.min, 3; want scaling.min or more`,
		}},
		{name: "metric of a fixed number of replicas", new: "scaling: {metric: cpu, target: 60%, stabilization: 30s}\n", beyond: true, want: []string{
			`7:19: scaling.metric: the number of replicas is fixed, so that nothing decides it; want it left out, or scaling.max above scaling.min`,
			`7:32: scaling.target: the number of replicas is fixed, so that nothing decides it; want it left out, or scaling.max above scaling.min`,
			`7:52: scaling.stabilization: the number of replicas is fixed, so that nothing decides it; want it left out, or scaling.max above scaling.min`,
		}},
		{name: "utilization above 1", new: "scaling: {max: 5, target: 60}\n", beyond: true, want: []string{`7:27: scaling.target: 60 is above 1, and cpu is a fraction of what limits allow; want for example 60%`}},
		{name: "metric without a target", new: "scaling: {max: 5, metric: requests}\n", beyond: true, want: []string{`7:10: scaling.target: missing; want the mean of requests per replica, such as 100`}},
		{name: "memory without a limit", new: "scaling: {max: 5, metric: memory}\n", beyond: true, want: []string{`7:27: scaling.metric: memory is a fraction of limits.memory, which is not given; want limits.memory beside it`}},
		{name: "no number of a metric", new: "scaling: {max: 5, metric: requests, target: -1}\n", want: []string{`7:45: scaling.target: -1 is not above 0; want a fraction such as 60%, or a number above 0`}},

		{name: "limit of a cost that nobody describes", new: "slo: {cost_per_million: 0.40}\n", beyond: true, want: []string{
			`7:25: slo.cost_per_million: the scenario does not say what traffic is served, and where; want the key cost, such as cost: {traffic: constant:50/s, place: aws/us-east-1/ec2/c7i.large}, or none`,
		}},
		{name: "cost of nothing", new: "slo: {cost_per_million: 0}\ncost: {prices: []}\n", want: []string{
			`7:25: slo.cost_per_million: 0 is below 1e-06; want US dollars, such as 0.40`,
			`8:7: cost.traffic: missing; want a shape of traffic, such as constant:50/s`,
			`8:7: cost.place: missing; want the ID of a place, such as aws/us-east-1/ec2/c7i.large, or a list`,
			`8:16: cost.prices: the list is empty; want the path of a file with prices, or a list`,
		}},
		{name: "cost without a number", new: "cost: {traffic: constant:50/s, place: [], redundancy: -1, headroom: 30, scale_lag: 5, answer_bytes: 0, load_balancer: 1}\n", want: []string{
			`7:39: cost.place: the list is empty; want the ID of a place, such as aws/us-east-1/ec2/c7i.large, or a list`,
			`7:55: cost.redundancy: -1 is below 0; want a whole number from 0 to 1000000`,
			`7:69: cost.headroom: 30 is above 1; want for example 30%`,
			`7:84: cost.scale_lag: 5 has no unit; want for example 5s`,
			`7:101: cost.answer_bytes: 0 is below 1; want a number from 1 to 1000000000000`,
			`7:119: cost.load_balancer: 1 is neither true nor false; want true or false`,
		}},
		{name: "cost without headroom", new: "cost: {traffic: constant:50/s, place: a/b/c/d, headroom: 100%}\n", beyond: true, want: []string{
			`7:58: cost.headroom: nothing of the capacity is left; want a fraction below 1, such as 30%`,
		}},

		{name: "list for a mapping", old: workload, new: "[reference]", want: []string{`3:11: workload: a list is not a mapping; want keys with their values`}},
		{name: "text for a mapping", old: workload, new: "reference", want: []string{`3:11: workload: "reference" is not a mapping; want keys with their values`}},
		{name: "text for a list", old: "[physical]", new: "physical", want: []string{`2:10: targets: "physical" is not a list; want a list of targets, such as [physical]`}},
		{name: "list for a number", old: "100", new: "[100]", want: []string{`6:26: load[0].rate: a list is not a single value; want a rate per second, such as 200`}},
		{name: "mapping for text", old: "name: mine", new: "name: {a: b}", want: []string{`1:7: name: a mapping is not a single value; want ` + name}},
		{name: "nothing for a list", old: "load:\n" + phase, new: "load:\n", want: []string{`5:1: load: no value given; want a list of phases with name, rate and duration`}},
		{name: "nothing for a value", new: "timeout:\n", want: []string{`7:1: timeout: no value given; want ` + duration}},
		{name: "null for a value", new: "timeout: ~\n", want: []string{`7:1: timeout: no value given; want ` + duration}},
		{name: "number for text", new: "description: 7\n", want: []string{`7:14: description: 7 is not text; want it in quotes: "7"`}},
		{name: "text for a number", new: "rounds: two\n", want: []string{`7:9: rounds: "two" is not a number; want a whole number from 1 to 1000`}},
		{name: "number in quotes", new: "rounds: \"2\"\n", want: []string{`7:9: rounds: "2" is text, not a number; want a whole number from 1 to 1000`}},
		{name: "fraction for a whole number", new: "rounds: 1.5\n", want: []string{`7:9: rounds: 1.5 is not a whole number; want a whole number from 1 to 1000`}},
		{name: "fraction for a whole parameter", old: "{generator: credit}", new: "{generator: credit, function: 2.5}", want: []string{`4:37: data.function: 2.5 is not a whole number; want a whole number from 1 to 10`}},
		{name: "notation of another kind", new: "rounds: 1_0\n", want: []string{`7:9: rounds: 1_0 is not a number; want a whole number from 1 to 1000`}},
		{name: "text for true or false", old: "10s}", new: "10s, measure: yes}", want: []string{`6:55: load[0].measure: "yes" is neither true nor false; want true or false`}},

		{name: "rate of zero", old: "100", new: "0", want: []string{`6:26: load[0].rate: 0 is not above 0; want a rate per second, such as 200`}},
		{name: "rate with another unit", old: "100", new: "100/min", want: []string{`6:26: load[0].rate: "100/min" is not a number; want a rate per second, such as 200`}},
		{name: "rate beyond one machine", old: "100", new: "2e7", want: []string{`6:26: load[0].rate: 2e7 is above 10000000; want a rate per second, such as 200`}},
		{name: "rate beyond all numbers", old: "100", new: "1e999", want: []string{`6:26: load[0].rate: 1e999 is too large a number; want a rate per second, such as 200`}},
		{name: "duration without a unit", old: "10s", new: "10", want: []string{`6:41: load[0].duration: 10 has no unit; want for example 10s`}},
		{name: "negative duration", old: "10s", new: "-10s", want: []string{`6:41: load[0].duration: -10s is not above 0; want ` + duration}},
		{name: "duration of nothing", new: "timeout: 0s\n", beyond: true, want: []string{`7:10: timeout: 0s is not above 0; want ` + duration}},
		{name: "no duration", new: "timeout: soon\n", want: []string{`7:10: timeout: "soon" is not a duration; want ` + duration}},
		{name: "duration beyond all runs", new: "timeout: 721h\n", beyond: true, want: []string{`7:10: timeout: 721h is longer than 720h; want ` + duration}},
		{name: "size without a unit", new: "limits: {memory: 512}\n", want: []string{`7:18: limits.memory: 512 has no unit; want for example 512MiB`}},
		{name: "size that is either", new: "limits: {memory: 512M}\n", want: []string{`7:18: limits.memory: "512M" may mean either of two sizes; want 512MiB (1024 × 1024) or 512MB (1000 × 1000)`}},
		{name: "a duration in days", new: "timeout: 2d\n", want: []string{`7:10: timeout: "2d" is not a duration: days are no unit; want hours, such as 48h`}},
		{name: "a duration with a space", new: "timeout: 5 s\n", want: []string{`7:10: timeout: "5 s" is not a duration; want 5s, without the space`}},
		{name: "a duration in min", new: "timeout: 5min\n", want: []string{`7:10: timeout: "5min" is not a duration; want 5m`}},
		{name: "a duration beyond all", beyond: true, new: "timeout: 99999999h\n", want: []string{`7:10: timeout: 99999999h is longer than 720h; want ` + duration}},
		{name: "a duration with an exponent", new: "timeout: 5e3s\n", want: []string{`7:10: timeout: "5e3s" is not a duration; want ` + duration}},
		{name: "a size beyond all", beyond: true, new: "limits: {memory: 99999999999GiB}\n", want: []string{`7:18: limits.memory: 99999999999GiB is larger than any size; want ` + size}},
		{name: "no size", new: "limits: {memory: much}\n", want: []string{`7:18: limits.memory: "much" is not a size; want ` + size}},
		{name: "size too small", new: "limits: {memory: 512KiB}\n", beyond: true, want: []string{`7:18: limits.memory: 512KiB is less than 1MiB; want ` + size}},
		{name: "no CPU", new: "limits: {cpus: 0}\n", want: []string{`7:16: limits.cpus: 0 is below 0.01; want a number from 0.01 to 1024`}},
		{name: "fewer than no CPU", new: "limits: {cpus: -1}\n", want: []string{`7:16: limits.cpus: -1 is below 0.01; want a number from 0.01 to 1024`}},
		{name: "seed too large", new: "seed: 18446744073709551616\n", want: []string{`7:7: seed: 18446744073709551616 is above 18446744073709551615; want a whole number from 0 to 18446744073709551615`}},
		{name: "percentage without its sign", new: "slo: {agreement: 99}\n", want: []string{`7:18: slo.agreement: 99 is above 1; want for example 99%`}},
		{name: "fraction above the whole", new: "slo: {agreement: 101%}\n", beyond: true, want: []string{`7:18: slo.agreement: 101% is above 1; want ` + fraction}},
		{name: "negative fraction", new: "slo: {errors: -0.1}\n", want: []string{`7:15: slo.errors: -0.1 is below 0; want ` + fraction}},
		{name: "no fraction", new: "slo: {errors: few%}\n", want: []string{`7:15: slo.errors: "few%" is not a fraction; want ` + fraction}},
		{name: "name with a space", old: "mine", new: "my own", want: []string{`1:7: name: "my own" is not a name; want ` + name}},
		{name: "path with a fragment", old: "model: credit}", new: "model: credit, ready: /health#top}", want: []string{`3:53: workload.ready: "/health#top" has a fragment, which no client sends; want the path up to the #, or %23 in the place of the #`}},
		{name: "path with a space", old: "model: credit}", new: "model: credit, ready: /a b}", want: []string{`3:53: workload.ready: "/a b" has white space in it; want %20 in the place of a space`}},
		{name: "path that is a URL", old: "model: credit}", new: "model: credit, ready: 'http://h/x'}", want: []string{`3:53: workload.ready: "http://h/x" is a whole URL; want the path alone, such as /health; the server's URL is endpoint.url`}},
		{name: "path with a control character", old: "model: credit}", new: "model: credit, ready: \"/a\\x07\"}", want: []string{`3:53: workload.ready: "/a\a" holds control characters; want a path such as /health`}},
		{name: "rate of zero that stays", old: "rate: 100", new: "arrivals: ramp, rate: 0, to: 0", beyond: true, want: []string{`6:62: load[0].duration: 10s at 0 per second is no request at all; want a longer phase or a higher rate`}},
		{name: "rate of zero beside a trace", old: "rate: 100", new: "arrivals: trace, rate: 0, trace: {file: x}", want: []string{`6:43: load[0].rate: 0 is not above 0; want a rate per second, such as 200`}},
		{name: "path that is none", old: "model: credit}", new: "model: credit, ready: health}", want: []string{`3:53: workload.ready: "health" is not the path of a URL; want a path such as /health`}},
		{name: "control character", old: "model: credit}", new: "model: noop, env: [\"A=\\0\"]}", beyond: true, want: []string{`3:50: workload.env[0]: "A=\x00" holds control characters; want KEY=VALUE`}},
		{name: "no variable", old: "model: credit}", new: "model: credit, env: [PATH]}", want: []string{`3:52: workload.env[0]: "PATH" sets no variable; want KEY=VALUE`}},
		{name: "variable twice", old: "model: credit}", new: "model: credit, env: [A=1, A=2]}", beyond: true, want: []string{`3:57: workload.env[1]: A is set already; want each variable once`}},
		{name: "empty argument", old: workload, new: "{command: [\"\"], model: credit}", beyond: true, want: []string{`3:22: workload.command[0]: the text is empty; want an argument`}},

		{name: "unknown target", old: "physical", new: "phsical", want: []string{`2:11: targets[0]: unknown target "phsical" (did you mean "physical"?); want one of physical, container, vm, lambda, kubernetes, endpoint`}},
		{name: "unknown target like no other", old: "physical", new: "moon", want: []string{`2:11: targets[0]: unknown target "moon"; want one of physical, container, vm, lambda, kubernetes, endpoint`}},
		{name: "unknown server", old: "server: reference", new: "server: refrence", want: []string{`3:20: workload.server: unknown server "refrence" (did you mean "reference"?); want reference`}},
		{name: "unknown model", old: "model: credit", new: "model: creidt", beyond: true, want: []string{`3:38: workload.model: the reference server has no model "creidt" (did you mean "credit"?); want one of credit, noop`}},
		{name: "unknown generator hides its parameters", old: "{generator: credit}", new: "{generator: credits, noise: 1}", want: []string{`4:19: data.generator: unknown generator "credits" (did you mean "credit"?); want one of credit, prompts`}},
		{name: "unknown protocol", new: "protocol: grpc\n", want: []string{`7:11: protocol: unknown protocol "grpc"; want one of v2, openai, template`}},
		{name: "unknown arrival process", old: "rate: 100", new: "arrivals: gauss, rate: 100", want: []string{`6:30: load[0].arrivals: unknown arrival process "gauss"; want one of constant, poisson, gamma, ramp, steps, sine, spike, trace`}},
		{name: "unknown option", new: "container: {netwrok: host}\n", want: []string{`7:13: container.netwrok: unknown key (did you mean "network"?); want one of network, runtime`}},
		{name: "unknown value of an option", new: "container: {network: hots}\n", want: []string{`7:22: container.network: unknown network "hots" (did you mean "host"?); want one of host, bridge`}},

		{name: "no target", old: "[physical]", new: "[]", want: []string{`2:10: targets: the list is empty; want a list of targets, such as [physical]`}},
		{name: "target twice", old: "[physical]", new: "[physical, container, physical]", beyond: true, want: []string{`2:32: targets[2]: "physical" is in the list already; want each target once`}},
		{name: "phase twice", old: phase, new: phase + phase, beyond: true, want: []string{`7:12: load[1].name: load[0] is called "steady" as well; want a name that no other has`}},
		{name: "nothing to do", old: "load:\n" + phase, new: "load: []\n", want: []string{`5:7: load: no phase of load, and no cold starts; want a list of phases with name, rate and duration, or cold_starts above 0`}},
		{name: "nothing to do, and no word of it", old: "load:\n" + phase, new: "cold_starts: 0\n", want: []string{`1:1: load: no phase of load, and no cold starts; want a list of phases with name, rate and duration, or cold_starts above 0`}},
		{name: "no server to deploy", old: "[physical]", new: "[endpoint]\ncold_starts: 2", beyond: true, want: []string{`3:14: cold_starts: the server of every target runs already, so there is no start to time; want 0, or a target that starts its server`}},
		{name: "nothing measured", old: "10s}", new: "10s, measure: false}", beyond: true, want: []string{`6:3: load: every phase has measure: false, so there is nothing to report; want at least one phase that is measured`}},
		{name: "phase without a request", old: "10s", new: "4ms", beyond: true, want: []string{`6:41: load[0].duration: 4ms at 100 per second is no request at all; want a longer phase or a higher rate`}},
		{name: "run without an end", old: "10s", new: "241h", beyond: true, want: []string{`6:3: load: 3 rounds on 1 target take 723h in all; want at most 720h`}},
		{name: "corpora beyond memory", old: "{generator: credit}\nload:\n" + phase, new: "{generator: credit, batch: 501}\nload:\n" + phase + "  - {name: other, model: noop, rate: 1, duration: 1s}\n", beyond: true, want: []string{`4:7: data.corpus: 10000 requests of each of 2 kinds are 10020000 examples to hold in memory; want at most 10000000`}},
		{name: "corpus beyond memory", old: "{generator: credit}", new: "{generator: credit, batch: 1001}", beyond: true, want: []string{`4:7: data.corpus: 10000 requests of 1001 examples are 10010000 examples to hold in memory; want at most 10000000`}},
		{name: "no server", old: "server: reference, ", new: "", want: []string{`3:11: workload: no server named; want ` + server}},
		{name: "no server for one of the targets", old: "[physical]\nworkload: {server: reference, ", new: "[endpoint, physical]\nworkload: {", want: []string{`3:11: workload: no server named; want ` + server}},
		{name: "image and a folder to build one from", old: workload, new: "{image: x, build: y, model: m}", beyond: true, want: []string{`3:29: workload.build: workload.image names an image that is built already; want one or the other`}},
		{name: "files beside an image", old: workload, new: "{image: x, files: [y], model: m}", beyond: true, want: []string{`3:29: workload.files: they go with a command, and an image has its own; want files beside a command alone`}},
		{name: "files without a command", old: workload, new: "{server: reference, files: [y], model: credit}", beyond: true, want: []string{`3:38: workload.files: they go with a command, and an image has its own; want files beside a command alone`}},
		{name: "no port", old: workload, new: "{image: x, port: 0, model: m}", want: []string{`3:28: workload.port: 0 is below 1; want a whole number from 1 to 65535`}},
		{name: "port beyond", old: workload, new: "{image: x, port: 65536, model: m}", want: []string{`3:28: workload.port: 65536 is above 65535; want a whole number from 1 to 65535`}},
		{name: "unknown model of a phase", old: "rate: 100", new: "model: nop, rate: 100", beyond: true, want: []string{`6:27: load[0].model: the reference server has no model "nop" (did you mean "noop"?); want one of credit, noop`}},
		{name: "overhead without a phase", new: twin + "overhead: {noop: noop}\n", want: []string{`8:11: overhead.model: missing; want ` + name}},
		{name: "overhead of phases that are not there", new: twin + "overhead: {noop: nop, model: stedy}\n", beyond: true, want: []string{
			`8:18: overhead.noop: there is no phase "nop" (did you mean "noop"?); want one of steady, noop`,
			`8:30: overhead.model: there is no phase "stedy" (did you mean "steady"?); want one of steady, noop`,
		}},
		{name: "overhead without load", old: "load:\n" + phase, new: "cold_starts: 1\noverhead: {noop: a, model: b}\n", beyond: true, want: []string{
			`6:18: overhead.noop: there is no phase "a"; want a phase of load`,
			`6:28: overhead.model: there is no phase "b"; want a phase of load`,
		}},
		{name: "overhead of one phase", new: twin + "overhead: {noop: noop, model: noop}\n", beyond: true, want: []string{`8:31: overhead.model: "noop" is the phase of overhead.noop as well; want another phase`}},
		{name: "overhead of one model", new: strings.Replace(twin, "model: noop", "model: credit", 1) + "overhead: {noop: noop, model: steady}\n", beyond: true, want: []string{`8:31: overhead.model: the phases "noop" and "steady" ask for the same model, "credit"; want phases that differ in their key model`}},
		{name: "overhead of a warm-up", new: strings.Replace(twin, "10s", "10s, measure: false", 1) + "overhead: {noop: noop, model: steady}\n", beyond: true, want: []string{`8:18: overhead.noop: the phase "noop" has measure: false, so that it shows nothing; want a phase that is measured`}},
		{name: "overhead of phases that differ in all", new: "  - {name: noop, model: noop, arrivals: constant, rate: 99, duration: 9s}\noverhead: {noop: noop, model: steady}\n", beyond: true, want: []string{
			`8:31: overhead.model: the phase "steady" has arrivals: poisson and the phase "noop" arrivals: constant, so that they differ in more than the model; want the same arrivals in both`,
			`8:31: overhead.model: the phase "steady" has rate: 100 and the phase "noop" rate: 99, so that they differ in more than the model; want the same rate in both`,
			`8:31: overhead.model: the phase "steady" has duration: 10s and the phase "noop" duration: 9s, so that they differ in more than the model; want the same duration in both`,
		}},
		{name: "faults that targets cannot inject", old: "[physical]", new: "[endpoint, physical]\nfaults: [{kind: process-kill, at: 1s}, {kind: node-drain, at: 1s}]", beyond: true, want: []string{
			`3:17: faults[0].kind: process-kill cannot be injected on endpoint; want none on endpoint`,
			`3:47: faults[1].kind: node-drain cannot be injected on endpoint, physical; want none on endpoint; one of process-kill, process-stop on physical`,
		}},
		{name: "faults at no time", new: "faults:\n  - {kind: process-kill, at: 10s, for: 1s}\n  - {kind: process-stop, at: 8s, for: 3s}\n  - {kind: process-stop, phase: stedy, at: 0s}\n", beyond: true, want: []string{
			`8:30: faults[0].at: 10s is not within phase steady, which takes 10s; want a time before its end`,
			`8:40: faults[0].for: process-kill happens once, and does not last; want it left out`,
			`9:39: faults[1].for: the fault would last beyond phase steady, which takes 10s; want at most 2s, or it left out: the fault ends with the phase`,
			`10:33: faults[2].phase: there is no phase "stedy" (did you mean "steady"?); want steady`,
		}},
		{name: "faults of no kind", new: "faults: [{kind: pod-kil, at: 1s}, {kind: process-kill}]\n", want: []string{
			`7:17: faults[0].kind: unknown fault "pod-kil" (did you mean "pod-kill"?); want one of process-kill, process-stop, pod-kill, network-partition, disk-fill, kubelet-restart, node-drain`,
			`7:35: faults[1].at: missing; want ` + duration,
		}},
		{name: "restart of a server that runs already", old: "[physical]\nworkload: " + workload, new: "[endpoint]\nworkload: {model: credit, restart: true}", beyond: true, want: []string{`3:36: workload.restart: the server of every target runs already, and is not started here; want it left out`}},
		{name: "two servers", old: "server: reference", new: "server: reference, command: [x]", beyond: true, want: []string{`3:20: workload.server: another server is given by command, image or build; want one or the other`}},
		{name: "agreement that is not known", old: workload, new: "{command: [x], model: m}\nslo: {agreement: 1}", beyond: true, want: []string{`4:18: slo.agreement: agreement is known for the reference server, and of data with expected answers; want data.expect, accuracy, or none`}},
		{name: "limits that fall", new: "slo: {p50: 5ms, p999: 1ms}\n", beyond: true, want: []string{`7:23: slo.p999: 1ms is below the limit of p50, 5ms; want limits that do not fall`}},
		{name: "limit beyond the timeout", new: "slo: {p99: 11s}\n", beyond: true, want: []string{`7:12: slo.p99: 11s is above the timeout, 10s, so that no answer could miss it; want a limit below the timeout`}},
		{name: "concurrency beside a rate", old: "rate: 100", new: "rate: 100, concurrency: 2", beyond: true, want: []string{`6:44: load[0].concurrency: there is a rate, and a closed loop sends no faster than it is answered; want either a rate, with its arrivals, or concurrency`}},
		{name: "concurrency beside an arrival process", old: "rate: 100", new: "arrivals: constant, concurrency: 2", want: []string{`6:30: load[0].arrivals: a closed loop has no arrival process: each worker asks when it has its answer; want either a rate, with its arrivals, or concurrency`}},
		{name: "concurrency that ramps", old: "rate: 100", new: "concurrency: 2, to: 3", beyond: true, want: []string{`6:40: load[0].to: a closed loop has no arrival process: each worker asks when it has its answer; want either a rate, with its arrivals, or concurrency`}},
		{name: "concurrency for ever", old: "rate: 100, duration: 10s", new: "concurrency: 2", want: []string{`6:5: load[0].duration: missing; want ` + duration}},
		{name: "no concurrency", old: "rate: 100", new: "concurrency: 0", want: []string{`6:33: load[0].concurrency: 0 is below 1; want a whole number from 1 to 100000`}},
		{name: "nobody to think", old: "rate: 100", new: "rate: 100, think: {mean: 1s}", beyond: true, want: []string{`6:38: load[0].think: no closed loop thinks here; want concurrency beside it`}},
		{name: "thinking by no distribution", old: "rate: 100", new: "concurrency: 1, think: {distribution: poisson}", want: []string{
			`6:43: load[0].think.mean: missing; want ` + duration,
			`6:58: load[0].think.distribution: unknown distribution "poisson"; want one of exponential, constant`,
		}},
		{name: "arrivals without what it needs", old: "rate: 100", new: "arrivals: steps, rate: 100", want: []string{
			`6:5: load[0].to: missing; want a rate per second, such as 200`,
			`6:5: load[0].steps: missing; want a whole number from 2 to 1000`,
		}},
		{name: "arrivals with what it does not take", old: "rate: 100", new: "rate: 100, to: 200, period: 1s", want: []string{
			`6:35: load[0].to: poisson arrivals do not take it; want it left out, or arrivals: one of ramp, steps, spike`,
			`6:48: load[0].period: poisson arrivals do not take it; want it left out, or arrivals: sine`,
		}},
		{name: "phase without a duration", old: ", duration: 10s", new: "", want: []string{`6:5: load[0].duration: missing; want ` + duration}},
		{name: "steps of parts of seconds", old: "rate: 100", new: "arrivals: steps, to: 200, steps: 4, rate: 100", beyond: true, want: []string{
			`6:77: load[0].duration: 4 steps of 10s in all are 2.5s each; want steps of whole seconds, such as 12s in all`,
		}},
		{name: "swing below nothing", old: "rate: 100", new: "arrivals: sine, amplitude: 101, period: 1s, rate: 100", beyond: true, want: []string{
			`6:47: load[0].amplitude: 101 per second, so that the rate falls below 0; want at most the rate, 100`,
		}},
		{name: "spike after the end", old: "rate: 100", new: "arrivals: spike, to: 500, at: 10s, for: 1s, rate: 100", beyond: true, want: []string{
			`6:50: load[0].at: 10s of 10s; want the spike to begin before the load ends`,
		}},
		{name: "unknown gaps", old: "rate: 100", new: "arrivals: ramp, to: 5, gaps: even, rate: 100", want: []string{`6:49: load[0].gaps: unknown gaps "even"; want one of poisson, constant`}},
		{name: "trace without a file", old: "rate: 100", new: "arrivals: trace, trace: {speed: 2}", want: []string{`6:44: load[0].trace.file: missing; want the path of a file`}},
		{name: "trace that stands still", old: "rate: 100", new: "arrivals: trace, trace: {file: x, speed: 0}", want: []string{`6:61: load[0].trace.speed: 0 is below 0.001; want a number from 0.001 to 1000`}},
		{name: "gaps beside those of a trace", old: "rate: 100", new: "arrivals: trace, trace: {file: x}, gaps: poisson", beyond: true, want: []string{`6:61: load[0].gaps: a trace of times already says how long the gaps are; want it left out, or trace.counts`}},
		{name: "class twice", old: "rate: 100", new: "mix: [{name: a}, {name: b, weight: 2}, {name: a}], rate: 100", beyond: true, want: []string{`6:66: load[0].mix[2].name: mix[0] is called "a" as well; want a name that no other has`}},
		{name: "class without weight", old: "rate: 100", new: "mix: [{name: a, weight: 0}], rate: 100", want: []string{`6:44: load[0].mix[0].weight: 0 is below 1; want a whole number from 1 to 1000`}},
		{name: "mix of nothing", old: "rate: 100", new: "mix: [], rate: 100", want: []string{`6:25: load[0].mix: the list is empty; want a list of classes, such as [{name: small, weight: 9}, {name: big, batch: 100}]`}},
		{name: "unknown model of a class", old: "rate: 100", new: "mix: [{name: a, model: nop}], rate: 100", beyond: true, want: []string{`6:43: load[0].mix[0].model: the reference server has no model "nop" (did you mean "noop"?); want one of credit, noop`}},
		{name: "overhead of different ramps", old: phase, new: "  - {name: steady, arrivals: ramp, to: 5, rate: 100, duration: 10s}\n" + strings.Replace(twin, "rate", "arrivals: ramp, to: 6, rate", 1) + "overhead: {noop: noop, model: steady}\n", beyond: true, want: []string{
			`8:31: overhead.model: the phase "steady" has to: 5 and the phase "noop" to: 6, so that they differ in more than the model; want the same to in both`,
		}},
		{name: "overhead of a closed loop", old: phase, new: "  - {name: steady, concurrency: 1, duration: 10s}\n" + twin + "overhead: {noop: noop, model: steady}\n", beyond: true, want: []string{
			`8:11: overhead: the phase "steady" is a closed loop, whose requests are due when others are answered; want phases with a rate, which get the same due times`,
		}},
		{name: "abort on nothing", new: "abort_on: {}\n", beyond: true, want: []string{`7:11: abort_on: no condition in it; want errors, p99 or in_flight`}},
		{name: "abort at the last error", new: "abort_on: {errors: 100%}\n", beyond: true, want: []string{`7:20: abort_on.errors: no load would go on, or none would ever end; want more than 0% and less than 100%`}},
		{name: "abort too early", new: "abort_on: {in_flight: 1, for: 500ms}\n", beyond: true, want: []string{`7:31: abort_on.for: 500ms is too short to judge by; want 1s or more`}},
		{name: "no workload", old: "workload: " + workload + "\n", new: "", want: []string{`1:1: workload: missing; want ` + server}},
		{name: "no data", old: "data: {generator: credit}\n", new: "", want: []string{`1:1: data: missing; want the key generator or file, and what it needs`}},
		{name: "a model's file beside a command", old: workload, new: "{command: [./serve], model: mine, model_file: mine.ubj}", beyond: true, want: []string{`3:57: workload.model_file: only the reference server serves a file of a model; want server: reference, or none`}},
		{name: "a model's file by the name of another", old: workload, new: "{server: reference, model_file: credit.json}", beyond: true, want: []string{`3:11: workload.model: "credit" cannot be the name of the model in credit.json; want a name without space, / and = that no built-in model has, such as mine`}},
		{name: "a model's file whose name is none", old: workload, new: "{server: reference, model_file: my model.json}", beyond: true, want: []string{`3:11: workload.model: "my model" cannot be the name of the model in my model.json; want a name without space, / and = that no built-in model has, such as mine`}},
		{name: "no model", old: ", model: credit", new: "", want: []string{`3:11: workload.model: missing; want a model's name`}},
		{name: "template of a protocol that makes its requests", new: "template: {}\n", beyond: true, want: []string{`7:11: template: protocol v2 makes its own requests; want protocol: template`}},
		{name: "no template", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}\n", new: "targets: [endpoint]\nprotocol: template\n", want: []string{`1:1: template: missing; want the request to send, such as {method: GET, path: /}`}},
		{name: "template for a model", old: "[physical]\nworkload: " + workload, new: "[endpoint]\nworkload: {model: m}\nprotocol: template\ntemplate: {}", beyond: true, want: []string{
			`3:19: workload.model: a template asks for no model; want it left out`,
			`6:7: data: the template has no placeholder, so that nothing of the data is sent; want {{column}} in its path, headers or body, or no data`,
		}},
		{name: "neither generator nor file", old: "{generator: credit}", new: "{label: x}", beyond: true, want: []string{`4:7: data: neither a generator nor a file is named; want the key generator or file, and what it needs`}},
		{name: "generator and file", old: "{generator: credit}", new: "{generator: credit, file: x.csv}", beyond: true, want: []string{`4:33: data.file: a generator is given beside it; want one or the other`}},
		{name: "parameter of a generator for a file", old: "{generator: credit}", new: "{file: x.csv, noise: 0.1}", beyond: true, want: []string{`4:21: data.noise: unknown key; want one of generator, file, features, tensors, variables, label, expect, classes, tolerance, order, batch, corpus, drift`}},
		{name: "drift of a file", old: "{generator: credit}", new: "{file: x.csv, drift: {concept: {function: 5}, at: 5s}}", beyond: true, want: []string{`4:28: data.drift: only a generator's examples can be changed; want generator in the place of file, or no drift`}},
		{name: "drift of nothing", old: "{generator: credit}", new: "{generator: credit, drift: {at: 20s}}", beyond: true, want: []string{
			`4:34: data.drift: nothing changes; want concept or covariate`,
		}},
		{name: "drift after the load", old: "{generator: credit}", new: "{generator: credit, drift: {covariate: {salary: 1}, at: 20s}}", beyond: true, want: []string{
			`4:63: data.drift.at: 20s is not within the load, which takes 10s; want a time before its end`,
		}},
		{name: "drift beyond the generator", old: "{generator: credit}", new: "{generator: credit, noise: 0.1, drift: {concept: {noise: 0.1, function: 50, funktion: 5}, covariate: {salary: -1, car: 1}, shape: gradual, period: 3s, at: 0s}}", beyond: true, want: []string{
			`4:46: data.drift.width: a gradual drift needs one; want a width above 0`,
			`4:56: data.drift.concept.function: parameter function: 50 is outside 1 to 10; want 1 to 10`,
			`4:56: data.drift.concept.funktion: "funktion" is no parameter of credit that changes the labels alone; want one of noise, function`,
			`4:56: data.drift.concept.noise: 0.1 is what it is before the drift; want another value`,
			`4:108: data.drift.covariate.car: "car" is no feature of credit that is a number; want one of salary`,
			`4:154: data.drift.period: a gradual drift has none; want none, or shape: recurring`,
		}},
		{name: "keys of a file for a generator", old: "{generator: credit}", new: "{generator: credit, features: [a], tensors: {x: 'FP32[1]'}, variables: {A: b}, label: a, expect: b, classes: [no, yes], order: file}", beyond: true, want: []string{
			`4:37: data.features: a generator says so itself; want it left out, or file in the place of generator`,
			`4:51: data.tensors: a generator says so itself; want it left out, or file in the place of generator`,
			`4:78: data.variables: a generator says so itself; want it left out, or file in the place of generator`,
			`4:93: data.label: a generator says so itself; want it left out, or file in the place of generator`,
			`4:104: data.expect: a generator says so itself; want it left out, or file in the place of generator`,
			`4:116: data.classes: a generator says so itself; want it left out, or file in the place of generator`,
			`4:134: data.order: the examples of a generator are in no order; want it left out, or file in the place of generator`,
		}},
		{name: "keys of a file", old: "{generator: credit}", new: "{file: x.csv, features: [a, a], tensors: {x: FP32, y: 'FP33[1]'}, classes: [yes], tolerance: 0, order: reversed}", want: []string{
			`4:35: data.features[1]: "a" is in the list already; want each column once`,
			`4:52: data.tensors.x: "FP32" is not a datatype with a shape; want a datatype with a shape, such as FP32[3,224,224]`,
			`4:61: data.tensors.y: unknown datatype "FP33" (did you mean "FP32"?); want one of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, FP32, FP64, BF16, BYTES`,
			`4:82: data.classes: it holds a single class; want two or more`,
			`4:100: data.tolerance: 0 is below 1e-15; want a number from 1e-15 to 1e+300`,
			`4:110: data.order: unknown order "reversed"; want one of random, file`,
		}},
		{name: "row and tensors, classes of nothing", old: "{generator: credit}", new: "{file: x.csv, features: [a], tensors: {x: 'FP32[1]'}, classes: ['no', 'yes']}", beyond: true, want: []string{
			`4:45: data.tensors: a row of features is given beside them; want one or the other`,
			`4:70: data.classes: no column holds classes; want label or expect beside them`,
		}},
		{name: "data for a template", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}", beyond: true,
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {path: '/{{a}}'}\ndata: {file: x.csv, features: [a], tensors: {x: 'FP32[1]'}, classes: ['no', 'yes'], label: b, expect: c, batch: 2}", want: []string{
				`5:31: data.features: a template takes columns by placeholders, as in {{column}}; want it left out`,
				`5:45: data.tensors: a template takes columns by placeholders, as in {{column}}; want it left out`,
				`5:113: data.batch: a template has room for one record; want 1`,
			}},
		{name: "answer of a template", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}", beyond: true,
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {path: '/{{a}}', answer: {json: $.a, text: true}}\ndata: {file: x.csv}", want: []string{
				`4:36: template.answer: 2 places are named; want one of json, header, text and status`,
			}},
		{name: "answer that is compared with nothing", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}", beyond: true,
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {path: '/{{a}}', answer: {json: $.a}}\ndata: {file: x.csv}", want: []string{
				`4:36: template.answer: nothing is compared with it; want data.label or data.expect`,
			}},
		{name: "label that is compared with nothing", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}", beyond: true,
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {path: '/{{a}}'}\ndata: {file: x.csv, label: y}", want: []string{
				`5:28: data.label: where the answer is that it is compared with is not said; want template.answer, such as {json: $.prediction}`,
			}},
		{name: "path with a placeholder and white space", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}",
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {path: 'a/{{ b }}'}\ndata: {file: x.csv}", want: []string{
				`4:18: template.path: "a/{{ b }}" is not the path of a URL with placeholders; want a path such as /score/{{customer}}`,
			}},
		{name: "template with the limits of a model", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}\nload:\n" + phase,
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {}\nload: [{name: a, model: m, rate: 1, duration: 1s}]\nslo: {agreement: 1, accuracy: 1}\noverhead: {noop: a, model: b}\n", beyond: true, want: []string{
				`5:25: load[0].model: a template asks for no model; want it left out`,
				`6:18: slo.agreement: no answer is compared with an expected one; want data.expect and template.answer, or none`,
				`6:31: slo.accuracy: no answer is compared with a label; want data.label and template.answer, or none`,
				`7:11: overhead: a template asks for no model; want none`,
			}},
		{name: "template to a server that is not named", old: "workload: " + workload + "\ndata: {generator: credit}\n", new: "protocol: template\ntemplate: {}\n", beyond: true, want: []string{`1:1: workload: no server named; want ` + server}},
		{name: "template with mistakes", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}\n",
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {method: get, path: x, expect: {status: [200, 1xx]}}\n", want: []string{
				`4:20: template.method: unknown method "get"; want one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or a placeholder such as {{method}}`,
				`4:31: template.path: "x" is not the path of a URL; want a path such as /score/{{customer}}`,
				`4:57: template.expect.status[1]: "1xx" is not a status of HTTP; want a status from 200 to 599, or 2xx, 3xx, 4xx or 5xx`,
			}},
		{name: "template with wrong headers", old: "targets: [physical]\nworkload: " + workload + "\ndata: {generator: credit}\n",
			new: "targets: [endpoint]\nprotocol: template\ntemplate: {body: a, body_file: b, headers: {accept: a, Accept: b, content-length: 1, a b: c, X: \"a\\nb\"}}\n", beyond: true, want: []string{
				`4:32: template.body_file: a body is given beside it; want one or the other`,
				`4:56: template.headers.Accept: given twice, in one spelling or another; want it once`,
				`4:67: template.headers.content-length: the client itself sets this header field; want other fields`,
				`4:86: template.headers.a b: "a b" is not the name of a header field; want a letter, and then letters, digits, - and _, such as Content-Type`,
				`4:97: template.headers.X: "a\nb" holds control characters; want text on one line`,
			}},
		{name: "unknown version of HTTP", new: "http: {version: 3}\n", want: []string{`7:17: http.version: unknown version "3" (did you mean "2"?); want one of 1.1, 2`}},
		{name: "HTTP/2 by servebench's client", new: "http: {version: 2, client: servebench}\n", beyond: true, want: []string{`7:28: http.client: servebench's own client speaks HTTP/1.1 alone; want net/http for HTTP/2`}},
		{name: "lifetime without keep-alive", new: "http: {connection_lifetime: 10s, keep_alive: false}\n", beyond: true, want: []string{`7:29: http.connection_lifetime: without keep_alive each connection ends with its request; want it left out, or keep_alive: true`}},
		{name: "HTTP/2 without keep-alive", new: "http: {version: 2, keep_alive: false}\n", beyond: true, want: []string{`7:32: http.keep_alive: requests of HTTP/2 share connections; want true, or version 1.1`}},
		{name: "retries after no failure", new: "http: {retries: {attempts: 1, on: [closed, 200, decode], backoff: 10}}\n", want: []string{
			`7:28: http.retries.attempts: 1 is below 2; want a whole number from 2 to 10`,
			`7:44: http.retries.on[1]: 200 is no failure after which a request could be sent again; want refused, closed, timeout, a status from 400 to 599, 4xx or 5xx`,
			`7:49: http.retries.on[2]: "decode" is no failure after which a request could be sent again; want refused, closed, timeout, a status from 400 to 599, 4xx or 5xx`,
			`7:67: http.retries.backoff: 10 has no unit; want for example 10ms`,
		}},
		{name: "retries beyond the timeout", new: "http: {retries: {attempts: 2, backoff: 10s}}\n", beyond: true, want: []string{`7:40: http.retries.backoff: no second attempt is within the timeout, 10s; want a time below the timeout`}},
		{name: "time within the timeout that is longer", new: "http: {first_byte_timeout: 11s}\n", beyond: true, want: []string{`7:28: http.first_byte_timeout: above the timeout, 10s, so that it never ends; want a time below the timeout`}},
		{name: "checks across values wait for the values", old: phase, new: "  - {name: steady, rate: x, duration: 4ms, measure: 0}\n", want: []string{
			`6:26: load[0].rate: "x" is not a number; want a rate per second, such as 200`,
			`6:53: load[0].measure: 0 is neither true nor false; want true or false`,
		}},
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range faults() {
		t.Run(tt.name, func(t *testing.T) {
			if tt.old != "" && !strings.Contains(minimal, tt.old) {
				t.Fatalf("minimal does not hold %q", tt.old)
			}
			_, err := Parse("f", []byte(tt.text()), testCatalogue())
			if err == nil {
				t.Fatalf("Parse took\n%s", tt.text())
			}
			want := "f:" + strings.Join(tt.want, "\nf:")
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Errorf("faults of\n%s(-want +got):\n%s", tt.text(), diff)
			}
		})
	}
}
