package transport

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// ask is a request and what becomes of it.
type ask struct {
	method string // "": GET
	body   string
	status int // 0: an error
	answer string
	err    error  // that the failure has to be; nil: any
	text   string // in the failure's text
}

// ok is a GET that is answered with 200 and a text.
func ok(answer string) ask { return ask{status: 200, answer: answer} }

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// exchanges are the cases that every transport plays over every carrier: what the
// server does on its connections, and what has to come of the requests, one after
// the other.
var exchanges = []struct {
	name    string
	scripts [][]step
	asks    []ask
	dials   int64 // 0: not looked at
	// differs says what net/http does otherwise, for which it is left out.
	differs string
}{
	{
		name:    "keep-alive",
		scripts: [][]step{{asked, says(okay), asked, says(okay), asked, says(okay)}},
		asks:    []ask{ok("ok"), {method: "POST", body: "question", status: 200, answer: "ok"}, ok("ok")},
		dials:   1,
	}, {
		name:    "Connection: close",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), asked, says(okay)}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   2,
	}, {
		name:    "HTTP/1.0, body until the end of the connection",
		scripts: [][]step{{asked, says("HTTP/1.0 200 OK\r\n\r\nlong ", "answer"), hangsUp}},
		asks:    []ask{ok("long answer"), ok("long answer")},
		dials:   2,
	}, {
		name: "HTTP/1.0 with keep-alive",
		scripts: [][]step{{
			asked, says("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"), asked, says(okay),
		}},
		asks:  []ask{ok("ok"), ok("ok")},
		dials: 1,
	}, {
		name:    "HTTP/1.1, body until the end of the connection",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\n\r\nok"), hangsUp}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   2,
	}, {
		name:    "body until the server's half of the connection is closed",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\n\r\nok"), halfCloses}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   2,
	}, {
		name: "chunks, with extensions and a trailer",
		scripts: [][]step{{
			asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n", "0\r\nX-Sum: 5\r\n\r\n"),
			asked, says(okay),
		}},
		asks:  []ask{ok("hello"), ok("ok")},
		dials: 1,
	}, {
		name: "chunks, byte by byte",
		scripts: [][]step{{
			asked, spells("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"),
			asked, says(okay),
		}},
		asks:  []ask{ok("hello, world"), ok("ok")},
		dials: 1,
	}, {
		name: "a long body in long chunks",
		scripts: [][]step{{
			asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + strings.Repeat("x", 100_000) + "\r\n0\r\n\r\n"),
			asked, says(okay),
		}},
		asks:  []ask{ok(strings.Repeat("x", 100_000)), ok("ok")},
		dials: 1,
	}, {
		name:    "chunks that end early",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"), hangsUp}},
		asks:    []ask{{answer: "hel", err: io.ErrUnexpectedEOF}},
	}, {
		name:    "chunks that end early, between two",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n"), hangsUp}},
		asks:    []ask{{answer: "hel", err: io.ErrUnexpectedEOF}},
	}, {
		name:    "a chunk without its size",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n0\r\n\r\n")}},
		asks:    []ask{{}},
	}, {
		name: "interim answers",
		scripts: [][]step{{
			asked, says("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+okay), asked, says(okay),
		}},
		asks:  []ask{{method: "POST", body: "question", status: 200, answer: "ok"}, ok("ok")},
		dials: 1,
	}, {
		name:    "interim answers without end",
		scripts: [][]step{{asked, says(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 50_000))}},
		asks:    []ask{{}},
	}, {
		name:    "another protocol than asked for",
		scripts: [][]step{{asked, says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")}},
		asks:    []ask{{text: "101"}},
		differs: "takes 101 for an answer, whose body is the connection",
	}, {
		name: "answers without a body",
		scripts: [][]step{{
			asked, says("HTTP/1.1 204 No Content\r\n\r\n"),
			asked, says("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
			asked, says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
			asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
			asked, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
			asked, says(okay),
		}},
		asks: []ask{
			{status: 204}, {status: 304}, {method: "HEAD", status: 200}, {method: "HEAD", status: 200}, {status: 200}, ok("ok"),
		},
		dials: 1,
	}, {
		name:    "a failure of the server, and on",
		scripts: [][]step{{asked, says("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno"), asked, says(okay)}},
		asks:    []ask{{status: 500, answer: "no"}, ok("ok")},
		dials:   1,
	}, {
		name: "a compressed body, passed through",
		scripts: [][]step{{
			asked, says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08"),
		}},
		asks: []ask{ok("\x1f\x8b\x08")},
	}, {
		name:    "a reset before the answer",
		scripts: [][]step{{asked, resets}},
		asks:    []ask{{}},
	}, {
		name:    "an end before the answer",
		scripts: [][]step{{asked, hangsUp}},
		asks:    []ask{{err: io.EOF}},
	}, {
		name:    "an end within the head",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nContent-"), hangsUp}},
		asks:    []ask{{}},
	}, {
		name:    "a body that ends early, and on",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), hangsUp}, {asked, says(okay)}},
		asks:    []ask{{answer: "ok", err: io.ErrUnexpectedEOF}, ok("ok")},
		dials:   2,
	}, {
		name:    "bytes behind the body",
		scripts: [][]step{{asked, says(okay + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")}, {asked, says(okay)}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   2,
	}, {
		name:    "two lengths",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok")}},
		asks:    []ask{{text: "Content-Length"}},
	}, {
		name:    "one length twice",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")}},
		asks:    []ask{ok("ok")},
	}, {
		name:    "a negative length",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok")}},
		asks:    []ask{{text: "Content-Length"}},
	}, {
		name: "a length and chunks: the chunks count",
		scripts: [][]step{
			{asked, says("HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), asked},
			{asked, says(okay)},
		},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   2,
		differs: "uses the connection again, against RFC 9112, 6.3",
	}, {
		name:    "an encoding nobody asked for",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")}},
		asks:    []ask{{text: "gzip"}},
	}, {
		name:    "a very long head",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 500_000) + "\r\nContent-Length: 2\r\n\r\nok"), asked, says(okay)}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   1,
	}, {
		name:    "a head without end",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 3<<20))}},
		asks:    []ask{{}},
	}, {
		name:    "a head byte by byte",
		scripts: [][]step{{asked, spells(okay), asked, spells(okay)}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   1,
	}, {
		name:    "lines that end with LF alone, and one that continues",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\nX-A: a\n  b\nContent-Length: 2\n\nok"), asked, says(okay)}},
		asks:    []ask{ok("ok"), ok("ok")},
		dials:   1,
	}, {
		name:    "no HTTP",
		scripts: [][]step{{asked, says("220 mail.example ESMTP\r\n\r\n")}},
		asks:    []ask{{text: "malformed"}},
	}, {
		name:    "a field without a colon",
		scripts: [][]step{{asked, says("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n")}},
		asks:    []ask{{text: "malformed"}},
	}, {
		name:    "an early answer, the connection open",
		scripts: [][]step{{begun, says("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")}, {asked, says(okay)}},
		asks:    []ask{{method: "POST", body: strings.Repeat("x", 16<<20), status: 413, answer: "no"}, ok("ok")},
		dials:   2,
	}, {
		name:    "an early answer, and the end",
		scripts: [][]step{{begun, says("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"), halfCloses}, {asked, says(okay)}},
		asks:    []ask{{method: "POST", body: strings.Repeat("x", 16<<20), status: 413, answer: "no"}, ok("ok")},
		dials:   2,
	}, {
		name:    "a long request, read whole",
		scripts: [][]step{{asked, says(okay), asked, says(okay)}},
		// The connection is used again if it is known early enough that all was sent.
		asks: []ask{{method: "POST", body: strings.Repeat("x", 4<<20), status: 200, answer: "ok"}, ok("ok")},
	}, {
		name:    "a request that was read, and dropped, on a connection that had been idle",
		scripts: [][]step{{asked, says(okay), asked, hangsUp}, {asked, says(okay)}},
		asks:    []ask{ok("ok"), {err: io.EOF}, ok("ok")},
		dials:   2,
	}, {
		name:    "a long one, of which the server read the beginning",
		scripts: [][]step{{asked, says(okay), begun, hangsUp}, {asked, says(okay)}},
		asks:    []ask{ok("ok"), {method: "PUT", body: strings.Repeat("x", 100_000)}, ok("ok")},
		dials:   2,
	},
}

func TestExchanges(t *testing.T) {
	for _, e := range exchanges {
		t.Run(e.name, func(t *testing.T) {
			for _, by := range carriers() {
				if by.standard && e.differs != "" {
					continue
				}
				t.Run(by.name, func(t *testing.T) {
					t.Parallel()
					endpoint := newScripted(e.scripts...).serve(t, by)
					tr := by.dial(t, endpoint, nil)
					for i, a := range e.asks {
						a.play(t, i, tr, message(t, endpoint, a.method, a.body))
					}
					stats := tr.Stats()
					if e.dials > 0 && stats.Dials != e.dials || stats.Retries != 0 {
						t.Errorf("%+v, want %d dials and no retry", stats, e.dials)
					}
				})
			}
		})
	}
}

// play sends the request and holds what comes to what should.
func (a ask) play(t *testing.T, i int, tr Sender, m *Message) {
	t.Helper()
	a.playUnder(t.Context(), t, i, tr, m)
}

func (a ask) playUnder(ctx context.Context, t *testing.T, i int, tr Sender, m *Message) {
	t.Helper()
	o, err := send(ctx, tr, m)
	switch {
	case a.status == 0 && err == nil:
		t.Fatalf("request %d: answered with %s and %.50q, want a failure", i, o.Reason, o.Body)
	case a.status == 0:
		if a.err != nil && !errors.Is(err, a.err) || !strings.Contains(err.Error(), a.text) {
			t.Fatalf("request %d: failed with %v, want %v %s", i, err, a.err, a.text)
		}
		if string(o.Body) != a.answer {
			t.Fatalf("request %d: %.50q before the failure, want %.50q", i, o.Body, a.answer)
		}
	case err != nil:
		t.Fatalf("request %d: %v, want status %d", i, err, a.status)
	case o.Status != a.status || string(o.Body) != a.answer || o.Length != int64(len(a.answer)):
		t.Fatalf("request %d: %s and %.50q of %d bytes, want %d and %.50q", i, o.Reason, o.Body, o.Length, a.status, a.answer)
	}
}
