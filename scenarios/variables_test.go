package scenarios

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

// withVariables is a catalogue with an environment.
func withVariables(variables map[string]string) Catalogue {
	cat := testCatalogue()
	cat.Environment = func(name string) (string, bool) {
		value, there := variables[name]
		return value, there
	}
	cat.SecretKey = func() []byte { return []byte("a key") }
	return cat
}

// secretive is a scenario with variables and secrets wherever text can be.
const secretive = `name: ${NAME}
description: of ${WHO} for $$5, ${WHO}
targets: [endpoint, container]
protocol: template
workload:
  command: [./server, --token=literal-arg, --password, literal-flag, "${WHO}"]
  env: ["API_KEY=literal-env", FROM=${WHO}, URL=postgres://user:literal-url@host/db, A=$HOME]
template:
  path: /x?api_key=literal-query&user=${WHO}
  headers: {authorization: Bearer ${TOKEN}, Cookie: literal-cookie, X-Who: ${WHO}}
  body: '{"token": "${TOKEN}"}'
load: [{name: steady, rate: ${RATE}, duration: ${TIME}}]
endpoint: {url: http://${WHO}:80}
container: {runtime: literal-env}
`

func variablesOf() map[string]string {
	return map[string]string{"NAME": "own", "WHO": "somebody", "TOKEN": "to: #ken", "RATE": "200", "TIME": "10s"}
}

// TestVariables fills variables in where values are used, and writes the names down.
func TestVariables(t *testing.T) {
	cat := withVariables(variablesOf())
	s, err := Parse("f", []byte(secretive), cat)
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		s.Name: "own", s.Description: "of somebody for $5, somebody", s.Workload.Env[1]: "FROM=somebody", s.Workload.Env[3]: "A=$HOME",
		s.Template.Path: "/x?api_key=literal-query&user=somebody", s.Template.Headers["Authorization"]: "Bearer to: #ken",
		s.Template.Body: `{"token": "to: #ken"}`, s.Workload.Command[4]: "somebody", s.Options["endpoint"]["url"]: "http://somebody:80",
		decode.FormatDuration(s.Load[0].Duration): "10s", decode.FormatNumber(s.Load[0].Rate): "200",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	resolved, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"literal", "somebody", "to: #ken", "to:"} {
		if strings.Contains(string(resolved), secret) {
			t.Errorf("%s is written down:\n%s", secret, resolved)
		}
	}
	for _, kept := range []string{"name: \"${NAME}\"", "Bearer ${TOKEN}", "$$5, ${WHO}", "rate: \"${RATE}\"", "A=$HOME", "http://${WHO}:80", "--token=${secret:", "URL=postgres://${secret:"} {
		if !strings.Contains(string(resolved), kept) {
			t.Errorf("%s is not in\n%s", kept, resolved)
		}
	}
	if got := slices.Sorted(maps.Keys(s.Secrets.Variables())); !cmp.Equal(got, []string{"TOKEN", "WHO"}) {
		t.Errorf("secret variables %v, want those in texts", got)
	}
}

// TestVariablesOfRecords takes what stands for secrets in a file of records, and writes
// down where it comes from alone.
func TestVariablesOfRecords(t *testing.T) {
	const data = "data: {file: f.csv, variables: {TOKEN: '${TOKEN}', tenant_1: x-${WHO}}}\n"
	s, err := Parse("f", []byte(strings.Replace(templated, "path: /", "path: '{{a}}'", 1)+data), withVariables(variablesOf()))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Variables{"TOKEN": "to: #ken", "tenant_1": "x-somebody"}); !cmp.Equal(s.Data.Variables, want) {
		t.Errorf("%v, want %v", s.Data.Variables, want)
	}
	resolved, err := s.YAML()
	if text := string(resolved); err != nil || strings.Contains(text, "somebody") || strings.Contains(text, "#ken") || !strings.Contains(text, `TOKEN: "${TOKEN}"`) || !strings.Contains(text, `tenant_1: "x-${WHO}"`) {
		t.Errorf("%v: it is written as\n%s", err, text)
	}
	_, err = Parse("f", []byte(templated+"data: {file: f.csv, variables: {'1 a': b, TOKEN: '${NONE}'}}\n"), withVariables(nil))
	for _, want := range []string{`"1 a" is no name of a variable; want letters, digits and _, such as TOKEN`, "data.variables.TOKEN: the environment has no variable NONE"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// TestVariablesReadBack holds the resolved text to be the same scenario, where no value
// was secret but those of variables.
func TestVariablesReadBack(t *testing.T) {
	text := secretive
	for literal, variable := range map[string]string{
		"literal-arg": "${TOKEN}", "literal-flag": "${TOKEN}", "literal-env": "${TOKEN}", "literal-url": "${TOKEN}",
		"literal-query": "${WHO}", "literal-cookie": "a=${WHO}; b=${TOKEN}",
	} {
		text = strings.ReplaceAll(text, literal, variable)
	}
	text = strings.ReplaceAll(text, "user:${TOKEN}@", "${TOKEN}@")
	cat := withVariables(variablesOf())
	s, err := Parse("f", []byte(text), cat)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("f", resolved, cat)
	if err != nil {
		t.Fatalf("%v\n%s", err, resolved)
	}
	if twice, err := again.YAML(); err != nil || string(twice) != string(resolved) {
		t.Errorf("written as something else: %v\n%s", err, cmp.Diff(string(resolved), string(twice)))
	}
	for _, s := range []*Scenario{s, again} { // defaults are written out the second time
		s.Written, s.Secrets = nil, nil
	}
	if diff := difference(s, again); diff != "" {
		t.Errorf("read as something else (-want +got):\n%s", diff)
	}
}

// TestClearReadsBack holds the text with its secrets to be the same scenario, given the values
// of the variables that stand in it and no others.
func TestClearReadsBack(t *testing.T) {
	cat := withVariables(variablesOf())
	s, err := Parse("f", []byte(secretive), cat)
	if err != nil {
		t.Fatal(err)
	}
	text, variables, err := s.Clear(cat.Environment)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("f", text, withVariables(variables))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, word := range []string{"literal-arg", "literal-flag", "literal-env", "literal-url", "literal-query", "literal-cookie", "to: #ken", "somebody"} {
		if one, other := s.Secrets.Redact(word), again.Secrets.Redact(word); (one == word) != (other == word) {
			t.Errorf("%s is %s and %s", word, one, other)
		}
	}
	for _, s := range []*Scenario{s, again} { // defaults are written out the second time
		s.Written, s.Secrets = nil, nil
	}
	if diff := difference(s, again); diff != "" {
		t.Errorf("read as something else (-want +got):\n%s", diff)
	}
}

// TestVariableFaults names the line, and what would be right.
func TestVariableFaults(t *testing.T) {
	_, err := Parse("f.yaml", []byte(strings.Replace(templated, "/}", "\"/${NONE}\", headers: {A: ${1x}, B: $${fine}, Cookie: c}}", 1)), withVariables(nil),
		decode.Setting{Key: "template.body", Value: "${NONESUCH}"}, decode.Setting{Key: "timeout", Value: "${X}"})
	want := `f.yaml:4:31: template.path: the environment has no variable NONE; want it set, or $${NONE} for the text itself
f.yaml:4:56: template.headers.A: "${1x}" holds no name of a variable; want ${NAME} for a variable of the environment, or $${1x} for the text itself
--set template.body=${NONESUCH}: template.body: the environment has no variable NONESUCH; want it set, or $${NONESUCH} for the text itself
--set timeout=${X}: timeout: the environment has no variable X; want it set, or $${X} for the text itself`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

// TestSecretsToFillIn refuses the resolved text of a scenario with secrets, and says
// which values are missing.
func TestSecretsToFillIn(t *testing.T) {
	cat := withVariables(variablesOf())
	s, err := Parse("f", []byte(secretive), cat)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("f", resolved, cat)
	faults, _ := err.(decode.Faults)
	var got []string
	for _, f := range faults {
		if f.Problem != "its value was secret, and only a hash of it was kept" || f.Line == 0 {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Field+" "+strings.TrimPrefix(f.Want, "the value, best from a variable of the environment: "))
	}
	want := []string{
		"workload.command[1] ${TOKEN}", "workload.command[3] ${PASSWORD}", "workload.env[0] ${API_KEY}", "workload.env[2] ${URL}",
		"workload.ready ${API_KEY}", "template.path ${API_KEY}", "template.headers.Cookie ${COOKIE}", "container.runtime ${RUNTIME}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("to fill in (-want +got):\n%s", diff)
	}
}

// TestFaultsHideSecrets keeps secrets out of what is said of a scenario, also where the
// value at fault is one.
func TestFaultsHideSecrets(t *testing.T) {
	for _, tt := range []struct {
		old, new string
		set      []decode.Setting
	}{
		{old: "Cookie: literal-cookie", new: "Cookie: \"literal\\u0001-cookie\""},
		{old: "\"API_KEY=literal-env\"", new: "API_KEY=literal-env, API_KEY=literal-env"},
		{old: "path: /x?", new: "path: x?"},
		{old: "{url: http://", new: "{url: http://, uri: http://"},
		{set: []decode.Setting{{Key: "template.headers.Authorization", Value: "[literal-set]"}}},
		{set: []decode.Setting{{Key: "template.headers", Value: "{Authorization: literal-set"}}},
		{set: []decode.Setting{{Key: "template.headers.Authorization", Value: "\"literal-set"}}},
		{set: []decode.Setting{{Key: "template.header.Authorization", Value: "literal-set"}}},
		{set: []decode.Setting{{Key: "template", Value: "${TOKEN}"}}},
		{set: []decode.Setting{{Key: "rounds", Value: "${TOKEN}"}}},
		{set: []decode.Setting{{Key: "workload.env", Value: "[A_TOKEN=literal-set, A_TOKEN=literal-set]"}}},
	} {
		_, err := Parse("f", []byte(strings.Replace(secretive, tt.old, tt.new, 1)), withVariables(variablesOf()), tt.set...)
		if err == nil {
			t.Fatalf("%v: no fault", tt)
		}
		for _, secret := range []string{"literal", "somebody", "to: #ken"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s shows in: %v", secret, err)
			}
		}
	}
}

// TestDifferencesHideSecrets tells two secrets apart by their hashes.
func TestDifferencesHideSecrets(t *testing.T) {
	parse := func(set ...decode.Setting) *Scenario {
		s, err := Parse("f", []byte(secretive), withVariables(variablesOf()), set...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if ofServer, ofLoad := Differences(parse(), parse()); len(ofServer)+len(ofLoad) > 0 {
		t.Errorf("a scenario differs from itself: %+v, %+v", ofServer, ofLoad)
	}
	_, got := Differences(parse(), parse(decode.Setting{Key: "template.headers.Cookie", Value: "other-cookie"}))
	if len(got) != 1 || got[0].Key != "template.headers.Cookie" || !strings.HasPrefix(got[0].One, "${secret:") || got[0].One == got[0].Other {
		t.Errorf("%+v", got)
	}
}

// TestSecretsInArguments finds the value of a header field in a server's arguments.
func TestSecretsInArguments(t *testing.T) {
	for _, tt := range []struct{ before, text, want string }{
		{"", "--header=X-Api-Key: zz", "zz"},
		{"-H", "Authorization: Bearer zz", "Bearer zz"},
		{"", "Authorization: Bearer zz", "Bearer zz"},
		{"--api-key", "zz", "zz"},
		{"", "--password=a: zz", "a: zz"},
		{"", "--note=Accept: text/plain", ""},
		{"", "http://host:80/x", ""},
	} {
		var got string
		for _, s := range secretsAt("workload.command[1]", tt.text, tt.before) {
			got += tt.text[s.From:s.To]
		}
		if got != tt.want {
			t.Errorf("%q after %q: %q is secret, want %q", tt.text, tt.before, got, tt.want)
		}
	}
}
