// Package api speaks with the API server of a kubeconfig's context, in JSON over client-go's
// connection, which knows kubeconfigs, their credentials and those of a pod. The typed
// clients are left out: they would double servebench's size.
package api

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"servebench/targets"

	"k8s.io/client-go/rest"
)

// requestTime bounds a request, and of a watch the time until its answer begins.
const requestTime = 20 * time.Second

// Client asks the API server of a kubeconfig's context, with the rights of its user. It is
// safe for concurrent use.
type Client struct {
	Context   string   // its name, for people
	IsDefault bool     // nobody named it: it is the one that make kubernetes starts here
	Files     []string // the kubeconfigs that it is looked up in
	URL       string   // of the API server, without a trailing slash
	// Socket is that of the containerd of a node that is this machine, which images can be
	// put into directly; "": there is none.
	Socket string
	Config *rest.Config
	http   *http.Client
	ahead  atomic.Int64 // of the API server's clock before this machine's, in nanoseconds
}

// Path is the path of objects of a namespace ("": of none), or of one of them: kind is
// "deployments.apps/v1" or "pods".
func Path(kind, namespace string, name ...string) string {
	resource, group, grouped := strings.Cut(kind, ".")
	path := "/api/v1"
	if grouped {
		path = "/apis/" + group
	}
	if namespace != "" {
		path += "/namespaces/" + namespace
	}
	return strings.Join(append([]string{path, resource}, name...), "/")
}

// Now is the time by the API server's clock, as far as an answer of it has told.
func (c *Client) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// The types of bodies of requests.
const (
	plainJSON  = "application/json"
	mergePatch = "application/merge-patch+json"
)

// Get decodes the answer into out, unless that is nil.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, out)
}

// Create makes the object that body is, and decodes the one that was made into out, unless
// that is nil.
func (c *Client) Create(ctx context.Context, path string, body, out any) error {
	return c.call(ctx, http.MethodPost, path, nil, body, out)
}

// Patch merges body into an object, as RFC 7396 has it, and decodes what it is then into out,
// unless that is nil.
func (c *Client) Patch(ctx context.Context, path string, body, out any) error {
	return c.call(ctx, http.MethodPatch, path, nil, body, out)
}

// Remove deletes an object, or with a query all that it selects. What is gone already is no
// error.
func (c *Client) Remove(ctx context.Context, path string, query url.Values, options map[string]any) error {
	err := c.call(ctx, http.MethodDelete, path, query, options, nil)
	if IsStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}

func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	answer, err := c.Send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, answer.Body)
	} else {
		err = json.NewDecoder(answer.Body).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("read the API server's answer to %s %s: %w", method, path, err)
	}
	return nil
}

// errSilent says that no answer began in time.
var errSilent = fmt.Errorf("no answer within %s", requestTime)

// Send sends a request and returns an answer of 2xx, whose body is the caller's to close.
func (c *Client) Send(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var content io.Reader
	kind := plainJSON
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	if method == http.MethodPatch {
		kind = mergePatch
	}
	full := c.URL + path
	if len(query) > 0 {
		full += "?" + query.Encode()
	}
	within, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(requestTime, func() { cancel(errSilent) })
	defer late.Stop() // the body may take as long as it wants
	request, err := http.NewRequestWithContext(within, method, full, content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", plainJSON)
	answer, err := c.http.Do(request)
	if err != nil {
		switch cause := context.Cause(within); {
		case errors.Is(cause, context.Canceled):
			return nil, cause
		case errors.Is(cause, errSilent):
			err = cause
		}
		cancel(nil)
		if _, other := errors.AsType[x509.HostnameError](err); other {
			err = errOther
		}
		return nil, &Unreachable{c.URL, targets.Explain(err)}
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		c.ahead.Store(int64(time.Until(date)))
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		return nil, readRefusal(answer)
	}
	return answer, nil
}

// errOther says that the certificate that was shown is for other names.
var errOther = errors.New("what answers there has a certificate for other names: another server (the kubeconfig's tls-server-name says which name to expect)")

// Unreachable says that the API server gave no answer.
type Unreachable struct {
	url string
	err error
}

func (u *Unreachable) Error() string {
	return fmt.Sprintf("the API server %s cannot be reached: %v", u.url, u.err)
}
func (u *Unreachable) Unwrap() error { return u.err }

// Refusal is what the API server says of a request that it refuses, a Status of the API.
type Refusal struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Details struct {
		Causes []struct {
			Reason string `json:"reason"`
		} `json:"causes"`
	} `json:"details"`
}

func readRefusal(answer *http.Response) error {
	const most = 64 << 10
	text, _ := io.ReadAll(io.LimitReader(answer.Body, most)) // what there is of it
	r := &Refusal{}
	if json.Unmarshal(text, r) != nil || r.Message == "" {
		r.Message = targets.Answer(answer.Status, answer.Header, text)
	}
	r.Code = answer.StatusCode
	return r
}

func (r *Refusal) Error() string {
	for _, cause := range r.Details.Causes {
		if cause.Reason == "NamespaceTerminating" {
			return "the namespace is being removed (NamespaceTerminating): " + r.Message
		}
	}
	switch {
	case r.Code == http.StatusUnauthorized:
		return "the API server does not accept the context's credentials (status 401): " + r.Message
	case r.Code == http.StatusForbidden && strings.Contains(r.Message, "exceeded quota"):
		return "a quota of the namespace is too small: " + r.Message
	case r.Code == http.StatusForbidden:
		return "the context's user has no right to do it: " + r.Message
	}
	return fmt.Sprintf("the API server refuses it (status %d): %s", r.Code, r.Message)
}

// IsStatus reports whether the API server answered with that status.
func IsStatus(err error, status int) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && r.Code == status
}

// watchPause is how long to wait before a watch that ended is begun again.
const watchPause = 200 * time.Millisecond

// Watch calls each with what happens to the objects that the path and the query name, first
// with those that are there, until ctx ends. It is begun again where the API server ends it,
// with those that are there then. It returns why there is none, once the first answer came.
func (c *Client) Watch(ctx context.Context, path string, query url.Values, each func(Change)) error {
	watching := url.Values{"watch": {"1"}}
	maps.Copy(watching, query)
	answer, err := c.Send(ctx, http.MethodGet, path, watching, nil)
	if err != nil {
		return err
	}
	go func() {
		for {
			decoder := json.NewDecoder(answer.Body)
			for {
				var is Change
				if decoder.Decode(&is) != nil {
					break
				}
				if is.Type != "ERROR" {
					each(is)
				}
			}
			answer.Body.Close()
			for {
				select {
				case <-ctx.Done():
					return
				case <-time.After(watchPause):
				}
				if answer, err = c.Send(ctx, http.MethodGet, path, watching, nil); err == nil {
					break
				}
			}
		}
	}()
	return nil
}

// Change is an event of a watch.
type Change struct {
	Type   string // ADDED, MODIFIED, DELETED
	Object json.RawMessage
}

// Conditions are what an object of the API says of itself.
type Conditions []struct{ Type, Status, Reason, Message string }

// Of is the condition of that type; "": there is none.
func (all Conditions) Of(name string) (status, reason, message string) {
	for _, c := range all {
		if c.Type == name {
			return c.Status, c.Reason, c.Message
		}
	}
	return "", "", ""
}
