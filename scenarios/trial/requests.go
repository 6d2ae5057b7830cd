package trial

import (
	"fmt"
	"strings"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/requests"
	"servebench/targets/protocol"
)

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
	type source struct { // of requests: the variants of a sweep differ in their batches alone
		file  *scenarios.Scenario
		batch int
	}
	made := map[source]*requests.Requests{}
	for _, v := range s.variants {
		of := source{v.file, v.scenario.Data.Batch}
		r := made[of]
		if r == nil {
			if r, err = s.makeRequests(v.scenario, proto); err != nil {
				return err
			}
			made[of] = r
			if err := s.prepareMonitor(v.scenario, r.First.Schema()); err != nil {
				return err
			}
			if n := len(r.LeftOut); n > 0 {
				some := strings.Join(r.LeftOut[:min(n, fewColumns)], ", ")
				if n > fewColumns {
					some += fmt.Sprintf(" and %d more", n-fewColumns)
				}
				s.note("data.features is not set: every column of %s that is a number in each record is sent; not sent: %s", r.Data.Name, some)
			}
		}
		sent := record.Requests{Payloads: r.Hash, Corpus: r.First.Len(), Batch: of.batch}
		switch first := s.record.Scenario.Requests; {
		case v == s.variants[0]:
			s.record.Scenario.Requests, s.record.Scenario.Data, s.record.Scenario.ModelFile = sent, r.Data, r.ModelFile
		case sent != first && s.record.AB != nil:
			return decode.Faults{{Field: "workload", Problem: "the candidate would be sent other requests than the baseline", Want: "the same model and examples for both"}}
		case sent != first:
			s.targetEntry(v.name).Requests = &sent
		}
		if r.ModelFile != nil && s.record.AB != nil {
			v.facts = append(v.facts, record.Fact{Name: FactModelFile, Value: r.ModelFile.SHA256})
		}
		v.requests = r
	}
	return nil
}

// makeRequests makes the requests of a scenario.
func (s *session) makeRequests(sc *scenarios.Scenario, proto protocol.Kind) (*requests.Requests, error) {
	models, err := s.models(sc)
	if err != nil {
		return nil, err
	}
	m := requests.Maker{Catalogue: s.Catalogue, Models: models, Scenario: sc, Protocol: proto, Seed: subseed(sc.Seed, seedData)}
	return m.Make()
}

// models are those of the reference server, with the one in the scenario's file.
func (s *session) models(sc *scenarios.Scenario) ([]requests.Model, error) {
	w := sc.Workload
	if w.ModelFile == "" {
		return s.Reference.Models, nil
	}
	own, err := s.Reference.Open(w.Model, w.ModelFile)
	if err != nil {
		return nil, decode.Faults{sc.Source.FileFault("workload.model_file", w.ModelFile, err, "the file of a model, in ONNX, or that XGBoost saved as JSON or UBJSON")}
	}
	return append([]requests.Model{own}, s.Reference.Models...), nil
}
