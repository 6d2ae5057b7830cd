package functionurl_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"servebench/targets/functionurl"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
	"github.com/google/go-cmp/cmp"
)

// echo answers with all that it sees of the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header()["X-Saw"] = []string{fmt.Sprintf("%s %s %s %d %q", r.Method, r.RequestURI, r.Host, r.ContentLength, r.Header["X-Word"])}
	w.Header()["X-Cookies"] = []string{fmt.Sprint(len(r.Cookies()))}
	http.SetCookie(w, &http.Cookie{Name: "one", Value: "1"})
	http.SetCookie(w, &http.Cookie{Name: "two", Value: "2"})
	w.WriteHeader(http.StatusTeapot)
	_, _ = w.Write(body)
}

// through sends a request the whole way: to an event, through the function's
// side, and back to an answer.
func through(t *testing.T, h http.Handler, r *http.Request, body []byte) *functionurl.Answer {
	t.Helper()
	event, err := json.Marshal(functionURL().Event(r, body, "id", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := functionurl.Handler(h).Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := functionurl.Read(payload)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A request through an event and back is answered as over HTTP.
func TestRoundTripIsAsOverHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		method, path, contentType, body := anyRequest(rng)
		r, err := http.NewRequest(method, server.URL+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Word", fmt.Sprint(rng.Uint32()))
		r.AddCookie(&http.Cookie{Name: "a", Value: "b"})
		r.AddCookie(&http.Cookie{Name: "c", Value: "d"})
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		r.Host = r.URL.Host
		got := through(t, http.HandlerFunc(echo), r, body)
		for _, header := range []string{"Date", "Content-Length"} {
			resp.Header.Del(header)
		}
		if len(want) == 0 { // a function URL says that it is JSON where nothing is said
			got.Header.Del("Content-Type")
		}
		if got.Status != resp.StatusCode || !bytes.Equal(got.Body, want) {
			t.Fatalf("%s %s %q: answered %d %q, over HTTP %d %q", method, path, body, got.Status, got.Body, resp.StatusCode, want)
		}
		if diff := cmp.Diff(resp.Header, got.Header); diff != "" {
			t.Fatalf("%s %s %q: headers (-HTTP +event):\n%s", method, path, body, diff)
		}
	}
}

// anyRequest makes up a request: text and bytes, paths that need escaping.
func anyRequest(rng *rand.Rand) (method, path, contentType string, body []byte) {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	method = pick("POST", "PUT", "PATCH")
	path = pick("/", "/v2/models/credit/infer", "/a%2Fb", "/%C3%A9", "/x//y") + pick("", "?a=1&a=2", "?q=%20+")
	contentType = pick("application/json", "text/plain; charset=utf-8", "application/octet-stream", "image/png")
	body = make([]byte, rng.IntN(3)*rng.IntN(400))
	for i := range body {
		body[i] = byte(rng.IntN(256))
	}
	if rng.IntN(2) == 0 {
		body = []byte(strings.Repeat(pick("", "{\"a\":\"\\n<é>\u2028\"}", "text & more\x00"), rng.IntN(4)))
	}
	return method, path, contentType, body
}

// AWS's own adapter, which only streams, answers the same.
func TestHandlerAgreesWithAWSs(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	theirs := lambdaurl.Wrap(http.HandlerFunc(echo))
	for range 300 {
		method, path, contentType, body := anyRequest(rng)
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		event := functionURL().Event(r, body, "id", time.Now())
		stream, err := theirs(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		want, rest, err := functionurl.ReadStream(stream)
		if err != nil {
			t.Fatal(err)
		}
		if want.Body, err = io.ReadAll(rest); err != nil {
			t.Fatal(err)
		}
		got := through(t, http.HandlerFunc(echo), r, body)
		// What they see of the request differs where net/http's server shows more than its client.
		for _, header := range []string{"X-Saw", "Content-Type"} {
			want.Header.Del(header)
			got.Header.Del(header)
		}
		if !bytes.Equal(got.Body, want.Body) || got.Status != want.Status || !cmp.Equal(got.Header, want.Header) {
			t.Fatalf("%s %s %q: answered %+v, AWS's adapter answers %+v", method, path, body, got, want)
		}
	}
}

func TestHandlerWritesAsNetHTTP(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"nothing":           func(http.ResponseWriter, *http.Request) {},
		"a body alone":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"two statuses":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(500) },
		"a header too late": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x"); w.Header().Set("Late", "1") },
		"many values":       func(w http.ResponseWriter, _ *http.Request) { w.Header()["Vary"] = []string{"a", "b"} },
		"no content with a body": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			fmt.Fprint(w, "x")
		},
		"an announcement": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints); w.WriteHeader(403) },
	} {
		t.Run(name, func(t *testing.T) {
			over := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			h(over, r)
			got := through(t, h, r, nil)
			want := over.Result()
			if over.Body.Len() == 0 {
				want.Header.Set("Content-Type", "application/json") // a function URL's default
			}
			for name, values := range want.Header {
				want.Header[name] = []string{strings.Join(values, ",")}
			}
			body := over.Body.String()
			if want.StatusCode == http.StatusNoContent {
				body = ""
			}
			if got.Status != want.StatusCode && name != "an announcement" || string(got.Body) != body {
				t.Errorf("answered %d %q, net/http %d %q", got.Status, got.Body, want.StatusCode, body)
			}
			if name == "an announcement" {
				if got.Status != 403 {
					t.Errorf("answered %d, want 403", got.Status)
				}
				return
			}
			if name == "no content with a body" {
				want.Header.Set("Content-Type", "application/json")
			}
			if diff := cmp.Diff(want.Header, got.Header); diff != "" {
				t.Errorf("headers (-net/http +event):\n%s", diff)
			}
		})
	}
}

func TestHandlerRefuses(t *testing.T) {
	h := functionurl.Handler(http.HandlerFunc(echo))
	valid := functionURL().Event(httptest.NewRequest("GET", "/", nil), nil, "id", time.Now())
	for name, spoil := range map[string]func(*events.LambdaFunctionURLRequest){
		"version":  func(e *events.LambdaFunctionURLRequest) { e.Version = "1.0" },
		"method":   func(e *events.LambdaFunctionURLRequest) { e.RequestContext.HTTP.Method = "" },
		"slash":    func(e *events.LambdaFunctionURLRequest) { e.RawPath = "x" },
		"path":     func(e *events.LambdaFunctionURLRequest) { e.RawPath = "/%zz" },
		"body":     func(e *events.LambdaFunctionURLRequest) { e.Body, e.IsBase64Encoded = "§", true },
		"protocol": func(e *events.LambdaFunctionURLRequest) { e.RequestContext.HTTP.Protocol = "GOPHER" },
	} {
		event := *valid
		spoil(&event)
		text, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if payload, err := h.Invoke(t.Context(), text); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("with a bad %s: %s, %v, want an error that says so", name, payload, err)
		}
	}
	if _, err := h.Invoke(t.Context(), []byte("{")); err == nil {
		t.Error("half an event was taken")
	}
}

func TestHandlerPanics(t *testing.T) {
	event, err := json.Marshal(functionURL().Event(httptest.NewRequest("GET", "/", nil), nil, "id", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	aborts := functionurl.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if _, err := aborts.Invoke(t.Context(), event); err == nil || !strings.Contains(err.Error(), "aborted") {
		t.Errorf("an aborted answer: %v, want an error that says so", err)
	}
	defer func() {
		if cause := recover(); cause != "oh no" {
			t.Errorf("recovered %v, want the handler's own panic", cause)
		}
	}()
	panics := functionurl.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh no") }))
	_, _ = panics.Invoke(t.Context(), event)
}

func FuzzHandler(f *testing.F) {
	event, err := json.Marshal(functionURL().Event(httptest.NewRequest("POST", "/a?b=c", nil), []byte("body"), "id", time.Now()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(event)
	h := functionurl.Handler(http.HandlerFunc(echo))
	f.Fuzz(func(t *testing.T, event []byte) {
		payload, err := h.Invoke(t.Context(), event)
		if err != nil {
			return
		}
		if a, err := functionurl.Read(payload); err != nil || a.Status != http.StatusTeapot && a.Status != http.StatusBadRequest {
			t.Fatalf("%q is answered %s: %+v, %v", event, payload, a, err)
		}
	})
}

// The whole way there and back, which every warm request goes.
func BenchmarkRoundTrip(b *testing.B) {
	const question = `{"id":"servebench-0","inputs":[{"name":"features","shape":[1,9],"datatype":"FP32","data":[65498.43,0,54,0,19,4,374321.6,24,404131.1]}],"outputs":[{"name":"label"},{"name":"probability"}]}`
	h := functionurl.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, r.Body)
	}))
	r := httptest.NewRequest("POST", "/v2/models/credit/infer", nil)
	r.Header.Set("Content-Type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		event, err := json.Marshal(functionURL().Event(r, []byte(question), "id", time.Now()))
		if err != nil {
			b.Fatal(err)
		}
		payload, err := h.Invoke(b.Context(), event)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := functionurl.Read(payload); err != nil {
			b.Fatal(err)
		}
	}
}
