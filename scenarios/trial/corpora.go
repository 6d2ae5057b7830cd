package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"servebench/generators"
	"servebench/scenarios"
	"servebench/scenarios/corpus"
	"servebench/scenarios/decode"
	"servebench/targets/protocol"
)

// newCorpora materialises the requests to every model, and hashes them into the
// record.
func (s *session) newCorpora(proto protocol.Kind) error {
	text, err := s.scenario.YAML()
	if err != nil {
		return fmt.Errorf("resolve scenario: %w", err)
	}
	s.record.Scenario.Text = string(text)
	made := map[*scenarios.Scenario]*requests{}
	for _, a := range s.variants {
		if made[a.scenario] == nil {
			if made[a.scenario], err = s.newRequests(a.scenario, proto); err != nil {
				return err
			}
		}
		a.requests = made[a.scenario]
	}
	return nil
}

// newRequests materialises the requests of a scenario. Those of all variants are the same;
// what is known of right answers to them may differ.
func (s *session) newRequests(sc *scenarios.Scenario, proto protocol.Kind) (*requests, error) {
	made, all, err := materials{s.Runner, sc}.build(proto)
	if err != nil {
		return nil, err
	}
	hash := payloads(all)
	if known := s.record.Scenario.Payloads; known != "" && hash != known {
		return nil, decode.Faults{{Field: "workload", Problem: "the candidate would be sent other requests than the baseline", Want: "the same model and examples for both"}}
	}
	s.record.Scenario.Payloads, s.record.Scenario.Corpus = hash, all[0].Len()
	return made, nil
}

// materials are what the requests of a scenario are made from.
type materials struct {
	*Runner
	scenario *scenarios.Scenario
}

// build materialises the requests, and returns all kinds of them in the order of the
// scenario's Requests as well.
func (s materials) build(proto protocol.Kind) (*requests, []*corpus.Corpus, error) {
	if proto.Written {
		return s.written(proto)
	}
	return s.generated(proto)
}

// generated makes every kind of request from the same examples.
func (s materials) generated(proto protocol.Kind) (*requests, []*corpus.Corpus, error) {
	data := s.scenario.Data
	kind, ok := scenarios.Named(s.Catalogue.Generators, data.Generator, func(k generators.Kind) string { return k.Name })
	if !ok {
		return nil, nil, fmt.Errorf("unknown generator %q", data.Generator)
	}
	var all []*corpus.Corpus
	made := map[scenarios.Class]*corpus.Corpus{}
	for _, class := range s.scenario.Requests() {
		model, err := s.model(class.Model)
		if err != nil {
			return nil, nil, err
		}
		c, err := s.newCorpus(kind, proto, model, class)
		if err != nil {
			return nil, nil, err
		}
		made[class], all = c, append(all, c)
	}
	r := &requests{first: all[0]}
	for _, p := range s.scenario.Load {
		c, err := mixed(s.scenario.Classes(p), made)
		if err != nil {
			return nil, nil, err
		}
		r.phases = append(r.phases, c)
	}
	return r, all, nil
}

// mixed returns the requests of a phase: the only kind there is, or its classes
// among each other.
func mixed(classes []scenarios.Class, made map[scenarios.Class]*corpus.Corpus) (*corpus.Corpus, error) {
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

// model returns what is known of a model, as an oracle for its answers: of one
// on the user's own server its name alone.
func (s materials) model(name string) (Model, error) {
	if s.scenario.Workload.Server != scenarios.ReferenceServer {
		return Model{Name: name, Generator: s.scenario.Data.Generator}, nil
	}
	model, ok := scenarios.Named(s.Reference.Models, name, func(m Model) string { return m.Name })
	if !ok {
		return Model{}, fmt.Errorf("the reference server has no model %q", name)
	}
	if model.Generator != "" && model.Generator != s.scenario.Data.Generator {
		return Model{}, fmt.Errorf("data.generator: model %q takes the examples of generator %q, not of %q",
			name, model.Generator, s.scenario.Data.Generator)
	}
	return model, nil
}

// newCorpus materialises the requests of a class, which ask a model.
func (s materials) newCorpus(kind generators.Kind, proto protocol.Kind, model Model, class scenarios.Class) (*corpus.Corpus, error) {
	data := s.scenario.Data
	generator, err := kind.Open(generators.Config{Params: data.Params})
	if err != nil {
		return nil, fmt.Errorf("open generator %s: %w", data.Generator, err)
	}
	client, err := proto.Open(protocol.Config{Model: model.Name, Schema: generator.Schema()})
	if err != nil {
		return nil, fmt.Errorf("open protocol %s: %w", proto.Name, err)
	}
	return corpus.Build(corpus.Config{
		Generator:  generator,
		Protocol:   client,
		Size:       data.Corpus,
		Batch:      class.Batch,
		Class:      class.Name,
		Seed:       subseed(s.scenario.Seed, seedData),
		Predict:    model.Predict,
		Unlabelled: model.Generator == "",
	})
}

// payloads is the hash of all requests: a single corpus's own, of several the
// SHA-256 of their hashes (in hexadecimal, in the order of the scenario's Requests,
// nothing between them).
func payloads(all []*corpus.Corpus) string {
	if len(all) == 1 {
		return all[0].Hash()
	}
	sum := sha256.New()
	for _, c := range all {
		sum.Write([]byte(c.Hash()))
	}
	return hex.EncodeToString(sum.Sum(nil))
}
