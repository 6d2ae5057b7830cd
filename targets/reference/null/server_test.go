package null

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// started serves answers of so many bytes until the test ends, and checks that the
// server ends without an error.
func started(t *testing.T, body int) net.Addr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(body).Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return listener.Addr()
}

func TestAnswersNetHTTP(t *testing.T) {
	url := "http://" + started(t, Body).String() + "/any"
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	for _, tc := range []struct {
		method, body string
		length       int
	}{
		{"GET", "", Body},
		{"POST", strings.Repeat("b", 600), Body},
		{"PUT", strings.Repeat("b", 5*bufferSize), Body},
		{"HEAD", "", 0},
		{"GET", "", Body},
	} {
		request, err := http.NewRequest(tc.method, url, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", tc.method, err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || len(text) != tc.length {
			t.Errorf("%s: %s, %d bytes, %v; want 200 and %d bytes", tc.method, resp.Status, len(text), err, tc.length)
		}
	}
}

// exchange sends the parts one by one and returns all that the server says until
// it ends the connection.
func exchange(t *testing.T, address net.Addr, parts ...string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, part := range parts {
		if _, err := io.WriteString(conn, part); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := io.ReadAll(conn) // a reset ends it as well
	return string(text)
}

func TestEndsConnections(t *testing.T) {
	address := started(t, 3)
	for name, tc := range map[string]struct {
		parts []string
		ends  string
		count int
	}{
		"close":     {[]string{"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"}, "Connection: close\r\n\r\nxxx", 1},
		"old":       {[]string{"GET / HTTP/1.0\r\n\r\n"}, "Connection: close\r\n\r\nxxx", 1},
		"split":     {[]string{"POST / HTTP/1.1\r\nContent-Le", "ngth: 4\r\nConnection: close\r\n\r", "\nab", "cd"}, "xxx", 1},
		"pipelined": {[]string{"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\nConnection: close\r\n\r\n"}, "xxx", 2},
		"malformed": {[]string{"nonsense\r\n\r\n"}, refusal, 1},
		"too long":  {[]string{"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", bufferSize-len("GET / HTTP/1.1\r\nX: "))}, refusal, 1},
	} {
		t.Run(name, func(t *testing.T) {
			said := exchange(t, address, tc.parts...)
			if !strings.HasSuffix(said, tc.ends) || strings.Count(said, "HTTP/1.1 ") != tc.count {
				t.Errorf("the server says %q, want %d answers and the end %q", said, tc.count, tc.ends)
			}
		})
	}
}

func TestServeSaysWhyItEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := New(0).Serve(t.Context(), listener); err == nil || !strings.Contains(err.Error(), "accept on 127.0.0.1:") {
		t.Errorf("Serve on a closed listener: %v", err)
	}
}

// BenchmarkAnswer is one request and its answer over loopback.
func BenchmarkAnswer(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go New(Body).Serve(b.Context(), listener)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	reader, request := bufio.NewReader(conn), []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(reader, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		text string
		want head
		ok   bool
	}{
		{"GET / HTTP/1.1\r\nHost: a", head{}, true},
		{"POST /x HTTP/1.1\r\nHost: a\r\ncontent-length: 600", head{length: 600}, true},
		{"HEAD / HTTP/1.1", head{bodiless: true}, true},
		{"GET / HTTP/1.1\r\nConnection: Close", head{closes: true}, true},
		{"GET / HTTP/1.0", head{closes: true}, true},
		{"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5", head{length: 5}, true},
		{"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6", head{}, false},
		{"POST / HTTP/1.1\r\nContent-Length: -1", head{}, false},
		{"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999", head{}, false},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked", head{}, false},
		{"GET / HTTP/2.0", head{}, false},
		{"GET /", head{}, false},
		{" / HTTP/1.1", head{}, false},
		{"GET / HTTP/1.1\r\nno colon", head{}, false},
		{"GET / HTTP/1.1\r\nHost : a", head{}, false},
		{"", head{}, false},
	} {
		if got, ok := parseHead([]byte(tc.text)); got != tc.want || ok != tc.ok {
			t.Errorf("parse(%q) = %+v, %t; want %+v, %t", tc.text, got, ok, tc.want, tc.ok)
		}
	}
}

// FuzzParse compares with net/http: of a head that both accept, both know the
// same length of the body, so that a connection cannot fall out of step.
func FuzzParse(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: a")
	f.Add("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close")
	f.Add("POST / HTTP/1.0\r\nContent-Length: 5\r\ncontent-length:5")
	f.Fuzz(func(t *testing.T, text string) {
		h, ok := parseHead([]byte(text))
		if !ok || strings.Contains(text, "\r\n\r\n") {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewBufferString(text + "\r\n\r\n")))
		if err != nil || strings.Contains(text, "\n") && strings.Count(text, "\n") != strings.Count(text, "\r\n") {
			return
		}
		if r.ContentLength != h.length {
			t.Errorf("%q: length %d, net/http says %d", text, h.length, r.ContentLength)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte("POST /v2/models/credit/infer HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: servebench\r\nContent-Type: application/json\r\nContent-Length: 600")
	b.ReportAllocs()
	for b.Loop() {
		if h, ok := parseHead(text); !ok || h.length != 600 {
			b.Fatal(h, ok)
		}
	}
}
