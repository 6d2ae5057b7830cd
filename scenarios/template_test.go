package scenarios

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
)

// templated is the smallest scenario of a request that is written out.
const templated = `name: steady
targets: [endpoint]
protocol: template
template: {method: GET, path: /}
load: [{name: steady, arrivals: constant, rate: 500, duration: 20s}]
`

func TestParseTemplateDefaults(t *testing.T) {
	got, err := Parse("f", []byte(templated), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	want := &Template{Method: "GET", Path: "/", Expect: Expect{Status: []protocol.Statuses{{First: 200, Last: 299}}}}
	if diff := cmp.Diff(want, got.Template); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
	if w := (Workload{Env: []string{}, Ready: "/", StartTimeout: time.Minute}); !cmp.Equal(got.Workload, w) || !cmp.Equal(got.Data, Data{}) {
		t.Errorf("workload %+v, data %+v, want nothing but the path that shows readiness", got.Workload, got.Data)
	}
}

// TestTemplatesReadBack holds the resolved text to be the same scenario.
func TestTemplatesReadBack(t *testing.T) {
	for _, template := range []string{
		"{}",
		"{method: POST, path: '/a?b=c', headers: {content-type: text/plain, X-N: 7, 'a': 'x: y', no: yes, 'true': z}, body: \"a\\n\"}",
		"{method: PUT, body_file: ./x.bin, expect: {status: 404}}",
		"{expect: {status: [200, 3xx], body: ''}}",
		"{expect: {status: [404], body: none}}",
	} {
		text := strings.Replace(templated, "{method: GET, path: /}", template, 1)
		s, err := Parse("f", []byte(text), testCatalogue())
		if err != nil {
			t.Fatal(err)
		}
		resolved, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("%s is written as\n%s\nand not taken: %v", template, resolved, err)
		}
		if diff := difference(s, again); diff != "" {
			t.Errorf("%s is read as something else (-want +got):\n%s", template, diff)
		}
		for _, text := range [][]byte{[]byte(text), resolved} {
			if err := validator(t).Validate(asInstance(t, text)); err != nil {
				t.Errorf("the schema does not take\n%s\n%v", text, err)
			}
		}
	}
}

func TestTemplateTexts(t *testing.T) {
	base, err := Parse("f", []byte(templated), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(awkwardTexts(), randomTexts(400)...) {
		s := *base
		s.Template = &Template{
			Method: "POST", Path: "/", Body: text,
			Expect: Expect{Status: base.Template.Expect.Status, Body: &text},
		}
		resolved, err := s.YAML()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("%q is written as\n%s\nand not taken: %v", text, resolved, err)
		}
		if diff := difference(&s, again); diff != "" {
			t.Fatalf("%q is read as something else (-want +got):\n%s", text, diff)
		}
	}
}

// TestTemplateToTheReferenceServer names the model that the server is started
// with.
func TestTemplateToTheReferenceServer(t *testing.T) {
	text := strings.Replace(templated, "[endpoint]", "[physical]\nworkload: {server: reference, model: credit}", 1)
	s, err := Parse("f", []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	if s.Workload.Model != "credit" || s.Workload.Ready != "/v2/health/ready" {
		t.Errorf("workload %+v", s.Workload)
	}
}

func TestTemplateRequest(t *testing.T) {
	body := "ok"
	template := Template{
		Method: "POST", Path: "/x", Headers: map[string]string{"Content-Type": "text/plain"},
		Expect: Expect{Status: []protocol.Statuses{{First: 201, Last: 201}}, Body: &body},
	}
	want := protocol.Template{
		Method: "POST", Path: "/x", Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("sent"),
		Expect: protocol.Expect{Statuses: []protocol.Statuses{{First: 201, Last: 201}}, Body: &body},
	}
	if diff := cmp.Diff(want, template.Request([]byte("sent"))); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if template.String() != "POST /x" {
		t.Errorf("it is called %q", template.String())
	}
}
