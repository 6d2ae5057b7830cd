package service_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// streamed invokes the function by AWS's client for a stream, has something done
// at its first piece, and returns the pieces together and what ended them.
func streamed(t *testing.T, f *fixture, want request, first func()) (string, types.InvokeWithResponseStreamCompleteEvent) {
	t.Helper()
	body, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	out, err := sdk(f).InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{
		FunctionName: aws.String("test"), Payload: body, LogType: types.LogTypeTail,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer out.GetStream().Close()
	if out.StatusCode != 200 || aws.ToString(out.ExecutedVersion) != "$LATEST" || aws.ToString(out.ResponseStreamContentType) != "application/vnd.amazon.eventstream" {
		t.Errorf("output %+v", out)
	}
	var text strings.Builder
	var complete *types.InvokeWithResponseStreamCompleteEvent
	for event := range out.GetStream().Events() {
		switch e := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			if text.Len() == 0 && first != nil {
				first()
			}
			text.Write(e.Value.Payload)
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			complete = &e.Value
		}
	}
	if err := out.GetStream().Err(); err != nil {
		t.Fatal(err)
	}
	if complete == nil {
		t.Fatalf("after %q nothing says that this was all", text.String())
	}
	return text.String(), *complete
}

// A function's stream arrives as it is written, whole, and with its log.
func TestSDKStreams(t *testing.T) {
	f := serve(t, config("reader"))
	gate := make(chan struct{})
	gatekeeper := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gate }))
	defer gatekeeper.Close()
	// The function waits until its first word has arrived.
	text, complete := streamed(t, f, request{Do: "gate", Text: gatekeeper.URL}, func() { close(gate) })
	if text != "one two" || complete.ErrorCode != nil || complete.ErrorDetails != nil {
		t.Errorf("streamed %q, %+v", text, complete)
	}
	if log, err := base64.StdEncoding.DecodeString(aws.ToString(complete.LogResult)); err != nil || !strings.Contains(string(log), "REPORT RequestId: ") {
		t.Errorf("log %q, %v", log, err)
	}
	if text, complete := streamed(t, f, request{Do: "large", Size: 20 << 20}, nil); len(text) != 20<<20+len("one two") || aws.ToString(complete.ErrorCode) != "" {
		t.Errorf("streamed %d bytes, %+v", len(text), complete)
	}
	f = serve(t, config("deeds")) // which answers in one piece
	text, complete = streamed(t, f, request{Text: "hello"}, nil)
	var said reply
	if err := json.Unmarshal([]byte(text), &said); err != nil || said.Text != "hello" || aws.ToString(complete.ErrorCode) != "" {
		t.Errorf("streamed %q, %v, %+v", text, err, complete)
	}
	f.until("all is billed", func() bool { return f.meter("invocations") == 1 })
}

// An error ends a stream, before its first piece or amid it, and says what went
// wrong.
func TestSDKSeesStreamsFail(t *testing.T) {
	c := config("reader")
	c.Timeout = 2 * time.Second
	f := serve(t, c)
	arrived := make(chan struct{})
	gatekeeper := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-arrived }))
	defer gatekeeper.Close()
	broken, why := "errorString", "oh dear"
	if os.Getenv(adapterKey) != "" { // a server can only break off
		broken, why = "Server.NoAnswer", "the server gave no whole answer: unexpected EOF"
	}
	for _, tc := range []struct {
		want             request
		text, kind, says string
	}{
		{request{Do: "fail first", Text: "oh no"}, "", "errorString", "oh no"},
		{request{Do: "fail", Text: "oh dear"}, "one ", broken, why},
		{request{Do: "exit", Size: 7, Text: gatekeeper.URL}, "one ", "Runtime.ExitError", "Runtime exited with error: exit status 7"},
		{request{Do: "sleep", For: time.Hour}, "one ", "Sandbox.Timedout", "Task timed out after 2.00 seconds"},
	} {
		failures := f.meter("function errors")
		text, complete := streamed(t, f, tc.want, func() {
			if tc.want.Do == "exit" {
				close(arrived)
			}
		})
		var said struct{ ErrorType, ErrorMessage string }
		if err := json.Unmarshal([]byte(aws.ToString(complete.ErrorDetails)), &said); err != nil {
			t.Errorf("%+v: %v: %s", tc.want, err, aws.ToString(complete.ErrorDetails))
		}
		if text != tc.text || aws.ToString(complete.ErrorCode) != "Unhandled" || said.ErrorType != tc.kind || !strings.Contains(said.ErrorMessage, tc.says) {
			t.Errorf("%+v: streamed %q, then %s %s", tc.want, text, aws.ToString(complete.ErrorCode), aws.ToString(complete.ErrorDetails))
		}
		f.until("it is counted", func() bool { return f.meter("function errors") == failures+1 })
	}
}

func TestStreamsAreRefused(t *testing.T) {
	f := serve(t, config("reader"))
	_, err := sdk(f).InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("test"), Qualifier: aws.String("prod")})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Errorf("an alias: %v", err)
	}
	const path = "/2021-11-15/functions/test/response-streaming-invocations"
	for _, tc := range []struct {
		method, kind string
		status       int
	}{{"POST", "Event", 400}, {"POST", "DryRun", 204}, {"GET", "", 405}} {
		if resp, text := f.call(tc.method, path, "{}", "X-Amz-Invocation-Type", tc.kind); resp.StatusCode != tc.status {
			t.Errorf("%s %s: %s %s, want %d", tc.method, tc.kind, resp.Status, text, tc.status)
		}
	}
	if n := f.meter("environments started"); n != 0 {
		t.Errorf("%g environments started", n)
	}
}
