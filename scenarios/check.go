package scenarios

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/targets"
	"servebench/targets/protocol"
)

// check finds what no value of a scenario shows by itself. A check is left out where a
// value that it needs is at fault already.
type check struct {
	*decode.Source
	s      *Scenario
	cat    Catalogue
	format *decode.Format
}

func (c check) scenario() {
	c.distinct("targets", c.s.Targets, "each target once")
	c.needs()
	c.http()
	c.auth()
	c.workload()
	c.modelOptions()
	c.data()
	c.corpus()
	c.load()
	c.models()
	c.overhead()
	c.faults()
	c.abort()
	c.length()
	c.scaling()
	c.monitor()
	c.retrain()
	c.slo()
	c.regression()
}

// refuse reports a field's value where that is sound by itself.
func (c check) refuse(field string, wrong bool, problem, want string) {
	if wrong && c.Sound(field) {
		c.Refuse(field, problem, want)
	}
}

// need reports a key that is missing.
func (c check) need(field, want string) {
	c.refuse(field, !c.Given(field), "missing", want)
}

// distinct holds the items of a list to being there once.
func (c check) distinct(list string, items []string, want string) {
	for i, item := range items {
		c.refuse(decode.Element(list, i), slices.Index(items, item) < i, fmt.Sprintf("%q is in the list already", item), want)
	}
}

func protocolKind(cat Catalogue, name string) protocol.Kind {
	kind, _ := Named(cat.Protocols, name, func(k protocol.Kind) string { return k.Name })
	return kind
}

func targetKind(cat Catalogue, name string) targets.Kind {
	kind, _ := cat.Target(name)
	return kind
}

const (
	serverWanted = "server: reference, or a command, an image, or a folder to build one from"
	modelWanted  = "a model's name"
	dataWanted   = "the key generator or file, and what it needs"
	// noModel says why a key of a model has no meaning in a scenario with a template.
	noModel = "a template asks for no model"
	// alreadyRuns says why there is nothing to time.
	alreadyRuns = "the server of every target runs already, so there is no start to time"
)

// needs finds what a scenario of its protocol needs and lacks, and what has no meaning in
// it.
func (c check) needs() {
	s := c.s
	switch {
	case !c.Sound("protocol"):
	case protocolKind(c.cat, s.Protocol).Written:
		c.written()
	default:
		c.need("workload", serverWanted)
		if s.Workload.ModelFile == "" {
			if c.Given("workload") {
				c.need("workload.model", modelWanted)
			}
			c.need("data", dataWanted)
		}
		c.refuse("template", s.Template != nil, "protocol "+s.Protocol+" makes its own requests", "protocol: template")
	}
}

// written looks at a scenario whose request is written out.
func (c check) written() {
	s := c.s
	c.refuse("template", s.Template == nil, "missing", "the request to send, such as {method: GET, path: /}")
	if s.Workload.Server == ReferenceServer {
		c.refuse("workload.model", !c.Given("workload.model") && s.Workload.ModelFile == "", "missing", modelWanted)
	} else {
		c.refuse("workload.model", s.Workload.Model != "", noModel, "it left out")
	}
	for i, p := range s.Load {
		field := decode.Element("load", i)
		c.refuse(field+".model", c.Given(field+".model") && p.Model != "", noModel, "it left out")
		c.refuse(field+".mix", p.Mix != nil, "a template is the only request there is", "it left out")
	}
	c.refuse("workload.input", s.Workload.Input != "", noModel, "it left out")
	c.refuse("workload.output", s.Workload.Output != "", noModel, "it left out")
	c.refuse("overhead", s.Overhead != nil, noModel, "none")
	if s.Template != nil {
		c.template(s.Template)
	}
}

// template looks at a request that is written out, and at what is put into it and
// compared with its answer.
func (c check) template(t *Template) {
	c.refuse("template.body_file", t.BodyFile != "" && t.Body != "", "a body is given beside it", "one or the other")
	if a := t.Answer; a != nil {
		ways := 0
		for _, given := range []bool{a.JSON != "", a.Header != "", a.Text, a.Status} {
			if given {
				ways++
			}
		}
		c.refuse("template.answer", ways != 1, fmt.Sprintf("%d places are named", ways), "one of json, header, text and status")
	}
	nothing := isFixed(t.Method) && isFixed(t.Path) && isFixed(t.Body) && t.BodyFile == "" && !slices.ContainsFunc(slices.Collect(maps.Values(t.Headers)), func(v string) bool { return !isFixed(v) })
	c.refuse("data", c.Given("data") && nothing && c.Sound("template"), "the template has no placeholder, so that nothing of the data is sent", "{{column}} in its path, headers or body, or no data")
	const takesColumns = "a template takes columns by placeholders, as in {{column}}"
	d := c.s.Data
	c.refuse("data.features", d.Features != nil, takesColumns, "it left out")
	c.refuse("data.tensors", d.Tensors != nil, takesColumns, "it left out")
	c.refuse("data.batch", d.Batch > 1, "a template has room for one record", "1")
	compared := d.Label != "" || d.Expect != "" || d.Generator != ""
	if !c.Sound("data", "template.answer") {
		return
	}
	for key, column := range map[string]string{"data.label": d.Label, "data.expect": d.Expect} {
		c.refuse(key, column != "" && t.Answer == nil, "where the answer is that it is compared with is not said", "template.answer, such as {json: $.prediction}")
	}
	c.refuse("template.answer", t.Answer != nil && !compared, "nothing is compared with it", "data.label or data.expect")
}

// data holds the keys of a generator and those of a file apart.
func (c check) data() {
	d := c.s.Data
	if !c.Given("data") || !c.Sound("data.generator", "data.file") {
		return
	}
	const ofGenerator = "a generator says so itself"
	generated := d.Generator != "" || d.File == "" && c.s.Workload.ModelFile != ""
	switch {
	case !generated && d.File == "":
		c.refuse("data", true, "neither a generator nor a file is named", dataWanted)
		return
	case generated && d.File != "":
		c.refuse("data.file", true, "a generator is given beside it", "one or the other")
		return
	}
	c.refuse("data.features", generated && d.Features != nil, ofGenerator, "it left out, or file in the place of generator")
	c.refuse("data.tensors", generated && d.Tensors != nil, ofGenerator, "it left out, or file in the place of generator")
	c.refuse("data.tensors", d.Tensors != nil && d.Features != nil, "a row of features is given beside them", "one or the other")
	c.refuse("data.variables", generated && d.Variables != nil, ofGenerator, "it left out, or file in the place of generator")
	c.refuse("data.label", generated && d.Label != "", ofGenerator, "it left out, or file in the place of generator")
	c.refuse("data.expect", generated && d.Expect != "", ofGenerator, "it left out, or file in the place of generator")
	c.refuse("data.classes", generated && d.Classes != nil, ofGenerator, "it left out, or file in the place of generator")
	c.refuse("data.classes", len(d.Classes) == 1, "it holds a single class", "two or more")
	c.refuse("data.classes", d.Classes != nil && d.Label == "" && d.Expect == "", "no column holds classes", "label or expect beside them")
	c.refuse("data.order", generated && d.Order != "", "the examples of a generator are in no order", "it left out, or file in the place of generator")
	c.distinct("data.features", d.Features, "each column once")
	c.distinct("data.classes", d.Classes, "each class once")
	c.drift()
}

// drift holds a drift to what the generator can do, and to the length of the load.
func (c check) drift() {
	d := c.s.Data
	if d.Drift == nil || !c.Sound("data.drift.concept", "data.drift.covariate", "data.drift.shape", "data.drift.at", "data.drift.width", "data.drift.period") {
		return
	}
	c.refuse("data.drift", d.Generator == "", "only a generator's examples can be changed", "generator in the place of file, or no drift")
	kind, known := Named(c.cat.Generators, d.Generator, func(k generators.Kind) string { return k.Name })
	if !known {
		return
	}
	for _, fault := range d.Drift.Spec().Check(kind, d.Params) {
		c.Refuse(strings.TrimSuffix("data.drift."+fault.Key, "."), fault.Problem, fault.Want)
	}
	var load time.Duration
	for i, p := range c.s.Load {
		if p.Duration == 0 || !c.Sound(decode.Element("load", i)+".duration") { // as long as a trace
			return
		}
		load += p.Duration
	}
	c.refuse("data.drift.at", d.Drift.At >= load, fmt.Sprintf("%s is not within the load, which takes %s", decode.FormatDuration(d.Drift.At), decode.FormatDuration(load)), "a time before its end")
}

func (c check) http() {
	h := c.s.HTTP
	if !c.Sound("http.version", "http.client") {
		return
	}
	c.refuse("http.version", h.Version == HTTP1 && protocolKind(c.cat, c.s.Protocol).HTTP2, "protocol "+c.s.Protocol+" needs HTTP/2", HTTP2+", or another protocol")
	c.refuse("http.client", h.Version == HTTP2 && h.Client == OwnClient, "servebench's own client speaks HTTP/1.1 alone", StandardClient+" for HTTP/2")
	c.refuse("http.keep_alive", h.Version == HTTP2 && !h.KeepAlive, "requests of HTTP/2 share connections", "true, or version "+HTTP1)
	c.refuse("http.connection_lifetime", h.ConnectionLifetime > 0 && !h.KeepAlive, "without keep_alive each connection ends with its request", "it left out, or keep_alive: true")
	if r := h.Retries; r != nil && c.Sound("http.retries", "timeout") {
		c.refuse("http.retries.backoff", r.Backoff >= c.s.Timeout, "no second attempt is within the timeout, "+decode.FormatDuration(c.s.Timeout), "a time below the timeout")
	}
	if timeout := c.s.Timeout; c.Sound("timeout") {
		problem := "above the timeout, " + decode.FormatDuration(timeout) + ", so that it never ends"
		c.refuse("http.connect_timeout", h.ConnectTimeout > timeout, problem, "a time below the timeout")
		c.refuse("http.first_byte_timeout", h.FirstByteTimeout > timeout, problem, "a time below the timeout")
	}
}

func (c check) workload() {
	w := c.s.Workload
	if c.Sound("workload.server", "workload.command", "workload.image", "workload.build") {
		own := len(w.Command) > 0 || w.Image != "" || w.Build != ""
		if w.Server == "" && !own && c.Sound("targets") && !c.allRun() {
			c.Refuse("workload", "no server named", serverWanted)
		}
		c.refuse("workload.server", w.Server != "" && own, "another server is given by command, image or build", "one or the other")
		c.refuse("workload.build", w.Build != "" && w.Image != "", "workload.image names an image that is built already", "one or the other")
	}
	if c.Sound("workload.files", "workload.command", "workload.image", "workload.build") {
		c.refuse("workload.files", len(w.Files) > 0 && (len(w.Command) == 0 || w.Image != "" || w.Build != ""),
			"they go with a command, and an image has its own", "files beside a command alone")
	}
	if c.Sound("workload.server") {
		c.refuse("workload.model_file", w.ModelFile != "" && w.Server != ReferenceServer, "only the reference server serves a file of a model", "server: reference, or none")
	}
	switch {
	case w.Server != ReferenceServer || w.Model == "":
	case w.ModelFile == "":
		c.model("workload.model", w.Model)
	default:
		c.refuse("workload.model", strings.ContainsAny(w.Model, "/ =\t\n") || c.builtIn(w.Model),
			fmt.Sprintf("%q cannot be the name of the model in %s", w.Model, filepath.Base(w.ModelFile)), "a name without space, / and = that no built-in model has, such as mine")
	}
	if c.Sound("workload.server") {
		c.refuse("workload.delay", w.Delay > 0 && w.Server != ReferenceServer, "only the reference server answers later on request", "server: reference, or no delay")
	}
	var set []string
	for i, variable := range w.Env {
		if field := decode.Element(environment, i); c.Sound(field) {
			name, _, _ := strings.Cut(variable, "=")
			c.refuse(field, slices.Contains(set, name), name+" is set already", "each variable once")
			set = append(set, name)
		}
	}
}

// allRun reports whether every target uses a server that runs already.
func (c check) allRun() bool {
	return !slices.ContainsFunc(c.s.Targets, func(name string) bool { return !targetKind(c.cat, name).Running })
}

// modelOptions holds the options of a model to those that it takes, and to being asked for.
func (c check) modelOptions() {
	for name, options := range c.s.Workload.Options {
		field := "workload." + name
		asked := c.s.Workload.Server == ReferenceServer && slices.Contains(c.s.Models(), name)
		if c.Sound("workload.server", "workload.model", "load") && !asked {
			c.Refuse(field, "nothing asks the reference server's model "+name, "server: reference with model: "+name+", or none")
		}
		if checker, ok := options.(interface {
			Mistakes(report func(problem, want string, keys ...string))
		}); ok {
			checker.Mistakes(func(problem, want string, keys ...string) {
				for i := range keys {
					keys[i] = decode.Member(field, keys[i])
				}
				if c.Sound(keys...) {
					c.Refuse(keys[0], problem, want)
				}
			})
		}
	}
}

// monitor holds a monitor to answers that predict something.
func (c check) monitor() {
	m := c.s.Monitor
	if m == nil {
		return
	}
	c.distinct("monitor.sensitive", m.Sensitive, "each field once")
	c.distinct("monitor.detectors", m.Detectors, "each detector once")
	if c.Sound("monitor.detectors", "monitor.reference", "load") {
		compares := slices.ContainsFunc(drift.Kinds(), func(k drift.Kind) bool { return k.Window != nil && slices.Contains(m.Detectors, k.Name) })
		c.refuse("monitor.reference", !compares && m.Reference != record.FirstPhase, "no detector compares anything with it", "psi or ks among monitor.detectors, or no reference")
		c.refuse("monitor.detectors", compares && m.Reference == record.FirstPhase && len(c.s.Load) == 1, "psi and ks compare with the first phase of load, and there is no other", "a phase before it, such as a warm-up, or monitor.reference: the path of a file")
	}
	if c.Sound("data", "template") && c.s.Template != nil {
		c.refuse("monitor", !c.Given("data"), "the same request is sent every time, so that nothing is predicted", "data, or no monitor")
		c.refuse("monitor", c.Given("data") && c.s.Template.Answer == nil, "what of the answer is the prediction is not said", "template.answer, such as {json: $.prediction}, with data.label")
	}
	if c.Sound("load") {
		c.refuse("monitor", len(c.s.Load) == 0, "there is no load to monitor the answers to", "load, or no monitor")
	}
}

// models finds the phases that ask the reference server for a model that it does not have.
func (c check) models() {
	if c.s.Workload.Server != ReferenceServer {
		return
	}
	for i, p := range c.s.Load {
		field := decode.Element("load", i)
		if p.Model != c.s.Workload.Model {
			c.model(field+".model", p.Model)
		}
		for j, class := range p.Mix {
			if class.Model != p.Model && class.Model != c.s.Workload.Model {
				c.model(decode.Element(field+".mix", j)+".model", class.Model)
			}
		}
	}
}

// builtIn reports whether a model of the reference server is built in.
func (c check) builtIn(name string) bool {
	_, found := Named(c.cat.Models, name, func(m Model) string { return m.Name })
	return found
}

// model holds a field to a model that the reference server has.
func (c check) model(field, name string) {
	var names []string
	if c.s.Workload.ModelFile != "" {
		names = append(names, c.s.Workload.Model)
	}
	for _, m := range c.cat.Models {
		names = append(names, m.Name)
	}
	c.refuse(field, !slices.Contains(names, name),
		fmt.Sprintf("the reference server has no model %q%s", name, decode.Suggest(name, names)), decode.OneOf(names))
}

// maxExamples bounds what the corpus holds in memory.
const maxExamples = 10_000_000

func (c check) corpus() {
	d := c.s.Data
	if !c.Sound("data.batch", "data.corpus", "load") {
		return
	}
	kinds, examples := c.s.Requests(), 0
	for _, k := range kinds {
		examples += k.Batch
	}
	of := fmt.Sprintf("%d requests of %d examples", d.Corpus, d.Batch)
	if len(kinds) > 1 {
		of = fmt.Sprintf("%d requests of each of %d kinds", d.Corpus, len(kinds))
	}
	n := examples * d.Corpus
	if d.Drift != nil {
		n, of = 2*n, of+", before the drift and after it,"
	}
	c.refuse("data.corpus", n > maxExamples, fmt.Sprintf("%s are %d examples to hold in memory", of, n), fmt.Sprintf("at most %d", maxExamples))
}
