package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// environment is one of an MLflow user.
func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, set := variables[name]
		return value, set
	}
}

// serve answers requests with a handler until the test ends. It is what goes wrong between a
// client and a server that is tried here; package tracking asks MLflow itself.
func serve(t *testing.T, answer http.HandlerFunc) *Server {
	t.Helper()
	at := httptest.NewServer(answer)
	t.Cleanup(at.Close)
	s, err := New(at.URL, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	s.pause = 0
	return s
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"http://host:5000": "http://host:5000", "https://host/mlflow/": "https://host/mlflow", "http://u:geheim99@host": "http://host",
		"": "", "host:5000": "", "databricks": "", "file:///tmp/mlruns": "", "http://": "", "http://u:geheim99@ho st": "",
	} {
		s, err := New(address, environment(nil))
		if (err == nil) != (want != "") || err == nil && s.Address() != want {
			t.Errorf("New(%q): %v, want %q", address, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "geheim99") || !strings.Contains(err.Error(), "want http://HOST:PORT")) {
			t.Errorf("New(%q): %v", address, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	const basic = "Basic YTpnZWhlaW05OQ==" // a:geheim99
	user := map[string]string{usernameVariable: "a", passwordVariable: "geheim99"}
	for _, tc := range []struct {
		name, userinfo string
		variables      map[string]string
		want           string
	}{
		{"none", "", nil, ""},
		{"user and password", "", user, basic},
		{"a user alone", "", map[string]string{usernameVariable: "a"}, ""},
		{"token", "", map[string]string{tokenVariable: "geheim99"}, "Bearer geheim99"},
		{"a password before a token", "", map[string]string{usernameVariable: "a", passwordVariable: "geheim99", tokenVariable: "x"}, basic},
		{"the URL's before the environment's", "a:geheim99@", map[string]string{usernameVariable: "b", passwordVariable: "c"}, basic},
	} {
		var got string
		echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("Authorization")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "%s %s is not allowed", r.Header, r.URL)
		}))
		s, err := New(strings.Replace(echo.URL, "://", "://"+tc.userinfo, 1), environment(tc.variables))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Experiment(t.Context(), "e")
		echo.Close()
		if got != tc.want {
			t.Errorf("%s: Authorization %q, want %q", tc.name, got, tc.want)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "geheim99") || strings.Contains(text, "YTpnZWhlaW05OQ") ||
			!strings.Contains(text, "set MLFLOW_TRACKING_USERNAME") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// failing answers so many times with a status, and then as MLflow.
type failing struct {
	times, status int
	after         string // Retry-After
	asked         int
}

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	f.asked++
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"experiment":{"experiment_id":"7"}}`))}
	switch {
	case f.asked > f.times:
	case f.status == 0:
		return nil, errors.New("connection refused")
	default:
		answer.StatusCode = f.status
		answer.Header.Set("Retry-After", f.after)
	}
	return answer, nil
}

func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		failing
		asked       int
		ok          bool
		least, most time.Duration
	}{
		{failing{times: 0}, 1, true, 0, 0},
		{failing{times: 2}, 3, true, 750 * time.Millisecond, 1500 * time.Millisecond},
		{failing{times: 4, status: 503}, 5, true, 3750 * time.Millisecond, 7500 * time.Millisecond},
		{failing{times: 5, status: 500}, 5, false, 3750 * time.Millisecond, 7500 * time.Millisecond},
		{failing{times: 1, status: 429, after: "7"}, 2, true, 7 * time.Second, 7 * time.Second},
		{failing{times: 1, status: 429, after: "86400"}, 2, true, longestPause, longestPause},
		{failing{times: 1, status: 400}, 1, false, 0, 0},
		{failing{times: 1, status: 401}, 1, false, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := New("http://host", environment(nil))
			if err != nil {
				t.Fatal(err)
			}
			s.client.Transport = &tc.failing
			began := time.Now()
			id, err := s.Experiment(t.Context(), "e")
			took := time.Since(began)
			if (err == nil && id == "7") != tc.ok || tc.failing.asked != tc.asked || took < tc.least || took > tc.most {
				t.Errorf("%+v: %q, %v, asked %d times in %v", tc.failing, id, err, tc.failing.asked, took)
			}
		})
	}
}

func TestRetriesEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New("http://host", environment(nil))
		if err != nil {
			t.Fatal(err)
		}
		s.client.Transport = &failing{times: 9}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := s.Experiment(ctx, "e"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// A run whose creation was answered by an error, but took place, is not made again.
func TestCreateOnce(t *testing.T) {
	made := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		made++
		w.WriteHeader(http.StatusBadGateway)
	})
	there := &Run{Info: Info{ID: "r"}}
	run, err := s.Create(t.Context(), "1", "n", time.Unix(1, 0), nil, func() (*Run, error) { return there, nil })
	if err != nil || run != there || made != 1 {
		t.Errorf("%v, %v, made %d times", run, err, made)
	}
}

// What is logged comes in requests that the server takes, all of it once.
func TestLogInBatches(t *testing.T) {
	var got Data
	requests := 0
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		var batch Data
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Error(err)
		}
		if len(batch.Params) > 100 || len(batch.Tags) > 100 || len(batch.Params)+len(batch.Tags)+len(batch.Metrics) > 1000 || r.ContentLength > 1<<20 {
			t.Errorf("%d parameters, %d tags, %d metrics in %d bytes", len(batch.Params), len(batch.Tags), len(batch.Metrics), r.ContentLength)
		}
		requests++
		got.Params, got.Tags, got.Metrics = append(got.Params, batch.Params...), append(got.Tags, batch.Tags...), append(got.Metrics, batch.Metrics...)
	})
	var all Data
	for i := range 2500 {
		all.Metrics = append(all.Metrics, Metric{Key: fmt.Sprint("m", i), Value: float64(i)})
	}
	for i := range 250 {
		all.Params = append(all.Params, Param{fmt.Sprint("p", i), strings.Repeat("ä", LongestParam/2)})
		all.Tags = append(all.Tags, Param{fmt.Sprint("t", i), "v"})
	}
	if err := s.Log(t.Context(), &Run{}, all); err != nil {
		t.Fatal(err)
	}
	if requests != 4 || fmt.Sprint(got) != fmt.Sprint(all) {
		t.Errorf("%d requests, and what came is not what was logged", requests)
	}
	if err := s.Log(t.Context(), &Run{Data: all}, all); err != nil || requests != 4 {
		t.Errorf("what is there was logged again: %d requests, %v", requests, err)
	}
}

func TestWhatAnUpdateLogs(t *testing.T) {
	had := Data{
		Params:  []Param{{"seed", "1"}},
		Tags:    []Param{{"verdict", "PASS"}},
		Metrics: []Metric{{"p50_ms", 1, 50, 0}, {"p99_ms", 2, 50, 0}},
	}
	now := Data{
		Params:  []Param{{"seed", "1"}, {"rounds", "3"}},
		Tags:    []Param{{"verdict", "FAIL"}},
		Metrics: []Metric{{"p50_ms", 1, 50, 0}, {"p99_ms", 3, 50, 0}, {"n", 4, 50, 0}},
	}
	want := Data{
		Params:  []Param{{"rounds", "3"}},
		Tags:    []Param{{"verdict", "FAIL"}},
		Metrics: []Metric{{"p99_ms", 3, 51, 0}, {"n", 4, 50, 0}}, // the latest is the one that is shown
	}
	if got := now.beyond(had); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if now.Contradicts(had) || !now.Contradicts(Data{Params: []Param{{"seed", "2"}}}) {
		t.Error("a parameter contradicts where its value is another one, and only there")
	}
}

func TestArtifactsThatAreNotServed(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	for _, uri := range []string{"s3://bucket/1/r/artifacts", "/mlruns/1/r/artifacts", "mlflow-artifacts://elsewhere:1/x", ":", ""} {
		err := s.Upload(t.Context(), &Run{Info: Info{ArtifactURI: uri}}, "report.html", nil)
		if _, is := errors.AsType[*NotServedError](err); !is {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// names is MLflow's rule, without what only some of its versions take.
var names = regexp.MustCompile(`^[\w.\- /]{1,250}$`)

func FuzzName(f *testing.F) {
	for _, seed := range []string{"", "p99.9", "CPU, cores", "a/b", "..", ".", "ä", strings.Repeat("x", 300), "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := Name("host", text)
		if !names.MatchString(name) || path.Clean(name) != name || path.IsAbs(name) {
			t.Errorf("Name(%q) = %q", text, name)
		}
	})
}

// FuzzAnswer reads what a server, a proxy or anything else that listens there may answer.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"run":{"info":{"run_id":"a"},"data":{"metrics":[{"key":"a","value":"NaN","timestamp":"5","step":1},{"key":"b","value":1e3}]}}}`,
		`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}`, `<html>`, `{"run":null}`, `{"run":{"data":{"metrics":[null,{}]}}}`, "",
	} {
		f.Add([]byte(seed), 200)
	}
	s, err := New("http://host", environment(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, status int) {
		var answer struct{ Run *Run }
		if err := decodeAnswer(text, &answer); err == nil && answer.Run != nil {
			_ = answer.Run.Tag("t")
		}
		if got := s.errorOf("GET /", status, text); len(got.Message) > longestMessage {
			t.Errorf("a message of %d bytes", len(got.Message))
		}
	})
}
