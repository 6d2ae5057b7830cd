package template

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// TestAnswer finds the answer where the template says that it is.
func TestAnswer(t *testing.T) {
	nested := `{"a":{"b":[{"label":"setosa","p":0.10},{"label":"x"}]},"n":1e2,"big":12345678901234567890,"s":"<é>","none":null}` + "\n"
	header := http.Header{"X-Class": {"7", "8"}}
	for _, tt := range []struct {
		at        protocol.Locator
		body      string
		want      generators.Value
		otherwise string
	}{
		{protocol.Locator{JSON: "$.a.b[0].label"}, nested, jsonValue(`"setosa"`), ""},
		{protocol.Locator{JSON: "$['a'].b[0].p"}, nested, jsonValue(`0.10`), ""},
		{protocol.Locator{JSON: "$.a.b[-1]"}, nested, jsonValue(`{"label":"x"}`), ""},
		{protocol.Locator{JSON: "$.n"}, nested, jsonValue(`1e2`), ""},
		{protocol.Locator{JSON: "$.big"}, nested, jsonValue(`12345678901234567890`), ""},
		{protocol.Locator{JSON: "$.s"}, nested, jsonValue(`"<é>"`), ""},
		{protocol.Locator{JSON: "$.none"}, nested, jsonValue(`null`), ""},
		{protocol.Locator{JSON: "$..label"}, nested, jsonValue(`["setosa","x"]`), ""},
		{protocol.Locator{JSON: "$.a.b[?@.p<0.5].label"}, nested, jsonValue(`"setosa"`), ""},
		{protocol.Locator{JSON: "$"}, "0.5", jsonValue(`0.5`), ""},
		{protocol.Locator{JSON: "$.a.c"}, nested, generators.Value{}, `the body has nothing at $["a"]["c"]`},
		{protocol.Locator{JSON: "$.n"}, nested[:len(nested)-2], generators.Value{}, "the body is not JSON: unexpected EOF"},
		{protocol.Locator{JSON: "$.n"}, nested + "x", generators.Value{}, "the body is not JSON: there is more behind the first value"},
		{protocol.Locator{JSON: "$.a"}, "<html>", generators.Value{}, "the body is not JSON: invalid character '<'"},
		{protocol.Locator{JSON: "$.a"}, "", generators.Value{}, "the body is not JSON: it is empty"},
		{protocol.Locator{JSON: "$"}, "1 2", generators.Value{}, "the body is not JSON: there is more behind the first value"},
		{protocol.Locator{Header: "x-class"}, "", text("7"), ""},
		{protocol.Locator{Header: "X-Other"}, "", generators.Value{}, "the response has no header field X-Other"},
		{protocol.Locator{Text: true}, "yes \r\n", text("yes "), ""},
		{protocol.Locator{Text: true}, "", text(""), ""},
	} {
		p := openedWith(t, protocol.Template{Method: "GET", Path: "/", Answer: tt.at}, "v")
		reply, err := p.Decode(protocol.Response{Status: 200, Header: header, Body: []byte(tt.body)})
		if tt.otherwise != "" {
			if err == nil || !strings.Contains(err.Error(), tt.otherwise) {
				t.Errorf("%+v in %q: error %v, want %s", tt.at, tt.body, err, tt.otherwise)
			}
			continue
		}
		if err != nil || len(reply.Answers) != 1 || reply.Answers[0].Kind != generators.Text || reply.Answers[0].Value != tt.want {
			t.Errorf("%+v in %q: %+v, %v, want %+v", tt.at, tt.body, reply, err, tt.want)
		}
	}
}

// TestNoAnswerWanted has nothing to compare where the status decides.
func TestNoAnswerWanted(t *testing.T) {
	p := openedWith(t, protocol.Template{Method: "GET", Path: "/"}, "v")
	reply, err := p.Decode(protocol.Response{Status: 204})
	if err != nil || len(reply.Answers) != 1 || reply.Answers[0].Kind != generators.None {
		t.Errorf("reply %+v, %v", reply, err)
	}
}

func TestBodyLimitWithAnswer(t *testing.T) {
	body := "ok"
	for want, template := range map[int]protocol.Template{
		0:             {},
		2 + after + 1: {Expect: protocol.Expect{Body: &body}},
		-1:            {Expect: protocol.Expect{Body: &body}, Answer: protocol.Locator{Text: true}},
	} {
		template.Method, template.Path = "GET", "/"
		if got := openedWith(t, template, "v").(protocol.BodyLimiter).BodyLimit(); got != want {
			t.Errorf("%+v: %d bytes, want %d", template, got, want)
		}
	}
	p := openedWith(t, protocol.Template{Method: "GET", Path: "/", Answer: protocol.Locator{Header: "x-class"}}, "v")
	if n, names := p.(protocol.BodyLimiter).BodyLimit(), p.(protocol.HeaderReader).ReadsHeaders(); n != 0 || len(names) != 1 || names[0] != "X-Class" {
		t.Errorf("%d bytes, headers %q", n, names)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(`{"a":{"b":[1]}}`)
	f.Add(`[[[[`)
	f.Add(`{"x":[{}],"a":{"c":1,"b":[[1,2],{"\u0061":"é"},3]},"y":null} `)
	f.Add(`{"a":{"b":[1,2}`)
	f.Add(`{"a":{"b":[1,2]}} x`)
	f.Add(`{"a":1e999}`)
	p := openedWith(f, protocol.Template{Method: "GET", Path: "/", Answer: protocol.Locator{JSON: "$..b[0]"}}, "v")
	simple := openedWith(f, protocol.Template{Method: "GET", Path: "/", Answer: protocol.Locator{JSON: "$.a.b[1]"}}, "v").(*client).answer.(inJSON)
	f.Fuzz(func(t *testing.T, body string) {
		// The walk finds what the library finds, but for names that are there twice.
		if got, ok := simple.walk([]byte(body)); ok && jsontext.Value(body).IsValid() {
			want, err := inJSON{path: simple.path}.find(protocol.Response{Body: []byte(body)})
			if err != nil || !cmp.Equal(decoded(t, got.Text), decoded(t, want.Text)) {
				t.Fatalf("%q has %s at $.a.b[1], and %s by the library (%v)", body, got.Text, want.Text, err)
			}
		} else if !ok && json.Valid([]byte(body)) && jsontext.Value(body).IsValid() {
			if want, err := (inJSON{path: simple.path}).find(protocol.Response{Body: []byte(body)}); err == nil {
				t.Fatalf("%q has nothing at $.a.b[1], and %s by the library", body, want.Text)
			}
		}
		reply, err := p.Decode(protocol.Response{Status: 200, Body: []byte(body)})
		if err == nil && (len(reply.Answers) != 1 || reply.Answers[0].Kind != generators.Text) {
			t.Fatalf("reply %+v", reply)
		}
	})
}

func decoded(t *testing.T, text string) (v any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func BenchmarkDecode(b *testing.B) {
	p := openedWith(b, protocol.Template{Method: "GET", Path: "/", Answer: protocol.Locator{JSON: "$.prediction"}}, "v")
	r := protocol.Response{Status: 200, Body: []byte(`{"id":"c-17","prediction":0.25,"model":"m","version":3}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Decode(r); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAnswerIsTheStatus takes the status of each response for its answer, without its body.
func TestAnswerIsTheStatus(t *testing.T) {
	f, err := find(protocol.Locator{Status: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{200, 404} {
		got, err := f.find(protocol.Response{Status: code, Body: []byte("any")})
		if want := (generators.Value{Text: strconv.Itoa(code), JSON: true}); err != nil || got != want {
			t.Errorf("status %d: %+v, %v", code, got, err)
		}
	}
}
