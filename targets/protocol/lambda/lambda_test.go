package lambda

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/targets/protocol"
	"servebench/targets/protocol/mlflow"
	"servebench/targets/protocol/protocoltest"
	"servebench/targets/protocol/v2"
)

// function serves V2 as a function, and beside it the path that says when a server is ready.
func function(s protocol.Service) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v2/", v2.Handler(s))
	mux.Handle("/ping", mlflow.Handler(s))
	mux.Handle(Patterns()[0], Handler(mux))
	return mux
}

func TestConformance(t *testing.T) {
	protocoltest.Run(t, protocoltest.Subject{Kind: Kind(), Handler: function, Input: "features", Break: func(body []byte) []byte {
		return []byte(strings.Replace(string(body), `\"shape\":`, `\"shape\":7,\"`, 1)) // the event is whole, the request in it is not
	}})
}

func TestInvoke(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("short and stout"))
	})
	p, err := Kind().Open(protocol.Config{Model: "f"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
		want, class        string
	}{
		{"POST", "/2015-03-31/functions/f/invocations", `{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}}}`, 200, `"statusCode":418`, "function status 418"},
		{"POST", "/2015-03-31/functions/f/invocations", `{"version":"2.0","rawPath":"/abort","requestContext":{"http":{"method":"GET"}}}`, 200, `"errorType":"Error"`, "function error"},
		{"POST", "/2015-03-31/functions/f/invocations", `{"version":`, 400, "Could not parse request body into json", ""},
		{"GET", "/2015-03-31/functions/f/invocations", ``, 405, "method GET is not allowed", ""},
		{"POST", "/2015-03-31/functions/f", `{}`, 404, "no such path", ""},
	} {
		w := httptest.NewRecorder()
		Handler(echo).ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body)))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", tt.method, tt.path, tt.body, w.Code, w.Body, tt.status, tt.want)
		}
		if tt.class == "" {
			continue
		}
		if got := p.(protocol.FailureReader).Failure(protocol.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}); got.Class != tt.class || got.Text == "" || got.Status < 400 {
			t.Errorf("%s: %+v, want %q", tt.body, got, tt.class)
		}
	}
}
