package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// checkFunction plays the Lambda service: it hands a command one event and waits for the
// answer. The command's log has to say what is given.
func checkFunction(t *testing.T, says string, command ...string) {
	const event = `{"version":"2.0","rawPath":"/v2/models/noop/infer","requestContext":{"http":{"method":"POST"}},"body":"{\"inputs\":[{\"name\":\"features\",\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[1]}]}"}`
	answers, events := make(chan string, 1), make(chan string, 1)
	events <- event
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case text := <-events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "one")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			_, _ = io.WriteString(w, text)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/one/response", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a short answer fails the test below
		answers <- string(body)
		w.WriteHeader(http.StatusAccepted)
	})
	api := httptest.NewServer(mux)
	defer api.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://")}
	stderr := new(strings.Builder)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-answers:
		if !strings.Contains(got, `"statusCode":200`) || !strings.Contains(got, "probability") {
			t.Errorf("answered %s", got)
		}
	case <-time.After(30 * time.Second):
		t.Error("no answer within 30 s")
	}
	_ = cmd.Process.Kill() // as Lambda ends it
	_ = cmd.Wait()         // killed
	if !strings.Contains(stderr.String(), says) {
		t.Errorf("the log is %q", stderr)
	}
}
