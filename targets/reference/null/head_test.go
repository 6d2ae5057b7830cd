package null

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

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
		if got, ok := parse([]byte(tc.text)); got != tc.want || ok != tc.ok {
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
		h, ok := parse([]byte(text))
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
		if h, ok := parse(text); !ok || h.length != 600 {
			b.Fatal(h, ok)
		}
	}
}
