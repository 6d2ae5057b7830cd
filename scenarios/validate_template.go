package scenarios

import (
	"servebench/targets/protocol"
)

// protocolKind returns the catalogue's entry of a protocol, the zero value when it
// has none.
func protocolKind(cat Catalogue, name string) protocol.Kind {
	kind, _ := Named(cat.Protocols, name, func(k protocol.Kind) string { return k.Name })
	return kind
}

// validateNeeds finds what a scenario of its protocol needs and lacks, and what
// has no meaning in it.
func (d *decoder) validateNeeds(s *Scenario, cat Catalogue) {
	if !d.sound("protocol") {
		return
	}
	if protocolKind(cat, s.Protocol).Written {
		d.validateWritten(s)
		return
	}
	d.need("workload", "server: reference, or a command, or an image")
	if d.given["workload"] {
		d.need("workload.model", "a model's name")
	}
	d.need("data", "the key generator, and what it needs")
	d.senseless("template", s.Template != nil, "protocol "+s.Protocol+" makes its own requests", "protocol: template")
}

// nobody says why a key of a model has no meaning in a scenario with a template.
const nobody = "a template asks for no model"

// validateWritten looks at a scenario whose request is written out.
func (d *decoder) validateWritten(s *Scenario) {
	if s.Template == nil && d.sound("template") {
		d.fault("template", "missing", requestWanted)
	}
	if s.Workload.Server == ReferenceServer {
		d.need("workload.model", "a model's name")
	} else {
		d.senseless("workload.model", s.Workload.Model != "", nobody, "it left out")
	}
	for i, p := range s.Load {
		field := element("load", i) + ".model"
		d.senseless(field, d.given[field] && p.Model != "", nobody, "it left out")
		d.senseless(element("load", i)+".mix", p.Mix != nil, "a template is the only request there is", "it left out")
	}
	d.senseless("data", d.given["data"], "a template is sent as it is, and no data goes into it", "it left out")
	d.senseless("overhead", s.Overhead != nil, nobody, "none")
	if t := s.Template; t != nil {
		d.senseless("template.body_file", t.BodyFile != "" && t.Body != "", "a body is given beside it", "one or the other")
	}
}

// need reports a key that is missing.
func (d *decoder) need(field, want string) {
	if !d.given[field] && d.sound(field) {
		d.fault(field, "missing", want)
	}
}

// senseless reports a key that is there without a meaning.
func (d *decoder) senseless(field string, there bool, why, want string) {
	if there && d.sound(field) {
		d.fault(field, why, want)
	}
}

func (d *decoder) validateHTTP(s *Scenario) {
	if !d.sound("http.version", "http.client") {
		return
	}
	d.senseless("http.client", s.HTTP.Version == HTTP2 && s.HTTP.Client == OwnClient, "servebench's own client speaks HTTP/1.1 alone", StandardClient+" for HTTP/2")
	d.senseless("http.keep_alive", s.HTTP.Version == HTTP2 && !s.HTTP.KeepAlive && d.sound("http.keep_alive"), "requests of HTTP/2 share connections", "true, or version "+HTTP1)
	for _, t := range []struct {
		field string
		above bool
	}{
		{"http.connect_timeout", s.HTTP.ConnectTimeout > s.Timeout},
		{"http.first_byte_timeout", s.HTTP.FirstByteTimeout > s.Timeout},
	} {
		if d.sound("timeout") {
			d.senseless(t.field, t.above, "above the timeout, "+formatDuration(s.Timeout)+", so that it never ends", "a time below the timeout")
		}
	}
}
