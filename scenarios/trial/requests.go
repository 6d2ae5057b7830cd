package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"servebench/generators"
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
}

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
			if r, err = (requestMaker{s.Runner, v.scenario, proto}).make(); err != nil {
				return err
			}
			made[v.scenario] = r
		}
		if known := s.record.Scenario.Payloads; known != "" && r.hash != known {
			return decode.Faults{{Field: "workload", Problem: "the candidate would be sent other requests than the baseline", Want: "the same model and examples for both"}}
		}
		s.record.Scenario.Payloads, s.record.Scenario.Corpus = r.hash, r.first.Len()
		v.requests = r
	}
	return nil
}

// requestMaker materialises the requests of a scenario.
type requestMaker struct {
	*Runner
	scenario *scenarios.Scenario
	proto    protocol.Kind
}

func (m requestMaker) make() (*requests, error) {
	if m.proto.Written {
		return m.written()
	}
	return m.generated()
}

// generated makes every kind of request from the same examples.
func (m requestMaker) generated() (*requests, error) {
	data := m.scenario.Data
	generator, ok := scenarios.Named(m.Catalogue.Generators, data.Generator, func(k generators.Kind) string { return k.Name })
	if !ok {
		return nil, fmt.Errorf("unknown generator %q", data.Generator)
	}
	var all []*corpus.Corpus
	made := map[scenarios.Class]*corpus.Corpus{}
	for _, class := range m.scenario.Requests() {
		model, err := m.model(class.Model)
		if err != nil {
			return nil, err
		}
		c, err := m.newCorpus(generator, model, class)
		if err != nil {
			return nil, err
		}
		made[class], all = c, append(all, c)
	}
	r := &requests{first: all[0], hash: hashAll(all)}
	for _, p := range m.scenario.Load {
		c, err := mixClasses(m.scenario.Classes(p), made)
		if err != nil {
			return nil, err
		}
		r.phases = append(r.phases, c)
	}
	return r, nil
}

// model returns what is known of a model, as an oracle for its answers: of one
// on the user's own server its name alone.
func (m requestMaker) model(name string) (Model, error) {
	if m.scenario.Workload.Server != scenarios.ReferenceServer {
		return Model{Model: protocol.Model{Name: name}, Generator: m.scenario.Data.Generator}, nil
	}
	model, ok := scenarios.Named(m.Reference.Models, name, func(m Model) string { return m.Name })
	if !ok {
		return Model{}, fmt.Errorf("the reference server has no model %q", name)
	}
	if model.Generator != "" && model.Generator != m.scenario.Data.Generator {
		return Model{}, fmt.Errorf("data.generator: model %q takes the examples of generator %q, not of %q",
			name, model.Generator, m.scenario.Data.Generator)
	}
	return model, nil
}

// newCorpus materialises the requests of a class, which ask a model.
func (m requestMaker) newCorpus(kind generators.Kind, model Model, class scenarios.Class) (*corpus.Corpus, error) {
	data := m.scenario.Data
	generator, err := kind.Open(generators.Config{Params: data.Params})
	if err != nil {
		return nil, fmt.Errorf("open generator %s: %w", data.Generator, err)
	}
	client, err := m.openProtocol(protocol.Config{
		Model: model.Name, Schema: generator.Schema(), Input: m.scenario.Workload.Input, Output: m.scenario.Workload.Output,
	})
	if err != nil {
		return nil, err
	}
	return corpus.Build(corpus.Config{
		Generator:  generator,
		Protocol:   client,
		Size:       data.Corpus,
		Batch:      class.Batch,
		Class:      class.Name,
		Seed:       subseed(m.scenario.Seed, seedData),
		Model:      model.Model,
		Unlabelled: model.Generator == "",
	})
}

func (m requestMaker) openProtocol(cfg protocol.Config) (protocol.Protocol, error) {
	client, err := m.proto.Open(cfg)
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

// written makes the one request that the scenario writes out, whatever model a server
// may be started with.
func (m requestMaker) written() (*requests, error) {
	body, err := m.readBody()
	if err != nil {
		return nil, err
	}
	request := m.scenario.Template.Request(body)
	c, err := m.fixed(request)
	if err != nil {
		return nil, err
	}
	r := &requests{first: c, hash: c.Hash()}
	for range m.scenario.Load {
		r.phases = append(r.phases, c)
	}
	if m.scenario.Secrets.Empty() {
		return r, nil
	}
	// The hash of a request with a short password in it would tell the password.
	hidden, err := m.fixed(request.Map(m.scenario.Secrets.Command))
	if err != nil {
		return nil, err
	}
	r.hash = hidden.Hash()
	return r, nil
}

func (m requestMaker) fixed(request protocol.Template) (*corpus.Corpus, error) {
	client, err := m.openProtocol(protocol.Config{Template: request})
	if err != nil {
		return nil, err
	}
	return corpus.Fixed(client)
}

func (m requestMaker) readBody() ([]byte, error) {
	t := m.scenario.Template
	if t.BodyFile == "" {
		return []byte(t.Body), nil
	}
	body, err := userfile.Read(t.BodyFile, int64(maxBodyFile))
	if err != nil {
		return nil, decode.Faults{m.scenario.Source.Fault("template.body_file", err.Error(), fmt.Sprintf("a file of at most %v", maxBodyFile))}
	}
	return body, nil
}
