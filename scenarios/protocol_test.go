package scenarios

import (
	"strings"
	"testing"

	"servebench/scenarios/decode"
	"servebench/targets/protocol"
)

// TestProtocolOverHTTP2 gives a protocol that needs HTTP/2 that version, and the client
// that speaks it, and refuses another.
func TestProtocolOverHTTP2(t *testing.T) {
	cat := testCatalogue()
	cat.Protocols = append(cat.Protocols, protocol.Kind{Name: "rpc", HTTP2: true})
	parse := func(set ...decode.Setting) (*Scenario, error) {
		text := "name: a\ntargets: [endpoint]\nprotocol: rpc\nworkload: {model: m, input: x, output: y}\ndata: {generator: credit}\nload:\n- {name: a, rate: 1, duration: 1s}\n"
		return Parse("a.yaml", []byte(text), cat, set...)
	}
	s, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if s.HTTP.Version != HTTP2 || s.HTTP.Client != StandardClient {
		t.Errorf("HTTP %s by %s, want %s by %s", s.HTTP.Version, s.HTTP.Client, HTTP2, StandardClient)
	}
	if s.Workload.Input != "x" || s.Workload.Output != "y" {
		t.Errorf("tensors %q and %q, want x and y", s.Workload.Input, s.Workload.Output)
	}
	_, err = parse(decode.Setting{Key: "http.version", Value: "1.1"})
	if want := "protocol rpc needs HTTP/2; want 2, or another protocol"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one that says %s", err, want)
	}
}

// TestTemplateNamesNoTensors refuses the names of tensors where no model is asked.
func TestTemplateNamesNoTensors(t *testing.T) {
	_, err := Parse("a.yaml", []byte(templated+"workload: {input: x, output: y}\n"), testCatalogue())
	for _, want := range []string{"workload.input: a template asks for no model", "workload.output: a template asks for no model"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %s", err, want)
		}
	}
}
