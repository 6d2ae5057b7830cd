package attack

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/targets/protocol"
)

// request is a request of the corpus, laid out for sending.
type request struct {
	message *transport.Message
	method  string
	url     string
	length  int // of the body
}

// newRequests lays out the requests of a corpus for the server at base. Each is the
// last on its connection where last says so.
func newRequests(c *corpus.Corpus, base string, last bool) ([]request, error) {
	urls := make(map[string]*url.URL)
	requests := make([]request, c.Len())
	for i := range requests {
		r := c.Request(i)
		target, ok := urls[r.Path]
		if !ok {
			var err error
			if target, err = parseURL(base + r.Path); err != nil {
				return nil, fmt.Errorf("prepare request %d: %w", i, err)
			}
			urls[r.Path] = target
		}
		message, err := newMessage(r, target, last)
		if err != nil {
			return nil, fmt.Errorf("prepare request %d: %w", i, err)
		}
		requests[i] = request{message: message, method: r.Method, url: target.String(), length: len(r.Body)}
	}
	return requests, nil
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

func newMessage(r protocol.Request, target *url.URL, last bool) (*transport.Message, error) {
	host := cmp.Or(r.Header.Get("Host"), target.Host) // which net/http leaves out of a header
	return transport.NewMessage(&http.Request{Method: r.Method, URL: target, Host: host, Header: r.Header, Close: last}, r.Body)
}
