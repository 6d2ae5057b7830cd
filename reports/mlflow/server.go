// Package mlflow is a client of an MLflow tracking server: experiments, and runs with their
// parameters, metrics, tags and artifacts, over the REST API 2.0. It stands at the end of the
// flow: package tracking hands it what a recorded run came to, and "refserver train" what a
// training came to.
// https://mlflow.org/docs/latest/api_reference/rest-api.html
package mlflow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// The variables of the environment that MLflow's own clients read.
const (
	AddressVariable    = "MLFLOW_TRACKING_URI"
	ExperimentVariable = "MLFLOW_EXPERIMENT_NAME"
	usernameVariable   = "MLFLOW_TRACKING_USERNAME"
	passwordVariable   = "MLFLOW_TRACKING_PASSWORD"
	tokenVariable      = "MLFLOW_TRACKING_TOKEN"
)

// Server is a tracking server. It is safe for concurrent use.
type Server struct {
	base               url.URL // without credentials
	username, password string
	token              string
	redact             *strings.Replacer
	client             *http.Client
	pause              time.Duration // before the second attempt
}

// New returns the server at an http or https URL. Its credentials are those of the URL, else
// those of the environment: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, else
// MLFLOW_TRACKING_TOKEN. They are in no error.
func New(address string, environment func(string) (string, bool)) (*Server, error) {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, errors.New("the URL of an MLflow server: want http://HOST:PORT or https://HOST, as MLFLOW_TRACKING_URI has it")
	}
	variable := func(name string) string {
		value, _ := environment(name)
		return value
	}
	s := &Server{
		base: url.URL{Scheme: at.Scheme, Host: at.Host, Path: strings.TrimRight(at.Path, "/")}, client: &http.Client{}, pause: firstPause,
		username: variable(usernameVariable), password: variable(passwordVariable), token: variable(tokenVariable),
	}
	if at.User != nil {
		s.username = at.User.Username()
		s.password, _ = at.User.Password()
	}
	s.redact = redactor(s.password, s.token, base64.StdEncoding.EncodeToString([]byte(s.username+":"+s.password)))
	return s, nil
}

// redactor takes secrets out of what a server or a proxy answers.
func redactor(secrets ...string) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		for _, written := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if written != "" {
				pairs = append(pairs, written, "…")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// Address is the server's URL, without credentials.
func (s *Server) Address() string { return s.base.String() }

// Error is an answer other than a success.
type Error struct {
	Request string // "POST http://host/api/2.0/mlflow/runs/create"
	Status  int
	Code    string // MLflow's: "RESOURCE_DOES_NOT_EXIST"; "": it is not MLflow's answer
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: status %d: %s%s", e.Request, e.Status, strings.TrimPrefix(e.Code+": "+e.Message, ": "), e.advice())
}

// advice is what to do about it, where that is known.
func (e *Error) advice() string {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return "; set " + usernameVariable + " and " + passwordVariable + ", or " + tokenVariable
	case e.Status == http.StatusNotFound && e.Code == "":
		return "; no MLflow tracking server answers there"
	}
	return ""
}

// The codes of MLflow's errors that a caller acts upon.
const (
	codeAbsent = "RESOURCE_DOES_NOT_EXIST"
	codeThere  = "RESOURCE_ALREADY_EXISTS"
)

func hasCode(err error, code string) bool {
	answer, is := errors.AsType[*Error](err)
	return is && answer.Code == code
}

// Retries: 5 attempts within about 8 seconds, unless the server asks for longer pauses.
const (
	attempts      = 5
	firstPause    = 500 * time.Millisecond
	longestPause  = 30 * time.Second
	attemptAtMost = time.Minute
	bytesASecond  = 100_000 // that a body takes longer for
)

// again reports whether a later attempt may succeed.
func again(err error) bool {
	answer, is := errors.AsType[*Error](err)
	if !is {
		_, connection := errors.AsType[*url.Error](err)
		return connection
	}
	switch answer.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retry attempts something that may be done twice, with growing pauses. It ends with ctx.
func (s *Server) retry(ctx context.Context, attempt func() (wait time.Duration, err error)) error {
	pause := s.pause
	for n := 1; ; n++ {
		wait, err := attempt()
		if err == nil || n == attempts || ctx.Err() != nil || !again(err) {
			return err
		}
		// Others that were refused with it come back at other times.
		wait = min(max(wait, pause/2+rand.N(pause/2+1)), longestPause)
		pause *= 2
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(wait):
		}
	}
}

// call asks the API, and again where that failed: what it asks for may be done twice. The
// answer is read into out, nil for none.
func (s *Server) call(ctx context.Context, method, name string, query url.Values, in, out any) error {
	return s.retry(ctx, func() (time.Duration, error) { return s.ask(ctx, method, name, query, in, out) })
}

// ask is call without further attempts. It returns how long the server wants to be left alone
// after an error.
func (s *Server) ask(ctx context.Context, method, name string, query url.Values, in, out any) (time.Duration, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return 0, fmt.Errorf("MLflow: %s: %w", name, err)
		}
	}
	at := s.base
	at.Path += "/api/2.0/mlflow/" + name
	at.RawQuery = query.Encode()
	open := func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	}
	return s.send(ctx, method, at, "application/json", open, out)
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 20

// send sends one request, with the body that is opened for it.
func (s *Server) send(ctx context.Context, method string, at url.URL, contentType string, open func() (io.ReadCloser, int64, error), out any) (wait time.Duration, err error) {
	body, length, err := open()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptAtMost+time.Duration(length)*time.Second/bytesASecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return 0, errors.Join(err, body.Close())
	}
	request.ContentLength = length
	if length == 0 {
		request.Body = http.NoBody
	}
	request.Header.Set("Content-Type", contentType)
	switch {
	case s.username != "" && s.password != "":
		request.SetBasicAuth(s.username, s.password)
	case s.token != "":
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("MLflow: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode/100 == 2 {
		err = decodeAnswer(text, out)
	}
	at.RawQuery = ""
	if err != nil {
		return 0, &url.Error{Op: method, URL: at.String(), Err: fmt.Errorf("read the answer: %w", err)}
	}
	if answer.StatusCode/100 != 2 {
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return time.Duration(min(seconds, 3600)) * time.Second, s.errorOf(method+" "+at.String(), answer.StatusCode, text)
	}
	return 0, nil
}

func decodeAnswer(text []byte, out any) error {
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// longestMessage is what is told of a message, in bytes.
const longestMessage = 500

// errorOf reads MLflow's errors, and quotes the beginning of other answers.
func (s *Server) errorOf(request string, status int, text []byte) *Error {
	var said struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(text, &said); err != nil || said.Code == "" {
		said.Code, said.Message = "", cmp.Or(strings.Join(strings.Fields(string(text)), " "), http.StatusText(status))
	}
	return &Error{Request: request, Status: status, Code: said.Code, Message: Clip(s.redact.Replace(said.Message), longestMessage)}
}

// Clip cuts a text to so many bytes, with an ellipsis where it was longer.
func Clip(text string, most int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= most {
		return text
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(text[:max(most-len(ellipsis), 0)], "") + ellipsis
}

// Upload puts a file among the artifacts of a run, in the place of one that has the name, with
// slashes. The server has to serve artifacts, which it does unless told otherwise.
func (s *Server) Upload(ctx context.Context, run *Run, name string, open func() (io.ReadCloser, int64, error)) error {
	root, err := url.Parse(run.Info.ArtifactURI)
	if err != nil || root.Scheme != "mlflow-artifacts" || root.Host != "" && root.Host != s.base.Host {
		return &NotServedError{URI: s.redact.Replace(run.Info.ArtifactURI)}
	}
	at := s.base
	at.Path += path.Join("/api/2.0/mlflow-artifacts/artifacts", root.Path, name)
	err = s.retry(ctx, func() (time.Duration, error) {
		return s.send(ctx, http.MethodPut, at, "application/octet-stream", open, nil)
	})
	if err != nil {
		return fmt.Errorf("upload %s: %w", name, err)
	}
	return nil
}

// NotServedError says that the server keeps artifacts where it does not serve them.
type NotServedError struct{ URI string }

func (e *NotServedError) Error() string {
	return fmt.Sprintf("the MLflow server does not serve artifacts, which it keeps at %s; start it with --serve-artifacts (and --artifacts-destination), in a new experiment", Clip(e.URI, longestMessage))
}
