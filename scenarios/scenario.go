// Package scenarios holds the scenario: the file that says what to do. It stands
// at the head of the flow. Parse turns the text of a file into a Scenario, or
// into every fault that it has; package trial plays it.
//
// What a file may hold is written down once, in the fields of Scenario and of the types
// within: their tags say what a key is called and what it takes, their comments what it
// means to users (see package decode). The decoder, the resolved text, the schema for
// editors and the reference that the command line prints are all made from them.
package scenarios

import (
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/targets"
)

// Scenario is what to do, with every default filled in.
type Scenario struct {
	// What the run and its reports are called.
	Name string `key:"name,required" format:"name"`
	// What the scenario is for, shown in the reports.
	Description string `key:"description" format:"prose" default:"\"\""`
	// The targets to run the server on and to compare.
	Targets []string `key:"targets,required" choice:"target" least:"1" label:"list of targets" want:"a list of targets, such as [physical]"`
	// The server under test: the reference server, or your own by command, image or both.
	// Where the server of every target runs already, the model is enough, and with
	// protocol: template nothing is needed.
	Workload Workload `key:"workload" default:"{}"`
	// The wire protocol that the server speaks.
	Protocol string `key:"protocol,first" choice:"protocol"`
	// With protocol: template, the request to send, the same every time, and what is a
	// right answer to it. A server that runs already is ready when it answers a GET of
	// the path with a status below 500; with another path in workload.ready, when it
	// answers that with 2xx.
	Template *Template `key:"template" default:"none"` // nil: the requests are made from Data
	// How requests are carried to the server, by HTTP and by the connections below it.
	HTTP HTTP `key:"http" default:"{}"`
	// The synthetic data that requests are made from, with the generator's own parameters
	// beside the keys listed here.
	Data Data `key:"data" absent:"no data, as with protocol: template"`
	// The phases of load, played in this order on every target in every round. A phase
	// has either a rate, and arrivals that never wait for answers (an open loop), or a
	// concurrency: so many workers, each of which waits for its answer (a closed loop).
	Load []Phase `key:"load" absent:"no load, for which cold_starts has to be above 0" label:"list of mappings" want:"a list of phases with name, rate and duration"`
	// The conditions that end a phase before its time, warm-ups too, any one of which is
	// enough. The phases after it are left out in that trial; other trials go on, and the
	// reports say so.
	AbortOn *Abort `key:"abort_on" default:"none"`
	// The two phases by which the reports split a request's time into what the target
	// costs (network, virtualisation, HTTP) and what the model does. They are the same
	// but for their models, get the same due times and examples in each round, and change
	// places in every second one.
	Overhead *record.Overhead `key:"overhead" default:"none"`
	// How many rounds there are. A round is one trial of every target, each on a fresh
	// server, with the targets in another order each time; without load there are no
	// rounds. The intervals in the reports come from the differences between rounds.
	Rounds int `key:"rounds" default:"3" min:"1" max:"1000"`
	// How many trials, each of one target in one round, may be rerun because the load
	// generator was disturbed in them, by a busy machine say. Such a trial is discarded
	// and, after the last round, rerun with the same requests at the same due times; the
	// record keeps both, and the reports say so. It is judged by the load generator alone
	// and never by how the server did, so that no result is picked. When no trial at all
	// went undisturbed, none is rerun.
	Reruns int `key:"reruns" default:"10" max:"1000"`
	// How often each target is deployed for its cold start alone, after the rounds of
	// load: deployed, asked for one answer and removed, the targets in another order each
	// time. A server that runs already is left out.
	ColdStarts int `key:"cold_starts" default:"0" max:"1000"`
	// How many attack loops share the load, for rates beyond what one of them can send.
	Attackers int `key:"attackers" default:"1" min:"1" max:"64"`
	// Whether the CPUs are kept out of their idle states while requests are sent, where
	// servebench is allowed to (as root). Waking up takes long enough to be measured in
	// place of the server, most of all in a virtual machine; it is the same for every
	// target, and the reports say which it was.
	Awake bool `key:"awake" default:"true"`
	// What every random choice follows from: the same seed gives the same requests at the
	// same due times.
	Seed uint64 `key:"seed" default:"1" max:"18446744073709551615"`
	// How long one request may take from being sent; what takes longer has failed.
	Timeout time.Duration `key:"timeout" default:"10s"`
	// The resources that every target gets, its virtualisation included. A server that
	// runs already is what it is; for it, limits.cpus is how many CPUs of this machine
	// the load generator leaves free.
	Limits Limits `key:"limits" default:"{}"`
	// The limits that the results are judged by. Without any, a run is reported but not
	// judged.
	SLO record.SLO `key:"slo" default:"{}"`
	// When a candidate counts as slower than a baseline, for servebench ab, which
	// compares two servers round by round. Other commands ignore it.
	Regression *Regression `key:"regression" default:"none"` // nil: an A/B test is judged by the defaults
	// Options holds, for each of Targets, all its options by their names.
	Options map[string]map[string]string `inline:"targets"`

	// Dir is the folder that relative paths in the file begin at, absolute. The paths
	// in the fields above are absolute.
	Dir string
	// Secrets knows the values that must not be written down.
	Secrets *secret.Keeper
	// Written is what the file says, by field, where variables of the environment stand
	// in it, as in "Bearer ${TOKEN}"; the fields above hold their values.
	Written map[string]string
	// Source knows where the fields above stand; nil: nobody does.
	Source *decode.Source
}

// Workload is the server under test: the reference server, or the user's own by
// Command, Image or both; none of them where every target's server runs already.
type Workload struct {
	// The inference server that comes with servebench.
	Server string `key:"server,omitzero" default:"none" oneof:"reference"`
	// The model to ask, by its name on the server. With the reference server, answers are
	// checked against what the same model says offline.
	Model string `key:"model" absent:"no model, as with protocol: template" format:"word" want:"a model's name"` // that of the first answer, and of phases that name none
	// Your own server's command line. {host} and {port} stand for the address to listen
	// on, which the environment also holds as HOST and PORT. With a slash in it, the path
	// of the executable is relative to the scenario file. On physical the server runs in
	// the folder of the scenario file, elsewhere in the root folder, as in an image,
	// where other paths have to be absolute. Its whole environment is PATH (the usual
	// folders, led by that of a command that was found elsewhere), HOME (/), HOST, PORT,
	// GOMAXPROCS and workload.env, the same on every target.
	Command []string `key:"command" default:"none" format:"argument" least:"1" label:"list of texts" want:"a list, such as [./server, --port, \"{port}\"]"`
	// Your own server's container image, by reference or by the path of a tarball
	// (relative to the scenario file), for the targets that run images. Without it, they
	// make one from command.
	Image string `key:"image,omitzero" default:"none" format:"image"`
	// Further environment variables of the server, as KEY=VALUE, in which {host} and
	// {port} are replaced as in command. ${NAME} is the value of a variable of
	// servebench's own environment, here as in every value: PATH=/opt/bin:${PATH}. Of a
	// variable whose name says that it is secret (API_KEY, HF_TOKEN), a keyed hash is
	// recorded, and what came from ${NAME} is not recorded at all.
	Env []string `key:"env" default:"[]" format:"variable" label:"list of texts" want:"a list of KEY=VALUE"`
	// The path that answers with a status of 2xx as soon as the server is ready.
	Ready string `key:"ready" absent:"the protocol's own, or the path of the template" format:"path"`
	// How long the server may take from being started to being ready.
	StartTimeout time.Duration `key:"start_timeout" default:"60s"`
	// Options holds the options of models of the reference server, by the models' names: of
	// the type in Catalogue.Models, as pointers.
	Options map[string]any `inline:"models"`
	// How much later the reference server answers every request: a regression on purpose,
	// to try a gate with. It is a minimum: what a wait costs the server comes on top,
	// some tens of microseconds.
	Delay time.Duration `key:"delay,omitzero" default:"none"`
}

// ReferenceServer is the Workload.Server that stands for servebench's own
// inference server.
const ReferenceServer = "reference"

// Data is the synthetic data that the requests are made from; the zero value where
// a Template is sent.
type Data struct {
	// The generator of the examples; a model of the reference server needs its own.
	Generator string `key:"generator,required" choice:"generator"`
	// How many examples one request holds.
	Batch int `key:"batch" default:"1" min:"1" max:"10000"`
	// How many different requests are made before the load starts, and then sent in
	// random order.
	Corpus int `key:"corpus" default:"10000" min:"1" max:"1000000"`
	// Params are all of the generator's, by their names.
	Params map[string]float64 `inline:"parameters"`
}

// Limits are the resources that every target gets.
type Limits struct {
	// How many CPUs the server is pinned to. The load generator takes the others, so as
	// not to compete with it.
	CPUs int `key:"cpus" default:"1" min:"1" max:"1024"`
	// The most memory the server may use, with KiB, MiB or GiB for powers of 1024 and kB,
	// MB or GB for powers of 1000.
	Memory targets.Bytes `key:"memory" default:"none" format:"size"` // 0: no limit
}

// Regression says when a candidate counts as worse than a baseline, for A/B tests.
type Regression struct {
	// What is compared, in every measured phase; at most 5 of them, each phase counting
	// for itself. Quantiles are of the response time, and need enough requests in each
	// round: p50 200, p90 300, p99 2000, p99.9 20000.
	Metrics []string `key:"metrics,none" absent:"[p50, p90]" choice:"metric" least:"1" label:"list of metrics" want:"a list of metrics, such as [p50, p90]"`
	// How much worse the candidate has to be at least to fail, even if it is significantly
	// worse.
	Margin float64 `key:"margin" default:"3%" format:"fraction"`
	// A candidate passes when it is significantly less than this much worse.
	Tolerance float64 `key:"tolerance" default:"5%" format:"fraction"`
	// How many rounds are played at most. An A/B test ends as soon as the answer is known.
	Rounds int `key:"rounds" default:"40" min:"10" max:"200"`
}

// Models are the names of the models that the run asks, each once: the one of
// the first answer, then those of the phases in their order.
func (s *Scenario) Models() []string {
	names := []string{s.Workload.Model}
	for _, p := range s.Load {
		for _, c := range s.Classes(p) {
			if !slices.Contains(names, c.Model) {
				names = append(names, c.Model)
			}
		}
	}
	return names
}

// Requests are the kinds of request that the run makes, each once: that of the
// first answer, which has no name, then those of the phases in their order; without
// their weights.
func (s *Scenario) Requests() []Class {
	all := []Class{{Model: s.Workload.Model, Batch: s.Data.Batch}}
	for _, p := range s.Load {
		for _, c := range s.Classes(p) {
			if c.Weight = 0; !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// Classes are the classes of a phase's Mix; without one, the only kind of request
// that there is, which has no name.
func (s *Scenario) Classes(p Phase) []Class {
	if p.Mix == nil {
		return []Class{{Model: p.Model, Batch: s.Data.Batch}}
	}
	return p.Mix
}

// PhaseNamed returns the index of a phase, -1 when there is none of that name.
func (s *Scenario) PhaseNamed(name string) int {
	return slices.IndexFunc(s.Load, func(p Phase) bool { return p.Name == name })
}
