package service

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// apiDates are the dates that the paths of AWS's Lambda API begin with.
func apiDates() []string {
	return []string{
		"2014-11-13", "2015-03-31", "2016-08-19", "2017-03-31", "2017-10-31", "2018-10-31", "2019-09-25", "2019-09-30", "2020-04-22",
		"2020-06-30", "2021-07-20", "2021-10-31", "2021-11-15", "2024-08-31", "2025-11-30", "2025-12-01", "2026-07-09",
	}
}

// isAPI reports whether a path is one of AWS's Lambda API, which on AWS has a
// host of its own: none of those reaches the function.
func isAPI(path string) bool {
	if len(path) < 2 || path[1] != '2' { // the quick answer for most
		return false
	}
	date, _, _ := strings.Cut(path[1:], "/")
	return slices.Contains(apiDates(), date)
}

// serveAPI answers what there is of the API: Invoke and InvokeWithResponseStream.
func (s *Service) serveAPI(w http.ResponseWriter, r *http.Request) {
	name, ok := functionIn(r.URL.Path, "/2015-03-31/functions/", "/invocations")
	streams := false
	if !ok {
		name, streams = functionIn(r.URL.Path, "/2021-11-15/functions/", "/response-streaming-invocations")
	}
	switch {
	case !ok && !streams:
		notImplemented(r).write(w)
	case r.Method != http.MethodPost:
		w.Header()["Allow"] = []string{http.MethodPost}
		wrongMethod(r).write(w)
	default:
		s.serveInvoke(w, r, name, streams)
	}
}

// functionIn returns the function's name in a path between the two.
func functionIn(path, before, after string) (name string, ok bool) {
	rest, ok1 := strings.CutPrefix(path, before)
	name, ok2 := strings.CutSuffix(rest, after)
	return name, ok1 && ok2 && !strings.Contains(name, "/")
}

// The patterns of the names that callers give, as the API's reference has them.
const (
	namePattern      = `(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
	qualifierPattern = `(|[a-zA-Z0-9$_-]+)`
)

// find refuses a caller who names another function than the one that there is,
// or a version or alias of it, of which there is none but $LATEST. A name is the
// name alone, or a partial or whole ARN, each with or without a qualifier.
func (s *Service) find(name, qualifier string) *refusal {
	if name == s.config.Name && qualifier == "" { // what most callers say
		return nil
	}
	parts := regexp.MustCompile("^" + namePattern + "$").FindStringSubmatch(name)
	if parts == nil {
		return invalid("functionName", name, "Member must satisfy regular expression pattern: "+namePattern)
	}
	if !regexp.MustCompile("^" + qualifierPattern + "$").MatchString(qualifier) {
		return invalid("qualifier", qualifier, "Member must satisfy regular expression pattern: "+qualifierPattern)
	}
	in, of, function, derived := parts[3], parts[5], parts[7], parts[9]
	if derived != "" && qualifier != "" && derived != qualifier {
		return badRequest("InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
	}
	arn := fmt.Sprintf("arn:aws:lambda:%s%sfunction:%s", cmp.Or(in, region+":"), cmp.Or(of, account+":"), function)
	qualifier = cmp.Or(derived, qualifier, version)
	if qualifier != version {
		return notFound(arn + ":" + qualifier)
	}
	if arn != s.arn() {
		return notFound(arn)
	}
	return nil
}

// serveInvoke answers Invoke, see there in the Lambda API Reference, or
// InvokeWithResponseStream.
func (s *Service) serveInvoke(w http.ResponseWriter, r *http.Request, name string, streams bool) {
	inv, kind, refused := s.readInvoke(r, name, streams)
	if refused != nil {
		refused.write(w)
		return
	}
	w.Header()["X-Amzn-Requestid"] = []string{inv.id}
	w.Header()["X-Amzn-Trace-Id"] = []string{inv.trace}
	switch kind {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	case "Event":
		if !s.enqueue(inv) {
			s.refuse(w, throttled("CallerRateLimitExceeded"))
			return
		}
		w.WriteHeader(http.StatusAccepted)
	default:
		if streams {
			s.answerEvents(w, inv)
			return
		}
		s.answerInvoke(w, inv)
	}
}

// readInvoke reads a call of Invoke, or of its kind that streams, and its type.
func (s *Service) readInvoke(r *http.Request, name string, streams bool) (*invocation, string, *refusal) {
	kind := r.Header.Get("X-Amz-Invocation-Type")
	most := mostPayload
	switch {
	case kind == "":
		kind = "RequestResponse"
	case kind == "Event" && !streams:
		most = mostAsync
	case kind == "RequestResponse", kind == "DryRun":
	default:
		return nil, "", badRequest("InvalidParameterValueException", fmt.Sprintf("Unknown invocation type: %s", kind))
	}
	logs := r.Header.Get("X-Amz-Log-Type")
	if logs != "" && logs != "None" && logs != "Tail" {
		return nil, "", badRequest("InvalidParameterValueException", "Unknown log type: "+logs)
	}
	if refused := s.find(name, r.URL.Query().Get("Qualifier")); refused != nil {
		return nil, "", refused
	}
	body, err := readBody(r, most)
	switch {
	case errors.Is(err, errBodyLarge):
		return nil, "", tooLarge(most)
	case err != nil:
		return nil, "", badRequest("InvalidRequestContentException", "Could not read the request")
	case len(body) == 0:
		body = []byte("{}")
	case !json.Valid(body):
		return nil, "", badRequest("InvalidRequestContentException", "Could not parse request body into json")
	}
	inv := newInvocation(body)
	inv.streams = streams
	inv.tail = logs == "Tail" && kind == "RequestResponse"
	if trace := r.Header.Get("X-Amzn-Trace-Id"); trace != "" {
		inv.trace = trace
	}
	if text := r.Header.Get("X-Amz-Client-Context"); text != "" {
		client, err := base64.StdEncoding.DecodeString(text)
		if err != nil || !json.Valid(client) {
			return nil, "", badRequest("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
		}
		inv.client = strings.Join(strings.Fields(string(client)), " ") // a header's value has one line
	}
	return inv, kind, nil
}

// answerInvoke answers a caller who waits.
func (s *Service) answerInvoke(w http.ResponseWriter, inv *invocation) {
	a, refused := s.invoke(inv)
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	body := a.body
	if a.stream != nil {
		body, a.failed = gather(a.stream)
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["X-Amz-Executed-Version"] = []string{version}
	if a.failed != nil {
		h["X-Amz-Function-Error"] = []string{unhandled}
		body = a.failed.body(inv.id)
	}
	if inv.tail {
		h["X-Amz-Log-Result"] = []string{inv.logResult()}
	}
	allow(http.NewResponseController(w), time.Time{})
	_, _ = w.Write(body) // who went away is not told
}

// refuse answers a caller whose request finds no environment.
func (s *Service) refuse(w http.ResponseWriter, r *refusal) {
	s.ledger.refuse(r)
	r.write(w)
}

// gather reads a streamed answer whole, for a caller who asked for no stream.
func gather(from *stream) ([]byte, *failure) {
	defer from.Close()
	body, err := io.ReadAll(io.LimitReader(from, mostAnswer+1))
	switch {
	case err != nil:
		failed, ok := errors.AsType[*failure](err)
		if !ok {
			failed = truncated()
		}
		return nil, failed
	case len(body) > mostAnswer:
		return nil, oversized()
	}
	return body, nil
}

// enqueue takes an asynchronous request, unless too many wait already.
func (s *Service) enqueue(inv *invocation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing() {
		return false
	}
	select {
	case s.queue <- struct{}{}:
	default:
		return false
	}
	s.wait.Go(func() {
		defer func() { <-s.queue }()
		s.invokeLater(inv)
	})
	return true
}

// invokeLater carries out an asynchronous request. Where it is throttled it is
// tried again after a second, then after twice as long every time, up to five
// minutes, as AWS does. A function's error is not: AWS tries twice more, after
// one minute and two.
func (s *Service) invokeLater(inv *invocation) {
	for pause := time.Second; ; pause = min(2*pause, 5*time.Minute) {
		a, refused := s.invoke(inv)
		if refused == nil {
			if a.stream != nil {
				_, _ = gather(a.stream)
			}
			return
		}
		select {
		case <-time.After(pause):
		case <-s.stopped:
			return
		}
	}
}
