package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/scenarios/corpus"
	"servebench/targets/protocol"
	"servebench/targets/protocol/protocoltest"
	refserver "servebench/targets/reference"
)

// clients are those of the protocols that ask models.
func clients() (subjects []protocoltest.Subject) {
	for _, kind := range protocolKinds() {
		if !kind.Written {
			subjects = append(subjects, protocoltest.Subject{Kind: kind})
		}
	}
	return subjects
}

func referenceServer(t *testing.T) func(protocol.Service) http.Handler {
	return func(s protocol.Service) http.Handler {
		var models []protocol.Model
		for _, m := range s.Models.List() {
			models = append(models, m.Model)
		}
		server, err := refserver.New(refserver.Config{Models: models})
		if err != nil {
			t.Fatal(err)
		}
		return server.Handler()
	}
}

// TestReferenceServerSpeaksEveryProtocol asks one server by every client.
func TestReferenceServerSpeaksEveryProtocol(t *testing.T) {
	protocoltest.RunTogether(t, referenceServer(t), clients()...)
}

// TestReferenceServerStandsDamagedBodies posts 10,000 mutated bodies of all protocols.
func TestReferenceServerStandsDamagedBodies(t *testing.T) {
	protocoltest.RunDamaged(t, 10_000, referenceServer(t), clients()...)
}

// BenchmarkCorpus makes 10,000 requests of the generator credit, by every protocol.
func BenchmarkCorpus(b *testing.B) {
	for _, kind := range protocolKinds() {
		b.Run(kind.Name, func(b *testing.B) {
			for b.Loop() {
				generator, err := credit.Kind().Open(generators.Config{Readable: kind.Written})
				if err != nil {
					b.Fatal(err)
				}
				cfg := protocol.Config{Model: "credit", Schema: generator.Schema()}
				if kind.Written {
					cfg = protocol.Config{Schema: generator.Schema(), Template: everyColumn(generator.Schema())}
				}
				client, err := kind.Open(cfg)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := corpus.Build(corpus.Config{Generator: generator, Protocol: client, Size: 10_000, Batch: 1, Seed: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// everyColumn is a request that names all columns in a JSON object.
func everyColumn(schema generators.Schema) protocol.Template {
	var members []string
	for _, name := range schema.Fields {
		members = append(members, fmt.Sprintf("%q: {{%s}}", name, name))
	}
	for _, f := range schema.Features {
		members = append(members, fmt.Sprintf("%q: {{%s}}", f.Name, f.Name))
	}
	return protocol.Template{
		Method: http.MethodPost, Path: "/score", Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte("{" + strings.Join(members, ", ") + "}"),
	}
}
