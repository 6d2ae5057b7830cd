package trial

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

// requests are what is sent to a variant.
type requests struct {
	first  *corpus.Corpus   // the first answer is to one of them
	phases []*corpus.Corpus // those of each phase of load
	hash   string           // of all of them
	data   *record.DataFile // nil: they come from no file
	// leftOut are columns of the file that are not sent though nothing says so.
	leftOut []string
}

// fewColumns are named of those that are not sent.
const fewColumns = 10

// prepareRequests materialises the requests to every variant, and records their hash.
// Those of all variants are the same; what is known of right answers to them may differ.
func (s *session) prepareRequests(proto protocol.Kind) error {
	text, err := s.scenario.YAML()
	if err != nil {
		return fmt.Errorf("resolve scenario: %w", err)
	}
	s.record.Scenario.Text = string(text)
	made := map[*scenarios.Scenario]*requests{}
	for _, v := range s.variants {
		r := made[v.scenario]
		if r == nil {
			if r, err = (&requestMaker{Runner: s.Runner, scenario: v.scenario, proto: proto}).make(); err != nil {
				return err
			}
			made[v.scenario] = r
			if n := len(r.leftOut); n > 0 {
				some := strings.Join(r.leftOut[:min(n, fewColumns)], ", ")
				if n > fewColumns {
					some += fmt.Sprintf(" and %d more", n-fewColumns)
				}
				s.note("data.features is not set: every column of %s that is a number in each record is sent; not sent: %s", r.data.Name, some)
			}
		}
		if known := s.record.Scenario.Payloads; known != "" && r.hash != known {
			return decode.Faults{{Field: "workload", Problem: "the candidate would be sent other requests than the baseline", Want: "the same model and examples for both"}}
		}
		s.record.Scenario.Payloads, s.record.Scenario.Corpus, s.record.Scenario.Data = r.hash, r.first.Len(), r.data
		v.requests = r
	}
	return nil
}

// requestMaker makes the requests of a scenario.
type requestMaker struct {
	*Runner
	scenario *scenarios.Scenario
	proto    protocol.Kind
	records  *datafile.Examples // nil: there is no file of data
}

func (m *requestMaker) make() (*requests, error) {
	if m.scenario.Data.File != "" {
		if err := m.openFile(); err != nil {
			return nil, err
		}
	}
	make := m.perModel
	if m.proto.Written {
		make = m.written
	}
	r, err := make()
	if err == nil && m.records != nil {
		r.data, r.leftOut = m.describeFile(), m.records.LeftOut()
	}
	return r, err
}

// perModel makes every kind of request from the same examples.
func (m *requestMaker) perModel() (*requests, error) {
	var all []*corpus.Corpus
	made := map[scenarios.Class]*corpus.Corpus{}
	for _, class := range m.scenario.Requests() {
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
	r := &requests{first: all[0], hash: hashAll(all)}
	for i, p := range m.scenario.Load {
		c, err := mixClasses(m.scenario.Classes(p), made)
		if err != nil {
			return nil, decode.Faults{m.scenario.Source.Fault(decode.Element("load", i)+".mix", err.Error(), "")}
		}
		r.phases = append(r.phases, c)
	}
	return r, nil
}

// model returns what is known of a model, as an oracle for its answers: of one
// on the user's own server its name alone.
func (m *requestMaker) model(name string) (Model, error) {
	if m.scenario.Workload.Server != scenarios.ReferenceServer {
		return Model{Model: protocol.Model{Name: name}, Generator: m.scenario.Data.Generator}, nil
	}
	model, ok := scenarios.Named(m.Reference.Models, name, func(m Model) string { return m.Name })
	if !ok {
		return Model{}, fmt.Errorf("the reference server has no model %q", name)
	}
	if m.records != nil {
		return model, m.checkColumns(model)
	}
	if model.Generator != "" && model.Generator != m.scenario.Data.Generator {
		return Model{}, fmt.Errorf("data.generator: model %q takes the examples of generator %q, not of %q",
			name, model.Generator, m.scenario.Data.Generator)
	}
	return model, nil
}

// newCorpus makes the requests of a class, which ask a model.
func (m *requestMaker) newCorpus(model Model, class scenarios.Class) (*corpus.Corpus, error) {
	w := m.scenario.Workload
	return m.build(corpus.Config{
		Batch:      class.Batch,
		Class:      class.Name,
		Model:      model.Model,
		Unlabelled: model.Generator == "" && m.records == nil,
		Identity:   fmt.Sprintf("%q %q %q", m.proto.Name, model.Name, w.Input),
	}, protocol.Config{
		Model: model.Name, Input: w.Input, Output: w.Output, AllOutputs: w.Server != scenarios.ReferenceServer,
	})
}

// build makes requests from the scenario's data.
func (m *requestMaker) build(c corpus.Config, p protocol.Config) (*corpus.Corpus, error) {
	data := m.scenario.Data
	c.Seed, c.Size, c.Tolerance = subseed(m.scenario.Seed, seedData), data.Corpus, data.Tolerance
	if m.records == nil {
		kind, ok := scenarios.Named(m.Catalogue.Generators, data.Generator, func(k generators.Kind) string { return k.Name })
		if !ok {
			return nil, fmt.Errorf("unknown generator %q", data.Generator)
		}
		generator, err := kind.Open(generators.Config{Params: data.Params, Readable: m.proto.Written, Seed: c.Seed})
		if err != nil {
			return nil, fmt.Errorf("open generator %s: %w", data.Generator, err)
		}
		c.Generator, p.Schema = generator, generator.Schema()
	} else {
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
		return nil, decode.Faults{m.scenario.Source.Fault("data.file", err.Error(), "")}
	}
	return made, err
}

// hiddenVariables are those of the records as they are written, without secrets.
func (m *requestMaker) hiddenVariables() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m.scenario.Data.Variables)) {
		value := cmp.Or(m.scenario.Written[decode.Member("data.variables", name)], m.scenario.Data.Variables[name])
		fmt.Fprintf(&b, " %s=%q", name, value)
	}
	return m.scenario.Secrets.Command(b.String())
}

func (m *requestMaker) openProtocol(cfg protocol.Config) (protocol.Protocol, error) {
	client, err := m.proto.Open(cfg)
	if faults := m.templateFaults(err); faults != nil {
		return nil, faults
	}
	if err != nil {
		return nil, fmt.Errorf("open protocol %s: %w", m.proto.Name, err)
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
func (m *requestMaker) written() (*requests, error) {
	body, err := m.readBody()
	if err != nil {
		return nil, err
	}
	request := m.scenario.Template.Request(body)
	// The hash of a request with a short password in it would tell the password.
	hidden := request
	if !m.scenario.Secrets.Empty() {
		hidden = request.Map(m.scenario.Secrets.Command)
	}
	var c *corpus.Corpus
	r := &requests{}
	if data := m.scenario.Data; data.Generator == "" && data.File == "" {
		c, r.hash, err = m.fixed(request, hidden)
	} else {
		c, r.hash, err = m.filledIn(request, hidden)
	}
	if err != nil {
		return nil, err
	}
	r.first = c
	for range m.scenario.Load {
		r.phases = append(r.phases, c)
	}
	return r, nil
}

// fixed makes the one request of a template without data, and the hash of another that has
// no secrets in it.
func (m *requestMaker) fixed(request, hidden protocol.Template) (c *corpus.Corpus, hash string, err error) {
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
func (m *requestMaker) filledIn(request, hidden protocol.Template) (c *corpus.Corpus, hash string, err error) {
	text := fmt.Sprintf("%q %q %q %q", hidden.Method, hidden.Path, hidden.Header, hidden.Body)
	c, err = m.build(corpus.Config{Batch: 1, Identity: text}, protocol.Config{Template: request})
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256([]byte(c.Hash() + text))
	if m.records == nil && !m.scenario.Secrets.Empty() { // whose hash is of the requests themselves
		other, err := m.build(corpus.Config{Batch: 1}, protocol.Config{Template: hidden})
		if err != nil {
			return nil, "", err
		}
		sum = sha256.Sum256([]byte(other.Hash() + text))
	}
	return c, hex.EncodeToString(sum[:]), nil
}

func (m *requestMaker) readBody() ([]byte, error) {
	t := m.scenario.Template
	if t.BodyFile == "" {
		return []byte(t.Body), nil
	}
	body, err := userfile.Read(t.BodyFile, int64(maxBodyFile))
	if err != nil {
		return nil, decode.Faults{m.scenario.Source.FileFault("template.body_file", t.BodyFile, err, fmt.Sprintf("a file of at most %v", maxBodyFile))}
	}
	return body, nil
}
