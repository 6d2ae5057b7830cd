package trial

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/targets/protocol"
	"servebench/targets/reference/models"
)

// raw answers with the bytes given, and closes the connection.
func raw(text string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text)
		conn.Close()
	}
}

// TestNoLoadWithoutARightFirstAnswer has every kind of first answer that is none: the
// load is not played, whatever is wrong, and the run says so.
func TestNoLoadWithoutARightFirstAnswer(t *testing.T) {
	text := func(status int, body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, body)
		}
	}
	for name, tt := range map[string]struct {
		answers http.HandlerFunc
		want    string
		timeout string // "": one that is long enough for a busy machine
	}{
		"status":     {text(500, "no"), "its first answer is not one of protocol v2: POST http://HOST/v2/models/credit/infer: status 500", ""},
		"not let in": {text(401, "who is it"), `its first answer is not one of protocol v2: POST http://HOST/v2/models/credit/infer: status 401 Unauthorized; it answered: "who is it"; if it asks for credentials, give them as http.auth or http.headers`, ""},
		"no V2":      {text(200, "hello"), "its first answer is not one of protocol v2: ", ""},
		"empty":      {text(200, ""), "its first answer is not one of protocol v2: ", ""},
		"wrong":      {text(200, `{"model_name":"credit","id":"servebench-0","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[0]},{"name":"probability","datatype":"FP32","shape":[1],"data":[0.123456]}]}`), "its first answer is wrong: ", ""},
		"closed":     {raw(""), "did not answer the first request: ", ""},
		"malformed":  {raw("220 mail.example.com ESMTP\r\n"), "did not answer the first request: ", ""},
		"cut off":    {raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), "did not answer the first request: ", ""},
		"late": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			"did not answer the first request: POST http://HOST/v2/models/credit/infer: no complete answer within the timeout of 300ms (the model may take longer", "300ms"},
		"begun": {func(rw http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(rw, "{")
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}, "did not answer the first request: POST http://HOST/v2/models/credit/infer: no complete answer within the timeout of 500ms: status 200 and 1 B of the body came (", "500ms"},
	} {
		for _, running := range []bool{false, true} {
			for _, client := range []string{scenarios.OwnClient, scenarios.StandardClient} {
				t.Run(name+" "+client, func(t *testing.T) {
					runner, s := newRunner(t, &fakeTarget{running: running, answers: tt.answers}, &fakeTarget{}, short(
						decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "1"},
						decode.Setting{Key: "timeout", Value: cmp.Or(tt.timeout, "10s")}, decode.Setting{Key: "http.client", Value: client})...)
					run, err := runner.Run(t.Context(), s)
					if err == nil || !strings.Contains(regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(err.Error(), "HOST"), "the server is up, but "+tt.want) {
						t.Errorf("error %v, want %q", err, tt.want)
					}
					d := run.Targets[0].Deployments
					if len(d) != 1 || d[0].FirstAnswerError == "" || d[0].Failed != "" || len(run.Cells) != 0 {
						t.Errorf("deployments %+v and %d cells, want the error and no load", d, len(run.Cells))
					}
				})
			}
		}
	}
}

// failing is a client to which a response with the header X-Failure is a failure.
type failing struct{ protocol.Protocol }

func (failing) Accepts(status int) bool { return status == http.StatusOK }

func (failing) Failure(r protocol.Response) protocol.Failure {
	status, err := strconv.Atoi(r.Header.Get("X-Failure"))
	if err != nil {
		return protocol.Failure{}
	}
	return protocol.Failure{Class: "server error", Text: "the model is no more", Status: status}
}

// TestFirstAnswerIsAFailureOfTheProtocol says what the protocol calls it, and asks again
// where that may help.
func TestFirstAnswerIsAFailureOfTheProtocol(t *testing.T) {
	const refused = "; the server refused the credentials that were sent (http.headers.X-Api-Key): check that they"
	for status, tt := range map[string]struct {
		asked int
		hint  string
	}{
		"500": {firstTries, ""}, "501": {1, ""}, "400": {1, ""}, "404": {1, ""}, "401": {1, refused}, "403": {1, refused},
	} {
		t.Run(status, func(t *testing.T) { testFailing(t, status, tt.asked, tt.hint) })
	}
}

func testFailing(t *testing.T, status string, tries int, hint string) {
	asked := 0
	a := &fakeTarget{answers: func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked++
		}
		rw.Header().Set("X-Failure", status)
	}}
	runner, s := newRunner(t, a, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "1"},
		decode.Setting{Key: "http.headers", Value: "{X-Api-Key: '1'}"})...)
	kind := &runner.Catalogue.Protocols[0]
	open := kind.Open
	kind.Open = func(cfg protocol.Config) (protocol.Protocol, error) {
		p, err := open(cfg)
		return failing{p}, err
	}
	_, err := runner.Run(t.Context(), s)
	for _, want := range []string{"the server is up, but its first answer is a failure, server error: POST http://", ": the model is no more", hint} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if asked != tries {
		t.Errorf("asked %d times, want %d", asked, tries)
	}
}

// TestFirstAnswerOfADyingServer has the server end with the connection, which is said.
func TestFirstAnswerOfADyingServer(t *testing.T) {
	a := &fakeTarget{}
	a.answers = func(rw http.ResponseWriter, r *http.Request) {
		close(a.latest.done)
		raw("")(rw, r)
	}
	runner, s := newRunner(t, a, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "1"})...)
	run, err := runner.Run(t.Context(), s)
	if err == nil || len(run.Cells) != 0 {
		t.Errorf("error %v and %d cells, want an error and no load", err, len(run.Cells))
	}
	if d := run.Targets[0].Deployments[0]; d.Failed != "the server died at its first request: exit status 3" || d.FirstAnswerError == "" {
		t.Errorf("%+v, want that it died", d)
	}
}

// TestFirstAnswerIsAskedForAgain has a server that is ready before it answers: the load is
// played, and the start says that it took more than one request.
func TestFirstAnswerIsAskedForAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		status, fails int
		right         bool
	}{
		"one 500":       {500, 1, true},
		"500 each time": {500, 100, false},
		"503 for long":  {503, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			a, asked := &fakeTarget{}, 0
			model, err := models.Named("credit")
			if err != nil {
				t.Fatal(err)
			}
			right, err := handler(model)
			if err != nil {
				t.Fatal(err)
			}
			a.answers = func(rw http.ResponseWriter, r *http.Request) {
				if asked++; asked <= tt.fails {
					rw.WriteHeader(tt.status)
					return
				}
				right.ServeHTTP(rw, r)
			}
			runner, s := newRunner(t, a, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "1"})...)
			run, _ := runner.Run(t.Context(), s)
			d := run.Targets[0].Deployments[0]
			if d.Answered() != tt.right || (d.FirstAnswerError == "") != tt.right || (len(run.Cells) > 0) != tt.right {
				t.Errorf("%d cells after %+v, want a right first answer: %t", len(run.Cells), d, tt.right)
			}
			want := ""
			if tt.right {
				want = fmt.Sprintf("it took %d requests, and the first failed: POST http://", tt.fails+1)
			} else if asked != firstTries {
				t.Errorf("asked %d times, want %d", asked, firstTries)
			}
			if !strings.HasPrefix(d.FirstAnswerRetried, want) || (want == "") != (d.FirstAnswerRetried == "") {
				t.Errorf("retried: %q, want %q", d.FirstAnswerRetried, want)
			}
		})
	}
}
