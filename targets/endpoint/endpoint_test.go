package endpoint

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// healthy answers /base/health with 200 and all else with 404.
func healthy(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/base/health" {
		http.NotFound(w, r)
	}
}

func deploy(t *testing.T, ctx context.Context, ready string, options map[string]string) (*targets.Deployment, error) {
	t.Helper()
	target, err := Kind().Open(targets.Config{Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return target.Deploy(ctx, targets.Workload{Ready: ready})
}

func fact(t *testing.T, d *targets.Deployment, name string) record.Fact {
	t.Helper()
	i := slices.IndexFunc(d.Facts, func(f record.Fact) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no fact %q in %+v", name, d.Facts)
	}
	return d.Facts[i]
}

func TestDeployFindsTheServerReady(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(healthy))
	defer server.Close()
	d, err := deploy(t, t.Context(), "/health", map[string]string{"url": server.URL + "/base/"})
	if err != nil {
		t.Fatal(err)
	}
	if want := server.URL + "/base"; d.Endpoint.URL != want || d.Endpoint.Transport != nil {
		t.Errorf("endpoint %+v, want plain HTTP to %s", d.Endpoint, want)
	}
	if len(d.Stages) != 0 || d.Began.IsZero() {
		t.Errorf("stages %v since %v, want none", d.Stages, d.Began)
	}
	if got := fact(t, d, "limits"); !got.Unequal || !strings.HasPrefix(got.Value, "not applied") {
		t.Errorf("fact %+v, want that the limits are not applied", got)
	}
	if usage, err := d.Usage(t.Context(), time.Time{}, time.Now()); err == nil {
		t.Errorf("usage %+v of a server that nobody can look into", usage)
	}
}

func TestCloseLeavesTheServerAlone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(healthy))
	defer server.Close()
	d, err := deploy(t, t.Context(), "/base/health", map[string]string{"url": server.URL})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-d.Done():
		t.Error("done before it was closed")
	default:
	}
	for range 2 {
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	<-d.Done()
	if d.Err() != nil {
		t.Errorf("error %v of a server that nobody ended", d.Err())
	}
	if resp, err := http.Get(server.URL + "/base/health"); err != nil || resp.StatusCode != 200 {
		t.Errorf("the server answers %v, %v after Close", resp, err)
	}
}

// TestDeployWaitsALittle lets the server be ready at the third time of asking.
func TestDeployWaitsALittle(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "loading", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if _, err := deploy(t, t.Context(), "/", map[string]string{"url": server.URL}); err != nil || asked.Load() != 3 {
		t.Errorf("error %v after %d requests, want success at the third", err, asked.Load())
	}
}

func TestDeploySaysWhatTheServerAnswered(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/base/health", http.StatusFound)
	}))
	defer server.Close()
	_, err := deploy(t, t.Context(), "/ready", map[string]string{"url": server.URL})
	for _, want := range []string{"not ready within endpoint.wait = 2s", "GET " + server.URL + "/ready", "answered 302 Found", "endpoint.ready=none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// TestDeploySaysHowFarItGot asks servers that take a connection and say nothing.
func TestDeploySaysHowFarItGot(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for scheme, want := range map[string]string{
		"http":  "the server took the connection, and did not answer",
		"https": "the server took the connection, and did not answer the TLS handshake; try http:// in endpoint.url",
	} {
		_, err := deploy(t, t.Context(), "/ready", map[string]string{"url": scheme + "://" + listener.Addr().String(), "wait": "200ms"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "not ready within") != 1 {
			t.Errorf("%s: error %v does not say %q", scheme, err, want)
		}
	}
}

func TestDeployOfNobody(t *testing.T) {
	t.Parallel()
	url := "http://" + targets.Address(targets.Loopback, 1)
	_, err := deploy(t, t.Context(), "/ready", map[string]string{"url": url})
	if err == nil || !strings.Contains(err.Error(), "not ready within endpoint.wait = 2s") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v does not say cause and last attempt", err)
	}
	_, err = deploy(t, t.Context(), "/ready", map[string]string{"url": url, "wait": "10ms"})
	if err == nil || !strings.Contains(err.Error(), "not ready within endpoint.wait = 10ms") {
		t.Errorf("error %v does not say how long it waited", err)
	}
	d, err := deploy(t, t.Context(), "/ready", map[string]string{"url": url, "ready": "none"})
	if err != nil {
		t.Fatalf("a server that is not to be asked: %v", err)
	}
	if got := fact(t, d, "readiness"); !strings.HasPrefix(got.Value, "not asked") {
		t.Errorf("fact %+v, want that nobody asked", got)
	}
	stopped := errors.New("stopped by the user")
	cancelled, stop := context.WithCancelCause(t.Context())
	stop(stopped)
	for _, ready := range []string{"ask", "none"} {
		if _, err := deploy(t, cancelled, "/ready", map[string]string{"url": url, "ready": ready}); !errors.Is(err, stopped) {
			t.Errorf("ready=%s: error %v, want why it was stopped", ready, err)
		}
	}
}

func TestDeployOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(healthy))
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, append([]byte("\ufeff"), text...), 0o644); err != nil { // as some editors write it
		t.Fatal(err)
	}
	d, err := deploy(t, t.Context(), "/base/health", map[string]string{"url": server.URL, "ca_file": ca})
	if err != nil {
		t.Fatal(err)
	}
	if d.Endpoint.TLS == nil {
		t.Error("the load does not get the certificates")
	}
	if got := fact(t, d, "TLS").Value; !strings.HasPrefix(got, "TLS 1.3, TLS_") || !strings.Contains(got, "certificates of "+ca+",") {
		t.Errorf("fact TLS: %q", got)
	}
	_, err = get(t.Context(), targets.Endpoint{}.PlainTransport(false), server.URL, targets.Workload{Ready: "/base/health"})
	if invalid := (*tls.CertificateVerificationError)(nil); !errors.As(err, &invalid) {
		t.Errorf("error %v with the system's certificates, want that the server's is not trusted", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]string
		want    string
	}{
		"no url":          {nil, `option url: not set: want the server's address, such as --set endpoint.url=http://127.0.0.1:8080`},
		"address alone":   {map[string]string{"url": "127.0.0.1:8080"}, `option url: "127.0.0.1:8080": first path segment in URL cannot contain colon: want http`},
		"name and port":   {map[string]string{"url": "localhost:8080"}, `option url: "localhost:8080": neither http:// nor https://: want http`},
		"other scheme":    {map[string]string{"url": "grpc://h:1"}, `neither http:// nor https://`},
		"no host":         {map[string]string{"url": "http://:80/x"}, `"http://:80/x": no host`},
		"user":            {map[string]string{"url": "http://u:p@h"}, `a user in it`},
		"query":           {map[string]string{"url": "http://h?"}, `a query in it`},
		"fragment":        {map[string]string{"url": "http://h/#x"}, `a fragment in it`},
		"empty fragment":  {map[string]string{"url": "http://h/#"}, `a fragment in it`},
		"port of letters": {map[string]string{"url": "http://h:x"}, `invalid port ":x" after host`},
		"port too high":   {map[string]string{"url": "http://h:65536"}, `port 65536 is not one from 1 to 65535`},
		"port 0":          {map[string]string{"url": "http://h:0"}, `port 0 is not one from 1 to 65535`},
		"ready":           {map[string]string{"url": "http://h", "ready": "no"}, `option ready: "no" is not allowed: want one of ask, none`},
		"long socket":     {map[string]string{"socket": "/" + strings.Repeat("s", 103)}, `104 bytes long: want at most 103, as systems allow`},
		"unknown":         {map[string]string{"urls": "http://h"}, `unknown option "urls"`},
	} {
		_, err := Kind().Open(targets.Config{Options: c.options})
		if err == nil || !strings.HasPrefix(err.Error(), "endpoint: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h":                "http://h",
		"http://h/":               "http://h",
		"HTTP://h:80/a/b//":       "http://h:80/a/b",
		"https://[::1]:8443/":     "https://[::1]:8443",
		"http://127.0.0.1:1/a b":  "http://127.0.0.1:1/a%20b",
		"http://Bücher.example:1": "http://xn--bcher-kva.example:1",
		"http://a_b/ü":            "http://a_b/%C3%BC",
	} {
		if got, err := baseURL(raw); got != want || err != nil {
			t.Errorf("baseURL(%s) = %s, %v, want %s", raw, got, err, want)
		}
	}
}

func TestBaseURLOfNoDomain(t *testing.T) {
	if _, err := baseURL("http://a\u2028ü"); err == nil || !strings.Contains(err.Error(), "is no name of a domain") {
		t.Errorf("error %v, want that it is no name", err)
	}
}

// FuzzBaseURL holds what is taken to be taken again, and paths to be appended.
func FuzzBaseURL(f *testing.F) {
	for _, raw := range []string{"http://h:1/a", "https://[fe80::1%25eth0]:1", "http://h/%2f", "http://h/?", "//h", "http:h", "http://ⓔß.example:1"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		base, err := baseURL(raw)
		if err != nil {
			return
		}
		if again, err := baseURL(base); again != base || err != nil {
			t.Errorf("%q gives %q, and that %q, %v", raw, base, again, err)
		}
		req, err := http.NewRequest(http.MethodGet, base+"/ready", nil)
		if err != nil || !strings.HasSuffix(req.URL.Path, "/ready") || req.URL.RawQuery != "" {
			t.Errorf("%q gives a request for %v, %v", raw, req, err)
		}
	})
}

func TestDeployOverTLSOfAServerWithout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(healthy))
	defer server.Close()
	_, err := deploy(t, t.Context(), "/", map[string]string{"url": "https" + strings.TrimPrefix(server.URL, "http"), "wait": "10ms"})
	if err == nil || !strings.Contains(err.Error(), "try http:// in endpoint.url") {
		t.Errorf("error %v does not say what to try", err)
	}
}

func TestOpenRefusesAWait(t *testing.T) {
	for _, wait := range []string{"soon", "0s", "-1s"} {
		_, err := Kind().Open(targets.Config{Options: map[string]string{"url": "http://127.0.0.1:1", "wait": wait}})
		if err == nil || !strings.Contains(err.Error(), "option wait: \""+wait+"\": want a time above 0") {
			t.Errorf("wait %q: error %v", wait, err)
		}
	}
}

// TestDeployWithCredentials lets a server in front of which somebody stands be ready.
func TestDeployWithCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "sesame" || r.Host != "models.example" {
			http.Error(w, "who is it", http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	target, err := Kind().Open(targets.Config{Options: map[string]string{"url": server.URL, "wait": "1s"}})
	if err != nil {
		t.Fatal(err)
	}
	w := targets.Workload{Ready: "/", Credentials: targets.Credentials{Authorize: func(r *http.Request, _ []byte) error {
		r.Host = "models.example"
		r.Header.Set("X-Api-Key", "sesame")
		return nil
	}}}
	if _, err := target.Deploy(t.Context(), w); err != nil {
		t.Error(err)
	}
	w.Credentials.Authorize = func(*http.Request, []byte) error { return errors.New("no credentials") }
	if _, err := target.Deploy(t.Context(), w); err == nil || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("error %v, want that there are none", err)
	}
	w.Credentials = targets.Credentials{}
	if _, err := target.Deploy(t.Context(), w); err == nil || !strings.Contains(err.Error(), "answered 401 Unauthorized") || !strings.Contains(err.Error(), "give them as http.auth or http.headers") {
		t.Errorf("error %v, want what would let it in", err)
	}
	w.Credentials.Keys = []string{"http.auth.bearer"}
	if _, err := target.Deploy(t.Context(), w); err == nil || !strings.Contains(err.Error(), "refused the credentials that were sent (http.auth.bearer)") {
		t.Errorf("error %v, want that the credentials are wrong", err)
	}
	w.AnyAnswer = true
	if _, err := target.Deploy(t.Context(), w); err != nil {
		t.Errorf("%v, though any answer is enough", err)
	}
}
