package transport

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestRequestOnTheWire looks at what the server reads.
func TestRequestOnTheWire(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
		r.Host = "model.example"
		r.Header.Set("Content-Type", "application/json")
		r.Header["X-Many"] = []string{"a", "b"}
		answered(t, tr, r)

		m, err := NewMessage(r, []byte("question"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := tr.Send(r.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		io.ReadAll(response.Body)
		response.Body.Close()

		unknown := r.WithContext(r.Context())
		unknown.ContentLength, unknown.Body = 0, io.NopCloser(strings.NewReader("question"))
		(ask{status: 200, answer: "ok"}).play(t, 0, tr, unknown)

		for i, got := range s.requests() {
			body, _ := io.ReadAll(got.Body)
			if got.Method != "POST" || got.RequestURI != "/path?x=1" || string(body) != "question" {
				t.Errorf("request %d: %s %s %q, want POST /path?x=1 and the question", i, got.Method, got.RequestURI, body)
			}
			if got.Host != "model.example" || got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("request %d: host %s, header %v", i, got.Host, got.Header)
			}
			if strings.Join(got.Header["X-Many"], " ") != "a b" {
				t.Errorf("request %d: header %v, want two of X-Many", i, got.Header)
			}
			if want := map[bool]int64{false: 8, true: -1}[i == 2]; got.ContentLength != want {
				t.Errorf("request %d: Content-Length %d, want %d", i, got.ContentLength, want)
			}
		}
	})
}

// TestRequestEndsItsConnection says so in a header, which the server passes over in
// its answer. net/http knows it by Request.Close alone.
func TestRequestEndsItsConnection(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
		r.Header.Set("Connection", "close")
		_, r.Close = tr.(*standard)
		answered(t, tr, r)
		answered(t, tr, r)
		if stats := tr.Stats(); stats.Dials != 2 || stats.Retries != 0 {
			t.Errorf("%+v, want a connection for each request, and nothing sent again", stats)
		}
	})
}

// TestRequestsThatCannotBeSent must not reach the wire, where they could be read as
// something else.
func TestRequestsThatCannotBeSent(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"method": func(r *http.Request) { r.Method = "GET /" },
		"host":   func(r *http.Request) { r.Host = "a b" },
		"path":   func(r *http.Request) { r.URL.Opaque = "/a b" },
		"name":   func(r *http.Request) { r.Header["A: b\r\nC"] = []string{"d"} },
		"value":  func(r *http.Request) { r.Header["A"] = []string{"b\r\nC: d"} },
	} {
		t.Run(name, func(t *testing.T) {
			target, err := url.Parse("http://127.0.0.1:1/")
			if err != nil {
				t.Fatal(err)
			}
			r := &http.Request{Method: "POST", URL: target, Header: http.Header{}}
			change(r)
			if _, err := NewMessage(r, nil); err == nil {
				t.Error("no error")
			}
		})
	}
}

// TestBodyOfAnotherLength announces more, and less, than there is, in requests short
// and long.
func TestBodyOfAnotherLength(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		for _, length := range []int{10, 100_000} {
			for _, wrong := range []int{-1, 1} {
				r.Body, r.GetBody = io.NopCloser(bytes.NewReader(make([]byte, length+wrong))), nil
				r.ContentLength = int64(length)
				if response, err := tr.RoundTrip(r); err == nil {
					response.Body.Close()
					t.Errorf("%d bytes of %d: answered, want an error", length+wrong, length)
				}
			}
		}
	})
}

// TestHeader looks at what a response says, which is shared by those that begin with
// the same bytes.
func TestHeader(t *testing.T) {
	text := "HTTP/1.1 200 Fine with me\r\nx-a:  1 \r\nX-A: 2\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n"
	each(t, nil, [][]step{{asked, says(text), asked, says(text)}}, func(t *testing.T, tr Transport, _ *scripted, r *http.Request) {
		m, err := NewMessage(r, []byte("question"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			response, err := tr.Send(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			if _, announced := response.Trailer["X-Sum"]; !announced || response.Trailer.Get("X-Sum") != "" {
				t.Errorf("trailer %v before the body, want X-Sum announced", response.Trailer)
			}
			io.ReadAll(response.Body)
			response.Body.Close()
			if got := response.Header; len(got) != 2 || strings.Join(got["X-A"], " ") != "1 2" || got.Get("Content-Type") != "text/plain" {
				t.Errorf("header %v", got)
			}
			if response.Status != "200 Fine with me" || response.ContentLength != -1 || len(response.TransferEncoding) != 1 {
				t.Errorf("%s, length %d, encoding %v", response.Status, response.ContentLength, response.TransferEncoding)
			}
			if got := response.Trailer; len(got) != 2 || got.Get("X-Sum") != "7" || got.Get("X-More") != "8" {
				t.Errorf("trailer %v", got)
			}
		}
	})
}

// TestClientsSayTheSame holds the clients to the same fields on the wire, whatever a
// header says of those that a client might write itself.
func TestClientsSayTheSame(t *testing.T) {
	for name, c := range map[string]struct{ header, want http.Header }{
		"nothing":             {http.Header{}, http.Header{"User-Agent": {"servebench"}}},
		"an agent":            {http.Header{"User-Agent": {"me/1"}}, http.Header{"User-Agent": {"me/1"}}},
		"no agent":            {http.Header{"User-Agent": {""}}, http.Header{}},
		"no value of a field": {http.Header{"Accept": {""}, "User-Agent": {""}}, http.Header{"Accept": {""}}},
		"no encoding":         {http.Header{"Accept-Encoding": {""}, "User-Agent": {""}}, http.Header{"Accept-Encoding": {""}}},
		"an encoding":         {http.Header{"Accept-Encoding": {"gzip"}, "User-Agent": {""}}, http.Header{"Accept-Encoding": {"gzip"}}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
				r.Method, r.Header = "GET", c.header
				m, err := NewMessage(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				response, err := tr.Send(r.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				r.Body, r.GetBody, r.ContentLength = nil, nil, 0
				ask{status: 200, answer: "ok"}.play(t, 0, tr, r)
				for _, got := range s.requests() {
					if !maps.EqualFunc(got.Header, c.want, slices.Equal) {
						t.Errorf("header %v, want %v", got.Header, c.want)
					}
				}
			})
		})
	}
}

// TestNewConnectionPerRequest sends messages that end their connections, which is
// said to the server.
func TestNewConnectionPerRequest(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Transport, s *scripted, r *http.Request) {
		r.Close = true
		m, err := NewMessage(r, []byte("question"))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			response, err := tr.Send(r.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		if dials := tr.Stats().Dials; dials != 3 {
			t.Errorf("%d dials, want 3", dials)
		}
		for _, got := range s.requests() {
			if !got.Close {
				t.Errorf("header %v, want Connection: close", got.Header)
			}
		}
	})
}
