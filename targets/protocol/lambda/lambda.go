// Package lambda is the Invoke operation of AWS Lambda's API, for functions that serve
// HTTP behind a function URL or an adapter of it: an invocation's payload is the event of a
// function URL (payload format 2.0) with a request of the Open Inference Protocol V2 in it,
// and its result the answer to that request. It holds both sides. A function whose events
// are of its own making is asked by the protocol template; one that is reached by its
// function URL speaks whatever protocol its server does.
package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"servebench/generators"
	"servebench/targets/functionurl"
	"servebench/targets/protocol"
	"servebench/targets/protocol/v2"
)

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:      "lambda",
		Doc:       "AWS Lambda's Invoke: the model is the function's name, which serves V2 requests as events of a function URL.",
		Ready:     "/ping",
		AnyAnswer: true, // the API has no such path
		Open:      open,
	}
}

type client struct {
	inner protocol.Protocol
	path  string
}

func open(cfg protocol.Config) (protocol.Protocol, error) {
	inner, err := v2.Kind().Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("open protocol lambda: %w", err)
	}
	return client{inner, "/2015-03-31/functions/" + url.PathEscape(cfg.Model) + "/invocations"}, nil
}

// began stands for the time at which an event was made: the same request gives the same
// bytes whenever it is encoded.
var began = time.Unix(0, 0)

// Encode puts the V2 request for the examples in the event of a function URL.
func (c client) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	request, err := c.inner.Encode(id, batch)
	if err != nil {
		return protocol.Request{}, err
	}
	r, err := http.NewRequest(request.Method, "https://function.lambda-url.us-east-1.on.aws"+request.Path, nil)
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	r.Header = request.Header
	at := functionurl.URL{Account: "123456789012", ID: "function", Domain: "function.lambda-url.us-east-1.on.aws"}
	payload, err := json.Marshal(at.Event(r, request.Body, id, began))
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	return protocol.Request{Method: http.MethodPost, Path: c.path, Header: http.Header{"Content-Type": {"application/json"}}, Body: payload}, nil
}

// functionError is the field that says that the function failed, where the status is 200.
const functionError = "X-Amz-Function-Error"

// Accepts reports whether a response may hold an answer: what the function says is inside.
func (client) Accepts(status int) bool { return status == http.StatusOK }

// Failure tells a function that failed, and an answer of its server that has no 2xx status.
func (c client) Failure(r protocol.Response) protocol.Failure {
	if kind := r.Header.Get(functionError); kind != "" {
		return protocol.Failure{Class: "function error", Text: fmt.Sprintf("%.40s: %.200s", kind, r.Body), Status: http.StatusBadGateway}
	}
	answer, err := functionurl.Read(r.Body)
	if err != nil || answer.Status/100 == 2 {
		return protocol.Failure{} // Decode says what else is wrong
	}
	return protocol.Failure{Class: fmt.Sprintf("function status %d", answer.Status), Text: fmt.Sprintf("%.200s", answer.Body), Status: answer.Status}
}

// ReadsHeaders returns the header field that Failure reads.
func (client) ReadsHeaders() []string { return []string{functionError} }

// Decode reads the V2 answer in what the function returned.
func (c client) Decode(r protocol.Response) (protocol.Reply, error) {
	answer, err := functionurl.Read(r.Body)
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	return c.inner.Decode(protocol.Response{Status: answer.Status, Header: answer.Header, Body: answer.Body})
}

// Patterns are the paths of Invoke, for http.ServeMux.
func Patterns() []string { return []string{"/2015-03-31/functions/"} }

// Handler serves Invoke with an http.Handler as the function, whatever its name. Limiting and
// decompressing the body is up to the caller.
func Handler(function http.Handler) http.Handler {
	events := functionurl.Handler(function)
	invoke := func(w http.ResponseWriter, r *http.Request) {
		b, err := protocol.ReadBody(r)
		if refusal, ok := errors.AsType[*protocol.Refusal](err); ok {
			refuse(w, refusal.Status, "RequestTooLargeException", refusal.Text)
			return
		}
		if err != nil || !json.Valid(b) {
			refuse(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
			return
		}
		result, err := events.Invoke(r.Context(), b)
		if err != nil {
			w.Header().Set(functionError, "Unhandled")
			// A map of strings always encodes.
			result, _ = json.Marshal(map[string]string{"errorMessage": err.Error(), "errorType": "Error"})
		}
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
		protocol.WriteAnswer(w, http.StatusOK, "application/json", result)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, Patterns()[0]), "/invocations")
		if !ok || name == "" || strings.Contains(name, "/") {
			refuse(w, http.StatusNotFound, "UnknownOperationException", fmt.Sprintf("no such path %q", r.URL.Path))
			return
		}
		protocol.AllowOnly(invoke, func(w http.ResponseWriter, status int, problem string) {
			refuse(w, status, "MethodNotAllowed", problem)
		}, http.MethodPost)(w, r)
	})
}

func refuse(w http.ResponseWriter, status int, kind, problem string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	// A struct of two strings always encodes.
	body, _ := json.Marshal(struct {
		Type    string
		Message string `json:"message"`
	}{"User", problem})
	protocol.WriteAnswer(w, status, "application/json", body)
}
