package template

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"

	"github.com/google/go-cmp/cmp"
)

func opened(t *testing.T, template protocol.Template) protocol.Protocol {
	t.Helper()
	p, err := Kind().Open(protocol.Config{Template: template})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEncodeIsTheTemplate(t *testing.T) {
	p := opened(t, protocol.Template{Method: "PUT", Path: "/a?b=c", Header: http.Header{"X-A": {"1"}}, Body: []byte("text")})
	got, err := p.Encode("servebench-0", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := protocol.Request{Method: "PUT", Path: "/a?b=c", Header: http.Header{"X-A": {"1"}}, Body: []byte("text")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if _, err := p.Encode("", make([]generators.Example, 1)); err == nil {
		t.Error("a template took an example")
	}
}

func TestEncodeKeepsTheUsersAgent(t *testing.T) {
	p := opened(t, protocol.Template{Method: "GET", Path: "/", Header: http.Header{"User-Agent": {"mine"}}})
	if got, err := p.Encode("", nil); err != nil || got.Header.Get("User-Agent") != "mine" {
		t.Errorf("request %+v, %v, want the user's own User-Agent", got, err)
	}
}

func TestOpenWantsARequest(t *testing.T) {
	if _, err := Kind().Open(protocol.Config{}); err == nil {
		t.Error("a template of nothing was opened")
	}
}

func TestAccepts(t *testing.T) {
	some := []protocol.Statuses{{First: 404, Last: 404}, {First: 300, Last: 399}}
	for _, tt := range []struct {
		statuses []protocol.Statuses
		status   int
		want     bool
	}{
		{nil, 200, true}, {nil, 299, true}, {nil, 300, false}, {nil, 199, false},
		{some, 404, true}, {some, 300, true}, {some, 399, true}, {some, 400, false}, {some, 200, false},
	} {
		p := opened(t, protocol.Template{Method: "GET", Path: "/", Expect: protocol.Expect{Statuses: tt.statuses}})
		if got := p.(protocol.FailureReader).Accepts(tt.status); got != tt.want {
			t.Errorf("status %d of %v: %t, want %t", tt.status, tt.statuses, got, tt.want)
		}
		if _, err := p.Decode(protocol.Response{Status: tt.status}); (err == nil) != tt.want {
			t.Errorf("status %d of %v is decoded with %v", tt.status, tt.statuses, err)
		}
	}
}

func TestDecodeComparesTheBody(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	for _, tt := range []struct{ want, got, text string }{
		{"ok\n", "ok\n", ""},
		{"", "", ""},
		{"ok", "ok\n", `the body differs from byte 2 on: "ok\n" (3 bytes), want "ok" (2 bytes)`},
		{"", "x", `the body differs from byte 0 on: "x" (1 bytes), want "" (0 bytes)`},
		{long, long[:100] + "X" + long[101:], `the body differs from byte 100 on: …"4567890123456789X12345678901234567890123456789012345678901234567"… (200 bytes), want …"4567890123456789012345678901234567890123456789012345678901234567"… (200 bytes)`},
	} {
		p := opened(t, protocol.Template{Method: "GET", Path: "/", Expect: protocol.Expect{Body: &tt.want}})
		reply, err := p.Decode(protocol.Response{Status: 200, Body: []byte(tt.got)})
		var wrong *protocol.WrongAnswerError
		switch {
		case tt.text == "" && (err != nil || !reply.Compared):
			t.Errorf("%q: %+v, %v", tt.got, reply, err)
		case tt.text != "" && (!errors.As(err, &wrong) || err.Error() != tt.text):
			t.Errorf("%q: %v\nwant a wrong answer: %s", tt.got, err, tt.text)
		}
	}
}

// TestBodyLimit tells a body from one that goes on, however much of it is looked at, and
// how long it is.
func TestBodyLimit(t *testing.T) {
	want := "0123456789"
	limit := func(e protocol.Expect) (protocol.Protocol, int) {
		p := opened(t, protocol.Template{Method: "GET", Path: "/", Expect: e})
		return p, p.(protocol.BodyLimiter).BodyLimit()
	}
	if _, n := limit(protocol.Expect{}); n != 0 {
		t.Errorf("%d bytes are looked at where no body is expected", n)
	}
	p, n := limit(protocol.Expect{Body: &want})
	long := want + strings.Repeat("x", 1<<20)
	_, err := p.Decode(protocol.Response{Status: 200, Body: []byte(long[:n]), Length: int64(len(long))})
	if all, _ := p.Decode(protocol.Response{Status: 200, Body: []byte(want)}); !all.Compared || err == nil || !strings.Contains(err.Error(), `xxx"… (1048586 bytes), want "0123456789" (10 bytes)`) {
		t.Errorf("%v, want the length of the whole", err)
	}
}

// TestDecodeTakesAnyBody where none is expected.
func TestDecodeTakesAnyBody(t *testing.T) {
	p := opened(t, protocol.Template{Method: "GET", Path: "/"})
	if reply, err := p.Decode(protocol.Response{Status: 204, Body: []byte("\xff\x00")}); err != nil || len(reply.Answers) != 0 || reply.Compared {
		t.Errorf("reply %+v, %v", reply, err)
	}
}
