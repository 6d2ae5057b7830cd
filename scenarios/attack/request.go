package attack

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"servebench/scenarios/corpus"
	"servebench/targets/protocol"
)

// template is a request of the corpus, prepared so that sending it costs no
// more than a shallow copy.
type template struct {
	request *http.Request // without context and body
	body    []byte
}

// newTemplates prepares the requests of a corpus for the server at base.
func newTemplates(c *corpus.Corpus, base string) ([]template, error) {
	urls := make(map[string]*url.URL)
	templates := make([]template, c.Len())
	for i := range templates {
		request := c.Request(i)
		target, ok := urls[request.Path]
		if !ok {
			var err error
			if target, err = parseURL(base + request.Path); err != nil {
				return nil, fmt.Errorf("prepare request %d: %w", i, err)
			}
			urls[request.Path] = target
		}
		templates[i] = newTemplate(request, target)
	}
	return templates, nil
}

func parseURL(raw string) (*url.URL, error) {
	target, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return nil, fmt.Errorf("URL %q: want http://HOST… or https://HOST…", raw)
	}
	return target, nil
}

// idempotencyKey tells net/http that a request may be sent again when the server
// had closed the idle connection, which prediction requests may; an empty value
// is not sent on the wire (see net/http.Transport).
const idempotencyKey = "Idempotency-Key"

func newTemplate(r protocol.Request, target *url.URL) template {
	header := r.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if _, ok := header[idempotencyKey]; !ok {
		header[idempotencyKey] = []string{}
	}
	return template{
		body: r.Body,
		request: &http.Request{
			Method:        r.Method,
			URL:           target,
			Host:          target.Host,
			Header:        header,
			ContentLength: int64(len(r.Body)),
			// For the transport to send the request again.
			GetBody: func() (io.ReadCloser, error) { return newBody(r.Body), nil },
		},
	}
}

// newBody returns a body that the transport may still read from when the answer
// is already there, so it is made anew for every request.
func newBody(content []byte) io.ReadCloser {
	if len(content) == 0 {
		return http.NoBody
	}
	return io.NopCloser(bytes.NewReader(content))
}
