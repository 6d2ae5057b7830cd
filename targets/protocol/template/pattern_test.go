package template

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func text(s string) generators.Value      { return generators.Value{Text: s} }
func jsonValue(s string) generators.Value { return generators.Value{Text: s, JSON: true} }

// awkward are values that a careless client would break a request with.
func awkward() []generators.Value {
	return []generators.Value{
		text(""), text("42"), text("-0.5e3"), text("007"), text("true"), text("True"), text("nan"), text("a b/c?d=e&f#g%h+i"),
		text(`say "no" \ <ok>`), text("line\r\ntwo\ttab"), text("snow ☃"), text("\xff"), text("{{v}}"),
		jsonValue("null"), jsonValue("1.50"), jsonValue("false"), jsonValue(`"q\"u\u00e9"`), jsonValue(`[1, {"a":"b"}]`), jsonValue(`{"b64":"AAECaGk="}`),
	}
}

// openedWith opens a template for data with columns.
func openedWith(t testing.TB, template protocol.Template, columns ...string) protocol.Protocol {
	t.Helper()
	p, err := Kind().Open(protocol.Config{Template: template, Schema: generators.Schema{Fields: columns}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestGolden shows what awkward values become wherever a placeholder may stand.
func TestGolden(t *testing.T) {
	typed := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }
	var b strings.Builder
	for _, c := range []struct {
		where    string
		template protocol.Template
		show     func(protocol.Request) string
	}{
		{"path", protocol.Template{Path: "/a/{{ v }}/b?q={{v}}&r=1"}, func(r protocol.Request) string { return r.Path }},
		{"header", protocol.Template{Path: "/", Header: http.Header{"X-V": {"<{{v}}>"}, "X-Only": {"{{v}}"}}}, func(r protocol.Request) string { return fmt.Sprintf("%q", r.Header) }},
		{"JSON body", protocol.Template{Path: "/", Body: []byte(`{"value": {{v}}, "text": "<{{v}}>", "{{v}}": [{{v}}], "braces": "{{{{"}`)}, func(r protocol.Request) string { return string(r.Body) }},
		{"JSON body by its type", protocol.Template{Path: "/", Header: typed("application/x+json; charset=utf-8"), Body: []byte(` {{v}} `)}, func(r protocol.Request) string { return string(r.Body) }},
		{"form", protocol.Template{Path: "/", Header: typed("application/x-www-form-urlencoded"), Body: []byte("a=1&v={{v}}")}, func(r protocol.Request) string { return string(r.Body) }},
		{"plain body", protocol.Template{Path: "/", Header: typed("text/plain"), Body: []byte(`{"v": {{v}}`)}, func(r protocol.Request) string { return fmt.Sprintf("%q", r.Body) }},
		{"the body itself", protocol.Template{Path: "/", Header: typed("application/json"), Body: []byte(`{{v}}`)}, func(r protocol.Request) string { return fmt.Sprintf("%q", r.Body) }},
	} {
		c.template.Method = "POST"
		p := openedWith(t, c.template, "other", "v")
		fmt.Fprintf(&b, "%s\n", c.where)
		for _, v := range awkward() {
			shown := ""
			if r, err := p.Encode("", []generators.Example{{Fields: []generators.Value{{}, v}}}); err != nil {
				shown = "refused: " + err.Error()
			} else {
				shown = c.show(r)
			}
			form := "text"
			if v.JSON {
				form = "JSON"
			}
			fmt.Fprintf(&b, "\t%s %q\n\t\t%s\n", form, v.Text, shown)
		}
	}
	file := filepath.Join("testdata", "requests.golden")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestMethodAndWholePath(t *testing.T) {
	p := openedWith(t, protocol.Template{Method: "{{m}}", Path: "{{p}}&more={{m}}"}, "m", "p")
	encode := func(method, path string) (protocol.Request, error) {
		return p.Encode("", []generators.Example{{Fields: []generators.Value{text(method), text(path)}}})
	}
	r, err := encode("PATCH", "/a/b%20c?d=e/f")
	if err != nil || r.Method != "PATCH" || r.Path != "/a/b%20c?d=e/f&more=PATCH" {
		t.Errorf("request %+v, %v", r, err)
	}
	for want, bad := range map[string][2]string{
		`encode: path: "a&more=GET" does not begin with a slash`:           {"GET", "a"},
		`holds ' '; want %20 for it`:                                       {"GET", "/a b"},
		`holds '#'; want %23 for it`:                                       {"GET", "/a#b"},
		`encode: method: "" is not a method of HTTP; want one such as GET`: {"", "/a"},
		`encode: method: "G T" is not a method of HTTP`:                    {"G T", "/a"},
	} {
		if _, err := encode(bad[0], bad[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", bad, err, want)
		}
	}
}

// TestFeaturesAreColumns fills in what a generator makes.
func TestFeaturesAreColumns(t *testing.T) {
	p, err := Kind().Open(protocol.Config{
		Template: protocol.Template{Method: "POST", Path: "/", Body: []byte(`{"age": {{age}}, "name": {{name}}, "a": "{{age}}"}`)},
		Schema:   generators.Schema{Features: []generators.Feature{{Name: "age"}}, Fields: []string{"name"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Encode("", []generators.Example{{Features: []float32{0.1}, Fields: []generators.Value{text("x")}}})
	if err != nil || string(r.Body) != `{"age": 0.1, "name": "x", "a": "0.1"}` {
		t.Errorf("body %s, %v", r.Body, err)
	}
	if _, err := p.Encode("", []generators.Example{{Features: []float32{0.1}}}); err == nil {
		t.Error("an example without its fields was taken")
	}
}

// TestMistakes finds everything that is wrong with a template in one go.
func TestMistakes(t *testing.T) {
	_, err := Kind().Open(protocol.Config{
		Schema: generators.Schema{Fields: []string{"customer", "age"}},
		Template: protocol.Template{
			Method: "POST", Path: "/score/{{custmer}}/{{ }}",
			Header: http.Header{"X-Id": {"{{id"}},
			Body:   []byte(`{"a": {{age}}, "b": "{{nme}}", {{age}}: 1}`),
			Answer: protocol.Locator{JSON: "$.a["},
		},
	})
	want := []string{
		`path: the placeholder at character 20 names no column`,
		`path: the data has no column "custmer"`,
		`headers.X-Id: the {{ at character 1 is not closed`,
		`body: the data has no column "nme"`,
		`body: the body is not JSON: invalid character '0' looking for beginning of object key string`,
		`answer.json: `,
	}
	got := strings.Split(fmt.Sprint(err), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d faults, want %d:\n%v", len(got), len(want), err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("fault %q, want %q", got[i], want[i])
		}
	}
	unknown, ok := errors.AsType[*protocol.TemplateError](err.(interface{ Unwrap() []error }).Unwrap()[1])
	if !ok || unknown.Unknown != "custmer" || len(unknown.Columns) != 2 {
		t.Errorf("error %+v, want the column and those that there are", unknown)
	}
	for body, want := range map[string]string{
		`{"a": {{age}}`:            "body: the body is not JSON: unexpected end of JSON input",
		`{"a": 1{{age}}}`:          "body: the body is not JSON: ",
		`{"a": {{age}}{{age}}}`:    "body: the body is not JSON: ",
		`{"a": "x\{{age}}"}`:       "body: {{age}} stands behind a backslash",
		` ["{{age}}", {{age}}] x `: "body: the body is not JSON: invalid character 'x' after top-level value",
	} {
		_, err := Kind().Open(protocol.Config{
			Schema:   generators.Schema{Fields: []string{"age"}},
			Template: protocol.Template{Method: "POST", Path: "/", Body: []byte(body)},
		})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", body, err, want)
		}
	}
	if _, err := Kind().Open(protocol.Config{Template: protocol.Template{Method: "GET", Path: "/{{x}}"}}); err == nil || !strings.Contains(err.Error(), "and there is no data") {
		t.Errorf("error %v of a placeholder without data", err)
	}
}

// TestBracesWithoutPlaceholders leaves a text as it is that has none.
func TestBracesWithoutPlaceholders(t *testing.T) {
	body := `{"a": {"b": {}}} and so on {{{{x}} }}`
	p := openedWith(t, protocol.Template{Method: "POST", Path: "/", Body: []byte(body)}, "x")
	r, err := p.Encode("", make([]generators.Example, 1))
	if err != nil || string(r.Body) != `{"a": {"b": {}}} and so on {{x}} }}` {
		t.Errorf("body %s, %v", r.Body, err)
	}
}

// FuzzJSON holds bodies to being JSON whatever stands in the data, and to holding text as
// it is.
func FuzzJSON(f *testing.F) {
	for _, body := range []string{`{"a": {{v}}, "b": "x{{v}}y{{v}}"}`, `[{{v}}]`, `"{{v}}"`, `{"{{v}}": "\\{{v}}"}`, `{{{{v}}}`, `{"a":{"b":{{v}}}}`, `[1{{v}}]`} {
		for _, v := range awkward() {
			f.Add(body, v.Text)
		}
	}
	f.Fuzz(func(t *testing.T, body, value string) {
		p, err := Kind().Open(protocol.Config{
			Schema:   generators.Schema{Fields: []string{"v"}},
			Template: protocol.Template{Method: "POST", Path: "/", Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)},
		})
		if c, ok := p.(*client); err != nil || !ok || len(c.body) == 1 || c.body.isFixed() {
			return
		}
		values := []generators.Value{text(value)}
		if json.Valid([]byte(value)) {
			values = append(values, jsonValue(value))
		}
		for _, v := range values {
			r, err := p.Encode("", []generators.Example{{Fields: []generators.Value{v}}})
			if err != nil {
				t.Fatalf("%q with %q: %v", body, value, err)
			}
			if !json.Valid(r.Body) {
				t.Fatalf("%q with %q (JSON %t) is %q, which is no JSON", body, value, v.JSON, r.Body)
			}
		}
		r, err := openedWith(t, protocol.Template{Method: "POST", Path: "/", Body: []byte(`["{{v}}"]`)}, "v").Encode("", []generators.Example{{Fields: values[:1]}})
		var got []string
		if err := errors.Join(err, json.Unmarshal(r.Body, &got)); err != nil || got[0] != strings.ToValidUTF8(value, "\ufffd") && !strings.Contains(got[0], "\ufffd") {
			t.Fatalf("%q is read back as %q: %v", value, got, err)
		}
	})
}

// FuzzRequestLine holds the head of a request to being one whatever stands in the data.
func FuzzRequestLine(f *testing.F) {
	for _, v := range awkward() {
		f.Add(v.Text)
	}
	p := openedWith(f, protocol.Template{Method: "GET", Path: "/a/{{v}}?q={{v}}", Header: http.Header{"X-V": {"{{v}}"}}}, "v")
	f.Fuzz(func(t *testing.T, value string) {
		r, err := p.Encode("", []generators.Example{{Fields: []generators.Value{text(value)}}})
		if err != nil {
			return
		}
		if strings.ContainsAny(r.Path+r.Header.Get("X-V"), "\r\n\x00") || strings.Count(r.Path, "/") != 2 || strings.Count(r.Path, "?") != 1 {
			t.Fatalf("%q becomes %q, %q", value, r.Path, r.Header)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	p := openedWith(b, protocol.Template{
		Method: "POST", Path: "/score/{{id}}", Header: http.Header{"Content-Type": {"application/json"}, "X-Id": {"{{id}}"}},
		Body: []byte(`{"age": {{age}}, "name": "{{name}}", "income": {{income}}}`),
	}, "id", "age", "name", "income")
	x := []generators.Example{{Fields: []generators.Value{text("c-17"), text("42"), text("Ann \"A\" Lee"), text("51000.5")}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Encode("", x); err != nil {
			b.Fatal(err)
		}
	}
}
