package corpus

import (
	"net/http"
	"testing"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/targets/protocol"
)

// written is a protocol of one request, answered with a teapot.
type written struct{}

func (written) Encode(string, []generators.Example) (protocol.Request, error) {
	return protocol.Request{Method: http.MethodGet, Path: "/pot"}, nil
}

func (written) Accepts(status int) bool { return status == http.StatusTeapot }

func (written) Failure(r protocol.Response) protocol.Failure {
	if reason := r.Trailer.Get("Reason"); reason != "" {
		return protocol.Failure{Class: "kettle", Text: reason, Status: 503}
	}
	return protocol.Failure{}
}

func (written) Decode(r protocol.Response) (protocol.Reply, error) {
	if string(r.Body) != "tea" {
		return protocol.Reply{}, &protocol.WrongAnswerError{Text: "no tea"}
	}
	return protocol.Reply{Compared: true}, nil
}

func TestFixed(t *testing.T) {
	c, err := Fixed(written{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 1 || c.Request(0).Wire().Path != "/pot" || len(c.Hash()) != 64 {
		t.Errorf("%d requests, the first to %s, hash %q", c.Len(), c.Request(0).Wire().Path, c.Hash())
	}
	if c.Accepts(http.StatusOK) || !c.Accepts(http.StatusTeapot) {
		t.Error("the protocol decides which statuses are right")
	}
	right := protocol.Response{Status: http.StatusTeapot, Body: []byte("tea")}
	if got := c.Request(0).Check(right); got != (Judgement{Answers: record.Answers{Checked: 1, Agreed: 1}}) {
		t.Errorf("outcome %+v of the right answer", got)
	}
	right.Trailer = http.Header{"Reason": {"no water"}} // though the body is that of before
	if got := c.Request(0).Check(right); got != (Judgement{Class: "kettle", Text: "no water", Status: 503}) {
		t.Errorf("outcome %+v of a failure that the trailer tells of", got)
	}
	wrong := protocol.Response{Status: http.StatusTeapot, Body: []byte("coffee")}
	if got := c.Request(0).Check(wrong); got != (Judgement{Class: WrongAnswer, Text: "no tea", Answers: record.Answers{Checked: 1}}) {
		t.Errorf("outcome %+v of a wrong answer", got)
	}
}

func TestAcceptsSuccessAlone(t *testing.T) {
	c := Corpus{protocol: nil}
	for status, want := range map[int]bool{199: false, 200: true, 299: true, 302: false, 404: false, 500: false} {
		if got := c.Accepts(status); got != want {
			t.Errorf("status %d: %t, want %t", status, got, want)
		}
	}
}
