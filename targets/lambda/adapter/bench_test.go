package adapter_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/functionurl"
	"servebench/targets/targettest"
)

// BenchmarkAdapter compares the reference server under the adapter with the same process
// asked directly. Its metrics are medians in milliseconds: direct-ms of a request to the
// server, adapter-ms from an event's being handed to the adapter until its answer is
// there, and added-ms, their difference. The requests alternate, so that both meet the
// same disturbances. start-ms is from the adapter's start to its first question for work.
func BenchmarkAdapter(b *testing.B) {
	program, server := program(b), targettest.Program(b, "refserver")
	api := newRuntimeAPI()
	defer api.Close()
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "--no-runtime-api", "--port", strconv.Itoa(port), "--ready", "/v2/health/ready", "--", server, "serve", "--model", "credit")
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + api.Listener.Addr().String(), "PATH=" + os.Getenv("PATH")}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	<-api.asked
	started := time.Since(began)
	const question = `{"inputs":[{"name":"features","shape":[1,9],"datatype":"FP32","data":[65498.43,0,54,0,19,4,374321.6,24,404131.1]}]}`
	r := httptest.NewRequest("POST", "http://"+targets.Address(targets.Loopback, port)+"/v2/models/credit/infer", nil)
	r.Header.Set("Content-Type", "application/json")
	event, err := json.Marshal(functionurl.URL{Account: "1", ID: "x", Domain: "x.on.aws"}.Event(r, []byte(question), "id", time.Now()))
	if err != nil {
		b.Fatal(err)
	}
	var direct, through []time.Duration
	for b.Loop() {
		for range 100 {
			sent := time.Now()
			resp, err := http.Post(r.URL.String(), "application/json", strings.NewReader(question))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
				b.Fatalf("%s, %v", resp.Status, err)
			}
			resp.Body.Close()
			direct = append(direct, time.Since(sent))
			sent = time.Now()
			api.events <- string(event)
			if answer := <-api.answers; !strings.Contains(answer, `"statusCode":200`) {
				b.Fatal(answer)
			}
			through = append(through, time.Since(sent))
			<-api.asked
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(started), "start-ms")
	b.ReportMetric(median(direct), "direct-ms")
	b.ReportMetric(median(through), "adapter-ms")
	b.ReportMetric(median(through)-median(direct), "added-ms")
}

func median(all []time.Duration) float64 {
	slices.Sort(all)
	return milliseconds(all[len(all)/2])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// runtimeAPI is the Runtime API with nothing behind it.
type runtimeAPI struct {
	*httptest.Server
	events, answers chan string
	asked           chan bool
}

func newRuntimeAPI() *runtimeAPI {
	l := &runtimeAPI{events: make(chan string), answers: make(chan string), asked: make(chan bool)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		l.asked <- true
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
		select {
		case event := <-l.events:
			_, _ = io.WriteString(w, event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/id/response", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.answers <- string(body)
		w.WriteHeader(http.StatusAccepted)
	})
	l.Server = httptest.NewServer(mux)
	return l
}
