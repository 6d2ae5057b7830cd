package functionurl_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"servebench/targets/functionurl"

	"github.com/google/go-cmp/cmp"
)

// The examples of the Lambda Developer Guide and the edges around them.
func TestRead(t *testing.T) {
	typed := func(kind string, pairs ...string) http.Header {
		h := http.Header{"Content-Type": {kind}}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	const asJSON = "application/json"
	for _, c := range []struct {
		name, payload string
		want          functionurl.Answer
	}{
		{"a string", `"Hello, world!"`, functionurl.Answer{200, typed(asJSON), []byte(`"Hello, world!"`)}},
		{"an object", `{"message": "Hello, world!"}`, functionurl.Answer{200, typed(asJSON), []byte(`{"message": "Hello, world!"}`)}},
		{"null", `null`, functionurl.Answer{200, typed(asJSON), []byte(`null`)}},
		{"a string that says statusCode", `"\"statusCode\""`, functionurl.Answer{200, typed(asJSON), []byte(`"\"statusCode\""`)}},
		{"a statusCode inside", `{"a":{"statusCode":9}}`, functionurl.Answer{200, typed(asJSON), []byte(`{"a":{"statusCode":9}}`)}},
		{"a statusCode of null", `{"statusCode":null}`, functionurl.Answer{200, typed(asJSON), []byte(`{"statusCode":null}`)}},
		{
			"all of it", `{"statusCode":201,"headers":{"content-type":"text/plain","my-header":"v"},"body":"b","cookies":["a=1; Secure","b=2"],"isBase64Encoded":false}`,
			functionurl.Answer{201, typed("text/plain", "My-Header", "v", "Set-Cookie", "a=1; Secure", "Set-Cookie", "b=2"), []byte("b")},
		},
		{"base64", `{"statusCode":200,"body":"/w==","isBase64Encoded":true}`, functionurl.Answer{200, typed(asJSON), []byte{0xff}}},
		{"no body", `{"statusCode":204}`, functionurl.Answer{204, typed(asJSON), nil}},
		{"headers of other kinds", `{"statusCode":200,"headers":{"a":1.50,"b":true}}`, functionurl.Answer{200, typed(asJSON, "A", "1.50", "B", "true"), nil}},
		{"headers of the connection", `{"statusCode":200,"headers":{"Content-Length":"7","transfer-encoding":"chunked"}}`, functionurl.Answer{200, typed(asJSON), nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := functionurl.Read([]byte(c.payload))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, payload := range []string{
		``, `{`, `no JSON`, `{"statusCode":"200"}`, `{"statusCode":99}`, `{"statusCode":101}`, `{"statusCode":600}`, `{"statusCode":200.5}`,
		`{"statusCode":200,"body":{}}`, `{"statusCode":200,"body":"§","isBase64Encoded":true}`, `{"statusCode":200,"headers":{"a":[]}}`,
	} {
		if a, err := functionurl.Read([]byte(payload)); err == nil {
			t.Errorf("%s was taken as %+v", payload, a)
		}
	}
}

func TestWriteTo(t *testing.T) {
	for _, c := range []struct {
		payload, body string
		header        http.Header
	}{
		{`{"statusCode":200,"headers":{"a":"b"},"body":"hello"}`, "hello", http.Header{"A": {"b"}, "Content-Type": {"application/json"}, "Content-Length": {"5"}}},
		{`{"statusCode":200}`, "", http.Header{"Content-Type": {"application/json"}, "Content-Length": {"0"}}},
		{`{"statusCode":204,"body":"hello"}`, "", http.Header{"Content-Type": {"application/json"}}},
		{`{"statusCode":304,"body":"hello"}`, "", http.Header{"Content-Type": {"application/json"}}},
	} {
		a, err := functionurl.Read([]byte(c.payload))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		err = a.WriteTo(w)
		if diff := cmp.Diff(c.header, w.Header()); err != nil || w.Code != a.Status || w.Body.String() != c.body || diff != "" {
			t.Errorf("%s is answered %d %q, %v, headers (-want +got):\n%s", c.payload, w.Code, w.Body, err, diff)
		}
	}
}

func TestReadStream(t *testing.T) {
	const end = "\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, c := range []struct{ text, body string }{
		{`{"statusCode":203,"headers":{"Content-Type":"text/plain"},"cookies":["a=1"]}` + end + "the body", "the body"},
		{`{"statusCode":203,"headers":{"content-type":"text/plain"},"cookies":["a=1"]}` + end, ""},
		{`{"statusCode":203,"headers":{"Content-Type":"text/plain"},"cookies":["a=1"],"body":"no"}` + end + "\x00" + end, "\x00" + end},
	} {
		for name, from := range map[string]io.Reader{"at once": strings.NewReader(c.text), "in bytes": iotest.OneByteReader(strings.NewReader(c.text))} {
			a, rest, err := functionurl.ReadStream(from)
			if err != nil {
				t.Fatalf("%q %s: %v", c.text, name, err)
			}
			body, err := io.ReadAll(rest)
			want := &functionurl.Answer{Status: 203, Header: http.Header{"Content-Type": {"text/plain"}, "Set-Cookie": {"a=1"}}}
			if diff := cmp.Diff(want, a); diff != "" || string(body) != c.body || err != nil {
				t.Errorf("%q %s: body %q, %v, answer (-want +got):\n%s", c.text, name, body, err, diff)
			}
		}
	}
	a, _, err := functionurl.ReadStream(strings.NewReader("{}" + end))
	if err != nil || a.Status != 200 || a.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("an empty prelude makes %+v, %v", a, err)
	}
}

func TestReadStreamRefuses(t *testing.T) {
	broken := errors.New("the pipe broke")
	for name, from := range map[string]io.Reader{
		"ends early":   strings.NewReader(`{"statusCode":200}` + "\x00\x00"),
		"no prelude":   strings.NewReader("hello\x00\x00\x00\x00\x00\x00\x00\x00"),
		"endless":      iotest.OneByteReader(io.LimitReader(zeros{}, 7)),
		"a bad status": strings.NewReader("{\"statusCode\":7}\x00\x00\x00\x00\x00\x00\x00\x00"),
		"too long":     io.LimitReader(letters{}, 8<<20),
		"broken":       iotest.ErrReader(broken),
	} {
		if a, _, err := functionurl.ReadStream(from); err == nil {
			t.Errorf("%s: taken as %+v", name, a)
		} else if name == "broken" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{`"x"`, `{"statusCode":200,"headers":{"a":"b"},"cookies":["c"],"body":"d","isBase64Encoded":true}`, `{"statusCode":204}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		a, err := functionurl.Read(payload)
		if err != nil {
			return
		}
		if a.Status < 200 || a.Status > 599 || a.Header.Get("Content-Type") == "" && a.Header["Content-Type"][0] != "" {
			t.Fatalf("%q was taken as %+v", payload, a)
		}
		if err := a.WriteTo(httptest.NewRecorder()); err != nil {
			t.Fatalf("%q cannot be answered: %v", payload, err)
		}
	})
}

func FuzzReadStream(f *testing.F) {
	f.Add([]byte("{\"statusCode\":200}\x00\x00\x00\x00\x00\x00\x00\x00body"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, rest, err := functionurl.ReadStream(strings.NewReader(string(text)))
		again, rest2, err2 := functionurl.ReadStream(iotest.OneByteReader(strings.NewReader(string(text))))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("at once %v, in bytes %v", err, err2)
		}
		if err != nil {
			return
		}
		body, _ := io.ReadAll(rest)
		body2, _ := io.ReadAll(rest2)
		if diff := cmp.Diff(whole, again); diff != "" || string(body) != string(body2) {
			t.Fatalf("at once and in bytes differ: %q, %q, %s", body, body2, diff)
		}
	})
}
