package transport

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/protocol"
)

// TestRequestOnTheWire looks at what the server reads.
func TestRequestOnTheWire(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Sender, s *scripted, _ *Message) {
		header := http.Header{"Host": {"model.example"}, "Content-Type": {"application/json"}, "X-Many": {"a", "b"}}
		m := lay(t, s.endpoint, protocol.Request{Method: "POST", Path: "/path?x=1", Header: header, Body: []byte("question")}, false)
		answered(t, tr, m)
		answered(t, tr, m)
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
			if got.ContentLength != 8 {
				t.Errorf("request %d: Content-Length %d, want 8", i, got.ContentLength)
			}
		}
	})
}

// TestRequestEndsItsConnection says so in a header, which the server passes over in
// its answer. net/http knows it by Request.Close alone.
func TestRequestEndsItsConnection(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Sender, s *scripted, _ *Message) {
		_, standard := tr.(*standard)
		m := lay(t, s.endpoint, protocol.Request{Method: "POST", Path: "/", Header: http.Header{"Connection": {"close"}}}, standard)
		answered(t, tr, m)
		answered(t, tr, m)
		if stats := tr.Stats(); stats.Dials != 2 || stats.Retries != 0 {
			t.Errorf("%+v, want a connection for each request, and nothing sent again", stats)
		}
	})
}

// TestRequestsThatCannotBeSent must not reach the wire, where they could be read as
// something else.
func TestRequestsThatCannotBeSent(t *testing.T) {
	for name, r := range map[string]protocol.Request{
		"method": {Method: "GET /"},
		"host":   {Method: "POST", Header: http.Header{"Host": {"a b"}}},
		"path":   {Method: "POST", Path: "?a b"},
		"name":   {Method: "POST", Header: http.Header{"A: b\r\nC": {"d"}}},
		"value":  {Method: "POST", Header: http.Header{"A": {"b\r\nC: d"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewMessage("http://127.0.0.1:1", r, false, targets.Credentials{}); err == nil || !strings.Contains(err.Error(), "want") {
				t.Errorf("%v, want what is wrong", err)
			}
		})
	}
}

// TestHeader looks at what an answer says, which is shared by those that begin with
// the same bytes.
func TestHeader(t *testing.T) {
	text := "HTTP/1.1 200 Fine with me\r\nx-a:  1 \r\nX-A: 2\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n"
	each(t, nil, [][]step{{asked, says(text), asked, says(text)}}, func(t *testing.T, tr Sender, _ *scripted, m *Message) {
		for range 2 {
			o, err := send(t.Context(), tr, m)
			if err != nil {
				t.Fatal(err)
			}
			if len(o.Header) != 2 || strings.Join(o.Header["X-A"], " ") != "1 2" || o.Header.Get("Content-Type") != "text/plain" {
				t.Errorf("header %v", o.Header)
			}
			if o.Status != 200 || o.Reason != "200 Fine with me" {
				t.Errorf("%d %s", o.Status, o.Reason)
			}
			if len(o.Trailer) != 2 || o.Trailer.Get("X-Sum") != "7" || o.Trailer.Get("X-More") != "8" {
				t.Errorf("trailer %v", o.Trailer)
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
			each(t, nil, [][]step{{asked, says(okay)}}, func(t *testing.T, tr Sender, s *scripted, _ *Message) {
				answered(t, tr, lay(t, s.endpoint, protocol.Request{Method: "GET", Path: "/", Header: c.header}, false))
				if got := s.requests()[0].Header; !maps.EqualFunc(got, c.want, slices.Equal) {
					t.Errorf("header %v, want %v", got, c.want)
				}
			})
		})
	}
}

// TestNewConnectionPerRequest sends messages that end their connections, which is
// said to the server.
func TestNewConnectionPerRequest(t *testing.T) {
	each(t, nil, [][]step{{asked, says(okay), asked, says(okay)}}, func(t *testing.T, tr Sender, s *scripted, _ *Message) {
		m := lay(t, s.endpoint, protocol.Request{Method: "POST", Path: "/", Body: []byte("question")}, true)
		for range 3 {
			answered(t, tr, m)
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
