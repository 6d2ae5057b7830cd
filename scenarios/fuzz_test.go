package scenarios

import (
	"strings"
	"testing"

	"servebench/scenarios/decode"
)

// FuzzParse reads any text with any setting. What Parse takes, the schema takes
// too, and its resolved text is the same scenario.
func FuzzParse(f *testing.F) {
	for _, b := range Builtins() {
		f.Add(b.Text, "load.steady.rate=500")
	}
	for _, bad := range faults() {
		f.Add([]byte(bad.text()), "rounds=2")
	}
	f.Add([]byte(minimal), "targets=[container]")
	f.Add([]byte(minimal), "workload={command: [./x, \"{port}\"], model: m}")
	f.Add([]byte(minimal), "load[0].name=x")
	f.Add([]byte(minimal+"sweep: {limits.cpus: [1, 2], workload.env.A: [x, y]}\n"), "sweep.data.batch=[1, 8]")
	f.Add([]byte(minimal), "description=\"a\\nb: 'c' # \\\"d\\\"\"")
	f.Add([]byte(minimal+"  - {name: noop, model: noop, rate: 100, duration: 10s}\noverhead: {noop: noop, model: steady}\n"), "load.noop.model=noop")
	f.Add([]byte(minimal+"cold_starts: 3\noverhead: none\n"), "load=[]")
	f.Add([]byte("name: e\ntargets: [endpoint]\nworkload: {model: m}\ndata: {generator: credit}\nload: [{name: s, rate: 1, duration: 1s}]\n"), "endpoint.url=http://h")
	f.Add([]byte(templated), "template={headers: {a: b}, expect: {status: [404, 5xx], body: \"\"}}")
	f.Add([]byte(templated), "http.version=2")
	f.Add([]byte(templated), "endpoint.url=ht\x82p://h")
	f.Add([]byte(strings.Replace(minimal, "rate: 100", "concurrency: 16, think: {mean: 10ms}", 1)+"abort_on: {errors: 10%, in_flight: 3}\n"), "load.steady.concurrency=32")
	f.Add([]byte(strings.Replace(minimal, "rate: 100", "mix: [{name: a, weight: 9}, {name: b, batch: 7, model: noop}], rate: 100", 1)), "load.steady.mix.b.batch=3")
	for _, phase := range arrivalsPhases() {
		f.Add([]byte(strings.Replace(minimal, "rate: 100, duration: 10s", phase, 1)), "load.steady.gaps=constant")
	}
	f.Add([]byte("%YAML 1.2\n---\n&a {b: *a, <<: *a, ? c : !!d e}\n...\n"), "")
	schema := validator(f)
	f.Fuzz(func(t *testing.T, text []byte, setting string) {
		var set []decode.Setting
		if s, err := decode.ParseSetting(setting); err == nil {
			set = append(set, s)
		}
		s, err := Parse("f", text, testCatalogue(), set...)
		if err != nil {
			if err.Error() == "" {
				t.Error("a fault without a text")
			}
			return
		}
		resolved, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if !s.Secrets.Empty() {
			return // nobody can read back what is secret
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("resolved text is not taken: %v\n%s", err, resolved)
		}
		if diff := difference(s, again); diff != "" {
			t.Errorf("resolved text is another scenario (-text +resolved):\n%s\n%s", diff, resolved)
		}
		if err := schema.Validate(asInstance(t, resolved)); err != nil {
			t.Errorf("the schema does not take the resolved text: %v\n%s", err, resolved)
		}
		if len(set) > 0 {
			return // the text alone may be at fault
		}
		if err := schema.Validate(asInstance(t, text)); err != nil {
			t.Errorf("the schema does not take the text: %v\n%s", err, text)
		}
	})
}
