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
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/generators/shift"
	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/targets"
)

// Scenario is what to do, with every default filled in.
type Scenario struct {
	// The name of the scenario, used in its runs and reports.
	Name string `key:"name,required" format:"name"`
	// What the scenario is for. Reports show it.
	Description string `key:"description" format:"prose" default:"\"\""`
	// The targets to run the server on and to compare. A target may be in the list again with
	// other options: container@bridge is one more container, whose options stand under that
	// name; those left out are the ones of container.
	Targets []string `key:"targets,required" choice:"target" least:"1" label:"list of targets" want:"a list of targets, such as [physical]"`
	// The server under test: the reference server, or your own, given by command, image or
	// both. If the server already runs on every target, only the model is needed; with
	// protocol: template nothing is.
	Workload Workload `key:"workload" default:"{}"`
	// The wire protocol that the server speaks.
	Protocol string `key:"protocol,first" choice:"protocol"`
	// With protocol: template, the request to send, and what a correct answer to it is. In
	// its texts {{column}} stands for a column of data.file or a feature of data.generator;
	// {{{{ is a literal {{. Without data the same request is sent every time. The server
	// counts as ready when a GET of the path returns a status below 500 (of /, if the path has
	// placeholders); if workload.ready names another path, when that returns 2xx.
	Template *Template `key:"template" default:"none"` // nil: a protocol makes the requests from Data
	// How requests are sent to the server: HTTP and the connections below it.
	HTTP HTTP `key:"http" default:"{}"`
	// The data that requests are made from: that of a generator, whose own parameters stand
	// beside the keys listed here, or a file of yours.
	Data Data `key:"data" absent:"none; required unless protocol is template or workload has a model_file"`
	// The phases of load, run in this order on every target in every round. A phase is
	// either an open loop, which has a rate and sends requests whether or not earlier ones
	// were answered, or a closed loop, which has a concurrency: a number of workers that
	// each wait for an answer before they send again.
	Load []Phase `key:"load" absent:"none; then cold_starts has to be above 0" label:"list of mappings" want:"a list of phases with name, rate and duration"`
	// Faults that are injected while load is sent, to see what they cost the users and how
	// soon the server is back. What still lasts at the end of its phase ends there.
	Faults []record.Injection `key:"faults,omitzero" default:"none" label:"list of mappings" least:"1" want:"a list of faults, such as [{kind: process-kill, at: 10s}]"`
	// Conditions that end a phase early, including warm-ups. One of them is enough. Later
	// phases of that trial are left out, other trials go on, and the reports say so.
	AbortOn *record.AbortOn `key:"abort_on" default:"none"`
	// Two phases from which the reports split a request's time into the overhead of the
	// target (network, virtualisation, HTTP) and the time of the model. The phases differ
	// only in their model. In each round they get the same due times and examples, and every
	// second round swaps their order.
	Overhead *record.Overhead `key:"overhead" default:"none"`
	// The number of rounds. A round is one trial of every target, each on a fresh server,
	// with the targets in random order. Without load there are no rounds. The intervals in
	// the reports come from the differences between rounds.
	Rounds int `key:"rounds" default:"3" min:"1" max:"1000"`
	// The most trials (one target in one round) that may be repeated because the load
	// generator was disturbed, for example by a busy machine. Such a trial is discarded and
	// repeated after the last round with the same requests at the same due times. The record
	// keeps both, and the reports say so. The decision looks only at the load generator,
	// never at how the server did, so no result is picked. A target
	// whose last three trials were disturbed is given up. If every trial was disturbed, none
	// is repeated, but for one of a single round with scaling.
	Reruns int `key:"reruns" default:"10" max:"1000"`
	// How often each target is deployed only to measure its cold start, after the rounds of
	// load: deploy, request one answer, remove, with the targets in random order each time.
	// Servers that already run are left out.
	ColdStarts int `key:"cold_starts" default:"0" max:"1000"`
	// The number of attack loops that share the load, for rates beyond what one loop can
	// send.
	Attackers int `key:"attackers" default:"1" min:"1" max:"64"`
	// Keep the CPUs out of their idle states while requests are sent, if servebench is
	// allowed to (as root). Waking up takes long enough to show in the latency, especially
	// in a virtual machine. The setting is the same for every target, and the reports say
	// which it was.
	Awake bool `key:"awake" default:"true"`
	// The seed of every random choice: the same seed gives the same requests at the same due
	// times.
	Seed uint64 `key:"seed" default:"1" max:"18446744073709551615"`
	// The longest a request may take from being sent. A request that takes longer has
	// failed.
	Timeout time.Duration `key:"timeout" default:"10s"`
	// The resources that every target gets, including its virtualisation. They do not change
	// a server that already runs; for it, limits.cpus is the number of CPUs of this machine
	// that the load generator leaves free.
	Limits Limits `key:"limits" default:"{}"`
	// Values that keys take in turn, to compare sizes: a list of them for each key. Each target is
	// run once for every combination, and named by it, such as container@cpus=1. Keys are
	// limits.cpus, limits.memory, data.batch, workload.env.NAME for a variable of the server, and
	// the options of targets, such as lambda.memory, which multiply that target alone; and retrain, to
	// compare when to train again. At most 24 combinations in all.
	Sweep Sweep `key:"sweep,omitzero" default:"none" format:"swept" least:"1" want:"a list of values for each key, such as {limits.cpus: [1, 2]}"`
	// The number of replicas of the server, on targets that can run several: kubernetes and
	// lambda. With min below max it follows the load. Targets that run a single replica are
	// refused where min is above 1; below that they run it beside the others, and the reports
	// say so.
	Scaling *record.Scaling `key:"scaling" default:"none"` // nil: one replica
	// How the model is monitored, on any server and without a change to it: servebench logs its
	// predictions and, after a delay, their outcomes, which are the labels of the data, and reports
	// the accuracy over time.
	Monitor *record.Monitoring `key:"monitor" default:"none"` // nil: it is not
	// When the model is trained again while load is sent, and swapped: on_alarm, every 60s, never, or
	// a mapping that says more.
	Retrain *Retrain `key:"retrain,short=on" default:"none"` // nil: it is not
	// The limits that the results are judged by. Without any, a run is reported but not
	// judged.
	SLO record.SLO `key:"slo" default:"{}"`
	// What slo.cost_per_million limits: the cost of serving some traffic at some places, worked out
	// as servebench cost does.
	Cost *record.Cost `key:"cost" default:"none"` // nil: nobody says
	// When a candidate counts as slower than a baseline, for servebench ab, which compares
	// two servers round by round. Other commands ignore it.
	Regression *Regression `key:"regression" default:"none"` // nil: an A/B test is judged by the defaults
	// Options holds, for each of Targets, all its options by their names.
	Options map[string]map[string]string `inline:"targets"`

	// Points are what Sweep makes of Targets; nil without a sweep.
	Points []Point
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
	// The name of the model on the server. With the reference server, answers are checked
	// against what the same model predicts offline.
	Model string `key:"model" absent:"that of model_file without its ending; else none, and required unless protocol is template" format:"word" want:"a model's name"` // that of the first answer, and of phases that name none
	// A model of yours that the reference server serves in the place of a built-in one, as a
	// file relative to the scenario file: one in ONNX, or that XGBoost saved as JSON or UBJSON. Every target
	// gets the file, the answers are checked against what it predicts offline, and its SHA-256 is
	// recorded. Without data, requests are made from its features and splits.
	ModelFile string `key:"model_file,omitzero" default:"none" format:"file" want:"the path of a model, such as model.ubj"`
	// What the model calls the tensor that takes the rows of features, for a protocol that
	// names tensors.
	Input string `key:"input,omitzero" absent:"features" format:"word" want:"a tensor's name"`
	// What the model calls the output that holds its answers, which are labels, the
	// probabilities of the classes, or values.
	Output string `key:"output,omitzero" absent:"the one that can be read as an answer" format:"word" want:"a tensor's name"`
	// The command line of your own server. {host} and {port} are replaced by the address to
	// listen on, which is also in the environment as HOST and PORT. If the path of the
	// executable contains a slash, it is relative to the scenario file; beside an image it is
	// a path in the image, and has to be absolute. The server runs in the folder of the
	// scenario file, which has nothing but files in an image that is made of the command; one
	// static program without files runs in the root folder there. Its whole environment is PATH
	// (the usual folders, preceded by the folder of a command that was found elsewhere),
	// HOME (/), HOST, PORT, GOMAXPROCS, OMP_NUM_THREADS, OPENBLAS_NUM_THREADS, MKL_NUM_THREADS
	// and workload.env, the same on every target.
	Command []string `key:"command" default:"none" format:"argument" least:"1" label:"list of texts" want:"a list, such as [./server, --port, \"{port}\"]"`
	// The container image of your own server, which every target runs: a reference, or the
	// path of a tarball (docker save, OCI) or of a folder with an OCI layout, relative to the
	// scenario file. A reference that a Docker Engine on this machine knows is taken from
	// there, any other is pulled once per run, with the credentials of docker login. Entry
	// point, command, environment, user, working folder, exposed port and stop signal of the
	// image hold on every target; workload.command replaces entry point and command.
	Image string `key:"image,omitzero" default:"none" format:"image"`
	// The folder, relative to the scenario file, of a Dockerfile that a Docker Engine on this
	// machine builds the image from, once per run, in the place of image.
	Build string `key:"build,omitzero" default:"none" format:"file" want:"the path of a folder with a Dockerfile"`
	// Files and folders, relative to the scenario file, that command needs, such as a virtual
	// environment, scripts or models. Every target has them at their absolute paths on this
	// machine; where it does not run on this machine's own file system, in an image that is
	// made of them and the command.
	Files []string `key:"files,omitzero" default:"none" format:"file" least:"1" label:"list of paths" want:"a list of paths, such as [./venv, ./app.py]"`
	// The port that the server listens on whatever the variable PORT says.
	Port int `key:"port,omitzero" absent:"the only TCP port that the image exposes, else a free one" min:"1" max:"65535"`
	// More environment variables for the server, as KEY=VALUE; {host} and {port} are
	// replaced as in command. --set workload.env.NAME=VALUE sets one of them, and keeps the
	// others. In this and every other value, ${NAME} is replaced by that
	// variable of servebench's environment: PATH=/opt/bin:${PATH}. The value of a variable
	// whose name sounds secret (API_KEY, HF_TOKEN) is recorded only as a keyed hash, and
	// what comes from ${NAME} is not recorded.
	Env []string `key:"env" default:"[]" format:"variable" label:"list of texts" want:"a list of KEY=VALUE"`
	// The path that returns a 2xx status as soon as the server is ready, or the gRPC method
	// that reports it, such as /grpc.health.v1.Health/Check.
	Ready string `key:"ready" absent:"the protocol's own, or the path of the template" format:"path"`
	// The longest the server may take from its start until it is ready. What an image takes
	// to be unpacked does not count. A target on which the first server takes longer is left
	// out of the later rounds.
	StartTimeout time.Duration `key:"start_timeout" default:"60s"`
	// Start the server again whenever it ends, as systemd does with Restart=always. Without
	// it, a server that has ended stays dead, except on targets that always start it again,
	// such as lambda and kubernetes.
	Restart bool `key:"restart,omitzero" default:"false"`
	// Options holds the options of models of the reference server, by the models' names: of
	// the type in Catalogue.Models, as pointers.
	Options map[string]any `inline:"models"`
	// An extra delay of every answer of the reference server: a deliberate regression, to
	// try out a gate. It is a minimum; waiting adds some tens of microseconds.
	Delay time.Duration `key:"delay,omitzero" default:"none" unit:"ms"`
}

// ReferenceServer is the Workload.Server that stands for servebench's own
// inference server.
const ReferenceServer = "reference"

// Data is what the requests are made from: a generator or a file; the zero value where a
// Template without placeholders is sent.
type Data struct {
	// The generator of the examples. A model of the reference server needs the generator it
	// was trained with.
	Generator string `key:"generator" absent:"none; then file is required, unless workload has a model_file" choice:"generator"`
	// A file of records, in the place of a generator: CSV with a header (.csv) or JSON Lines
	// with an object on each line (.jsonl, .ndjson). Its path is relative to the scenario
	// file. It is read as the load proceeds, so that it may be larger than the memory; its
	// SHA-256 is recorded. In JSON Lines {"b64": "…"} stands for bytes.
	File string `key:"file" absent:"none; then generator is required, unless workload has a model_file" format:"file" want:"the path of a file"`
	// The columns of the file that make the row of features, in the order in which the model
	// takes them.
	Features []string `key:"features" absent:"every column of numbers but label and expect" format:"column" least:"1" label:"list of columns" want:"a list of columns, such as [income, age]"`
	// The columns of the file that hold tensors, in the place of a row of features, with
	// datatype and shape as in {image: "FP32[3,224,224]"}; -1 is a dimension that varies.
	// A value is a list, flat or nested, or the bytes as {"b64": "…"}.
	Tensors Tensors `key:"tensors" absent:"none" format:"tensor" want:"a mapping of columns, such as {image: \"FP32[3,224,224]\"}"`
	// What ${NAME} stands for in the records of the file, by NAME, such as {TOKEN: "${TOKEN}"}
	// for the variable of servebench's environment, so that secrets are in none of the files.
	// Any other ${…} in the file is text.
	Variables Variables `key:"variables" absent:"none" format:"header" want:"a mapping of names, such as {TOKEN: \"${TOKEN}\"}"`
	// The column of the file with the outcome that was observed. The share of answers that
	// equal it is the accuracy; an answer that differs is not a failure.
	Label string `key:"label,none" absent:"none" format:"column" want:"the name of a column"`
	// The column of the file with the answer that a correct server gives. The share of
	// answers that equal it is the agreement; an answer that differs is a failure (wrong
	// answer). Of records without a value no answer is checked.
	Expect string `key:"expect,none" absent:"none" format:"column" want:"the name of a column"`
	// The names of the classes in label and expect, in the order in which the model numbers
	// them: with [no, yes], no equals 0 and yes equals 1.
	Classes []string `key:"classes" absent:"the different texts of label and expect, sorted; for whole numbers from 0 on, the numbers; with protocol: template, none" format:"column" least:"1" label:"list of texts" want:"a list of classes, such as [no, yes]"`
	// How far a number in an answer may be from the expected one. If it is given, texts that
	// are numbers are compared as numbers, too.
	Tolerance float64 `key:"tolerance" absent:"1e-6, of numbers above 1 as a fraction; whole numbers have to be equal" min:"1e-15" max:"1e300"`
	// The order in which the records of the file are sent: random, by the seed, each record
	// once before one comes again; or file, from its first record, in every phase. When the
	// records end, they begin again.
	Order string `key:"order" absent:"random" oneof:"random,file"`
	// The number of examples in one request.
	Batch int `key:"batch" default:"1" min:"1" max:"10000"`
	// The number of different requests. They are made before the load starts, and sent in
	// random order. With a file, only so many are taken from its beginning. A mix takes at
	// most 20,000 requests, from 16 MiB of the file.
	Corpus int `key:"corpus" absent:"10000; with a file as many as it has records for" min:"1" max:"1000000"`
	// A change of the generator's examples while load is sent: concept drift, covariate shift, or
	// both. Every answer is checked as ever.
	Drift *Drift `key:"drift" default:"none"`
	// Params are all of the generator's, by their names.
	Params map[string]float64 `inline:"parameters"`
}

// Drift is how the examples of a generator change under load.
type Drift struct {
	// Concept drift: the values that parameters of the generator take, such as {function: 5}. The
	// inputs stay what they were, and their labels change. Those parameters are meant that the
	// labels alone depend on.
	Concept Changes `key:"concept" absent:"none" min:"-1e9" max:"1e9" want:"a mapping of parameters, such as {function: 5}"`
	// Covariate shift: by how many standard deviations the means of features move, such as
	// {salary: 1}. Their labels are still those of the generator.
	Covariate Changes `key:"covariate" absent:"none" min:"-2" max:"2" want:"a mapping of features, such as {salary: 1}"`
	// How the change comes: sudden, from one request to the next; gradual, the share of changed
	// requests t after the change being 1/(1+e^(-4t/width)); recurring, changed and unchanged ones
	// taking turns.
	Shape string `key:"shape" default:"sudden" oneof:"sudden,gradual,recurring"`
	// When it changes; of a gradual change the middle. Times are due times since the load began,
	// warm-up included, as if each phase began when the one before it ends.
	At time.Duration `key:"at,required" min:"0"`
	// About how long a gradual change takes.
	Width time.Duration `key:"width" absent:"none; required of a gradual change"`
	// How long the changed and the unchanged requests of a recurring change last in turn.
	Period time.Duration `key:"period" absent:"none; required of a recurring change"`
}

// Changes are numbers by the names of parameters or features.
type Changes map[string]float64

// Key takes any name.
func (Changes) Key(written string) (string, *decode.Flaw) { return written, nil }

// Spec is the drift as package shift has it.
func (d Drift) Spec() shift.Spec {
	return shift.Spec{Concept: d.Concept, Covariate: d.Covariate, Shape: shift.Shape{
		Kind: d.Shape, At: int64(d.At), Width: int64(d.Width), Period: int64(d.Period),
	}}
}

// OrderOfFile is the Data.Order of records that are sent as they stand in the file.
const OrderOfFile = "file"

// Tensors are the datatypes and shapes of tensors, by the columns that hold them.
type Tensors map[string]string

// Key takes any column.
func (Tensors) Key(written string) (string, *decode.Flaw) { return written, nil }

// Variables are what ${NAME} stands for in the records of a file, by NAME.
type Variables map[string]string

// Key returns the name of a variable, or why it is none.
func (Variables) Key(written string) (string, *decode.Flaw) {
	if !variableName.MatchString(written) {
		return written, &decode.Flaw{Problem: fmt.Sprintf("%q is no name of a variable", written), Want: "letters, digits and _, such as TOKEN"}
	}
	return written, nil
}

// Limits are the resources that every target gets.
type Limits struct {
	// The number of CPUs that the server may use, such as 2 or 0.25. It is pinned to so many,
	// rounded up, and a fraction bounds its CPU time on them. The load generator uses the
	// others so as not to compete with it.
	CPUs float64 `key:"cpus" default:"1" min:"0.01" max:"1024"`
	// The most memory the server may use. KiB, MiB and GiB are powers of 1024; kB, MB and GB
	// are powers of 1000.
	Memory targets.Bytes `key:"memory" default:"none" format:"size"` // 0: no limit
}

// WholeCPUs is the number of CPUs that the server is pinned to.
func (l Limits) WholeCPUs() int { return int(math.Ceil(l.CPUs)) }

// Regression says when a candidate counts as worse than a baseline, for A/B tests.
type Regression struct {
	// The metrics to compare in every measured phase, at most 5 in all; each phase counts
	// separately. Quantiles are of the response time and need enough requests in each round:
	// p50 200, p90 300, p99 2000, p99.9 20000.
	Metrics []string `key:"metrics,none" absent:"[p50, p90]" choice:"metric" least:"1" label:"list of metrics" want:"a list of metrics, such as [p50, p90]"`
	// The smallest loss that fails. A candidate fails when it is significantly worse, by this
	// much or more; a smaller loss does not fail, even if it is significant.
	Margin float64 `key:"margin" default:"3%" format:"fraction"`
	// The loss that a pass rules out. A candidate passes when the whole interval of its
	// change is below it: it is significantly less than this much worse, or it is better.
	Tolerance float64 `key:"tolerance" default:"5%" format:"fraction"`
	// The most rounds to run. An A/B test ends as soon as the answer is clear.
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

// ServerName names the server that the targets start, with its models, for people:
// "reference server, model credit", "image scorer:1.4 (sha256:1b7a0c2d3e4f)", "command
// ./server --port {port}". digest is the image's, "" where there is none.
func (s *Scenario) ServerName(digest string) string {
	const digits = len("sha256:") + 12
	w := s.Workload
	var parts []string
	switch {
	case w.Server != "":
		parts = append(parts, w.Server+" server")
	case w.Image != "":
		parts = append(parts, "image "+w.Image)
	case w.Build != "":
		parts = append(parts, "image built from "+w.Build)
	}
	if len(digest) > digits {
		parts = append(parts, "("+digest[:digits]+")")
	}
	if w.Server == "" && len(w.Command) > 0 {
		parts = append(parts, "command "+strings.Join(w.Command, " "))
	}
	name := strings.Join(parts, " ")
	switch models := slices.DeleteFunc(s.Models(), func(m string) bool { return m == "" }); len(models) {
	case 0:
		return name
	case 1:
		return name + ", model " + models[0]
	default:
		return name + ", models " + strings.Join(models, ", ")
	}
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
