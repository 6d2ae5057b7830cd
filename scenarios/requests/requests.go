// Package requests makes what a scenario sends: from a generator's examples, a file of data, or a
// template that is written out, in the scenario's protocol, with the answers expected to each.
// It stands between the scenario and the trials that send them.
package requests

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/scenarios"
	"servebench/scenarios/corpus"
	"servebench/scenarios/decode"
	"servebench/targets"
	"servebench/targets/protocol"
)

// Model is one model of the reference server, as an oracle for its answers.
type Model struct {
	protocol.Model // which cannot predict where nothing is known but its name
	// Generator is the one of the examples it takes; "": it takes any and does
	// not look at them, so that its answers are not compared with their labels.
	Generator string
	// Examples makes examples for a model of which nobody knows a generator; nil: none.
	Examples generators.Generator
	Unnamed  bool              // its features have no names
	File     *record.ModelFile // of a model that is not built in
}

// Requests are what is sent to a server.
type Requests struct {
	First  *corpus.Corpus   // the first answer is to one of them
	Phases []*corpus.Corpus // those of each phase of load
	Hash   string           // of all of them
	Data   *record.DataFile // nil: they come from no file
	// ModelFile is the file of the model that answers; nil: it is built in, or not known.
	ModelFile *record.ModelFile
	// LeftOut are columns of the file that are not sent though nothing says so.
	LeftOut []string
}

// Maker makes the requests of a scenario.
type Maker struct {
	Catalogue scenarios.Catalogue
	Models    []Model // of the reference server
	Scenario  *scenarios.Scenario
	Protocol  protocol.Kind
	Seed      uint64 // of the data

	records *datafile.Examples // nil: there is no file of data
	drifted bool               // those after the drift are made
}

// Make makes them. A Faults says what is wrong with the data or the template, and where.
func (m *Maker) Make() (*Requests, error) {
	if m.Scenario.Data.File != "" {
		if err := m.openFile(); err != nil {
			return nil, err
		}
	}
	make := m.perModel
	if m.Protocol.Written {
		make = m.written
	}
	r, err := make()
	if err == nil && m.Scenario.Data.Drift != nil {
		m.drifted = true
		var after *Requests
		if after, err = make(); err == nil {
			err = r.drift(after)
		}
	}
	if i := slices.IndexFunc(m.Models, func(m Model) bool { return m.File != nil }); err == nil && i >= 0 {
		r.ModelFile = m.Models[i].File
	}
	if err == nil && m.records != nil {
		r.Data, r.LeftOut = m.describeFile(), m.records.LeftOut()
	}
	return r, err
}

// drift adds the requests after a drift to those before it. The first answer is to one before.
func (r *Requests) drift(after *Requests) (err error) {
	for i := range r.Phases {
		if r.Phases[i], err = corpus.Drift(r.Phases[i], after.Phases[i]); err != nil {
			return err
		}
	}
	sum := sha256.Sum256([]byte(r.Hash + after.Hash))
	r.Hash = hex.EncodeToString(sum[:])
	return nil
}

// perModel makes every kind of request from the same examples.
func (m *Maker) perModel() (*Requests, error) {
	var all []*corpus.Corpus
	made := map[scenarios.Class]*corpus.Corpus{}
	for _, class := range m.Scenario.Requests() {
		model, err := m.model(class.Model)
		if err != nil {
			return nil, err
		}
		c, err := m.newCorpus(model, class)
		if err != nil {
			return nil, err
		}
		made[class], all = c, append(all, c)
	}
	r := &Requests{First: all[0], Hash: hashAll(all)}
	for i, p := range m.Scenario.Load {
		c, err := mixClasses(m.Scenario.Classes(p), made)
		if err != nil {
			return nil, decode.Faults{m.Scenario.Source.Fault(decode.Element("load", i)+".mix", err.Error(), "")}
		}
		r.Phases = append(r.Phases, c)
	}
	return r, nil
}

// model returns what is known of a model, as an oracle for its answers: of one
// on the user's own server its name alone.
func (m *Maker) model(name string) (Model, error) {
	if m.Scenario.Workload.Server != scenarios.ReferenceServer {
		return Model{Model: protocol.Model{Name: name}, Generator: m.Scenario.Data.Generator}, nil
	}
	model, ok := scenarios.Named(m.Models, name, func(m Model) string { return m.Name })
	if !ok {
		return Model{}, fmt.Errorf("the reference server has no model %q", name)
	}
	if m.records != nil {
		return model, m.checkColumns(model)
	}
	if m.Scenario.Data.Generator == "" && model.Examples != nil {
		return model, nil
	}
	if model.Generator != "" && model.Generator != m.Scenario.Data.Generator {
		return Model{}, fmt.Errorf("data.generator: model %q takes the examples of generator %q, not of %q",
			name, model.Generator, m.Scenario.Data.Generator)
	}
	return model, nil
}

// newCorpus makes the requests of a class, which ask a model.
func (m *Maker) newCorpus(model Model, class scenarios.Class) (*corpus.Corpus, error) {
	w := m.Scenario.Workload
	return m.build(corpus.Config{
		Batch:      class.Batch,
		Class:      class.Name,
		Model:      model.Model,
		Unlabelled: (model.Generator == "" || model.Generator != m.Scenario.Data.Generator) && m.records == nil,
		Generator:  m.ownExamples(model),
		Identity:   fmt.Sprintf("%q %q %q", m.Protocol.Name, model.Name, w.Input),
	}, protocol.Config{
		Model: model.Name, Input: w.Input, Output: w.Output, AllOutputs: w.Server != scenarios.ReferenceServer,
	})
}

// ownExamples are a model's own, where the scenario names no data; nil: it does.
func (m *Maker) ownExamples(model Model) generators.Generator {
	if data := m.Scenario.Data; data.Generator != "" || data.File != "" {
		return nil
	}
	return model.Examples
}

// build makes requests from the scenario's data.
func (m *Maker) build(c corpus.Config, p protocol.Config) (*corpus.Corpus, error) {
	data := m.Scenario.Data
	c.Seed, c.Size, c.Tolerance, c.Monitored = m.Seed, data.Corpus, data.Tolerance, m.Scenario.Monitor != nil
	switch {
	case c.Generator != nil:
		p.Schema = c.Generator.Schema()
	case m.records == nil:
		kind, ok := scenarios.Named(m.Catalogue.Generators, data.Generator, func(k generators.Kind) string { return k.Name })
		if !ok {
			return nil, fmt.Errorf("unknown generator %q", data.Generator)
		}
		generator, err := m.openGenerator(kind, generators.Config{Params: data.Params, Readable: m.Protocol.Written, Seed: c.Seed})
		if err != nil {
			return nil, fmt.Errorf("open generator %s: %w", data.Generator, err)
		}
		c.Generator, p.Schema = generator, generator.Schema()
		if err := m.checkGenerator(c.Model, p.Schema); err != nil {
			return nil, err
		}
	default:
		c.Identity += m.hiddenVariables()
		c.Records, c.InOrder, p.Schema = m.records, data.Order == scenarios.OrderOfFile, m.records.Schema()
		var err error
		if c.Size, err = m.requestsIn(c.Batch); err != nil {
			return nil, err
		}
	}
	var err error
	if c.Protocol, err = m.openProtocol(p); err != nil {
		return nil, err
	}
	made, err := corpus.Build(c)
	if err != nil && m.records != nil {
		return nil, decode.Faults{m.Scenario.Source.Fault("data.file", err.Error(), "")}
	}
	return made, err
}

func (m *Maker) openGenerator(kind generators.Kind, cfg generators.Config) (generators.Generator, error) {
	if !m.drifted {
		return kind.Open(cfg)
	}
	_, after, err := m.Scenario.Data.Drift.Spec().Open(kind, cfg)
	return after, err
}

// hiddenVariables are those of the records as they are written, without secrets.
func (m *Maker) hiddenVariables() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m.Scenario.Data.Variables)) {
		value := cmp.Or(m.Scenario.Written[decode.Member("data.variables", name)], m.Scenario.Data.Variables[name])
		fmt.Fprintf(&b, " %s=%q", name, value)
	}
	return m.Scenario.Secrets.Command(b.String())
}

func (m *Maker) openProtocol(cfg protocol.Config) (protocol.Protocol, error) {
	client, err := m.Protocol.Open(cfg)
	if faults := m.templateFaults(err); faults != nil {
		return nil, faults
	}
	if err != nil {
		return nil, fmt.Errorf("open protocol %s: %w", m.Protocol.Name, err)
	}
	return client, nil
}

// mixClasses returns the requests of a phase: the only kind there is, or its classes
// among each other.
func mixClasses(classes []scenarios.Class, made map[scenarios.Class]*corpus.Corpus) (*corpus.Corpus, error) {
	var mix []corpus.Class
	for _, class := range classes {
		weight := class.Weight
		class.Weight = 0
		mix = append(mix, corpus.Class{Name: class.Name, Weight: weight, Corpus: made[class]})
	}
	if mix[0].Name == "" {
		return mix[0].Corpus, nil
	}
	return corpus.Mix(mix)
}

// hashAll is the hash of all requests: a single corpus's own, of several the
// SHA-256 of their hashes (in hexadecimal, in the order of the scenario's Requests,
// nothing between them).
func hashAll(all []*corpus.Corpus) string {
	if len(all) == 1 {
		return all[0].Hash()
	}
	sum := sha256.New()
	for _, c := range all {
		sum.Write([]byte(c.Hash()))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// maxBodyFile bounds the body of a request that is written out.
const maxBodyFile = 64 * targets.MiB

// written makes the requests that the scenario writes out, whatever model a server may be
// started with: a single one where there is no data.
func (m *Maker) written() (*Requests, error) {
	body, err := m.readBody()
	if err != nil {
		return nil, err
	}
	request := m.Scenario.Template.Request(body)
	// The hash of a request with a short password in it would tell the password.
	hidden := request
	if !m.Scenario.Secrets.Empty() {
		hidden = request.Map(m.Scenario.Secrets.Command)
	}
	var c *corpus.Corpus
	r := &Requests{}
	if data := m.Scenario.Data; data.Generator == "" && data.File == "" {
		c, r.Hash, err = m.fixed(request, hidden)
	} else {
		c, r.Hash, err = m.filledIn(request, hidden)
	}
	if err != nil {
		return nil, err
	}
	r.First = c
	for range m.Scenario.Load {
		r.Phases = append(r.Phases, c)
	}
	return r, nil
}

// fixed makes the one request of a template without data, and the hash of another that has
// no secrets in it.
func (m *Maker) fixed(request, hidden protocol.Template) (c *corpus.Corpus, hash string, err error) {
	for _, t := range []protocol.Template{hidden, request} {
		client, err := m.openProtocol(protocol.Config{Template: t})
		if err != nil {
			return nil, "", err
		}
		if c, err = corpus.Fixed(client); err != nil {
			return nil, "", err
		}
		hash = cmp.Or(hash, c.Hash())
	}
	return c, hash, nil
}

// filledIn makes a request of a template for each record of a file or each example of a
// generator.
func (m *Maker) filledIn(request, hidden protocol.Template) (c *corpus.Corpus, hash string, err error) {
	text := fmt.Sprintf("%q %q %q %q", hidden.Method, hidden.Path, hidden.Header, hidden.Body)
	c, err = m.build(corpus.Config{Batch: 1, Identity: text}, protocol.Config{Template: request})
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256([]byte(c.Hash() + text))
	if m.records == nil && !m.Scenario.Secrets.Empty() { // whose hash is of the requests themselves
		other, err := m.build(corpus.Config{Batch: 1}, protocol.Config{Template: hidden})
		if err != nil {
			return nil, "", err
		}
		sum = sha256.Sum256([]byte(other.Hash() + text))
	}
	return c, hex.EncodeToString(sum[:]), nil
}

func (m *Maker) readBody() ([]byte, error) {
	t := m.Scenario.Template
	if t.BodyFile == "" {
		return []byte(t.Body), nil
	}
	body, err := userfile.Read(t.BodyFile, int64(maxBodyFile))
	if err != nil {
		return nil, decode.Faults{m.Scenario.Source.FileFault("template.body_file", t.BodyFile, err, fmt.Sprintf("a file of at most %v", maxBodyFile))}
	}
	return body, nil
}
